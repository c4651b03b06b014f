package responder_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/component"

	"example.org/lastpresence/internal/testbed/line"
	"example.org/lastpresence/probe/responder"
)

// Many probes in the names of others bring each of them, their domain, and all
// together no more than the pace allows, and less than they cost.
func TestForgedProbesDoNotFloodTheirSupposedSender(t *testing.T) {
	const (
		probes = 20_000 // four times what everybody may have
		burst  = 20
	)
	tests := map[string]struct {
		from func(i int) string
		most int // replies at once
	}{
		"one victim":             {func(i int) string { return fmt.Sprintf("victim@montague.lit/%d", i) }, burst},
		"one domain":             {func(i int) string { return fmt.Sprintf("user%d@montague.lit", i) }, 25 * burst},
		"everybody":              {func(i int) string { return fmt.Sprintf("user%d@server%d.lit", i, i) }, 250 * burst},
		"one among a great many": {func(i int) string { return []string{"victim@montague.lit", fmt.Sprintf("u@s%d.lit", i)}[i%2] }, 250 * burst},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, _ world) {
				replies, in, out := flood(t, probes, func(i int) string { return probeFrom(tt.from(i)) })
				if replies > tt.most {
					t.Errorf("%d replies to %d probes, want %d at most", replies, probes, tt.most)
				}
				if replies == 0 {
					t.Error("nobody was answered")
				}
				if out >= in {
					t.Errorf("%d bytes brought %d", in, out)
				}
				t.Logf("%d replies; bytes out to bytes in: %.4f", replies, float64(out)/float64(in))
			})
		})
	}
}

func probeFrom(who string) string {
	return "<presence type='probe' from='" + who + "' to='gate.capulet.lit'/>"
}

// flood has a Responder hear stanzas one after the other, all at one moment of the
// bubble's clock, and returns how many it sent, and the bytes of both.
func flood(t *testing.T, n int, stanza func(i int) string, opts ...responder.Option) (replies int, in, out int64) {
	t.Helper()
	near, far := net.Pipe()
	session := componentSession(t, near, far)
	r := responder.New(session, opts...)
	defer func() { _ = r.Close() }()
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = session.Serve(r.Handler(nil))
	}()
	l := line.Listen(t, far)
	for i := range n {
		written, err := io.WriteString(far, stanza(i))
		in += int64(written)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // what is queued is bounded, too, and would bring less
	}
	time.Sleep(time.Millisecond) // for a slow gateway
	for _, stanza := range l.Heard() {
		out += int64(len(stanza))
		replies++
	}
	_ = far.Close()
	<-served
	return replies, in, out
}

func TestPaceRecoversWithTime(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		w.serve(gate, nil, responder.Pace(2, time.Minute))
		l := w.login(juliet)
		ask := `<presence type='probe' to='gate.capulet.lit' id='p'/>`
		for i, want := range []int{1, 1, 0, 0} {
			if got := len(l.Ask(ask)); got != want {
				t.Errorf("probe %d: %d answers, want %d", i, got, want)
			}
		}
		time.Sleep(time.Minute)
		for i, want := range []int{1, 0} {
			if got := len(l.Ask(ask)); got != want {
				t.Errorf("a minute later, probe %d: %d answers, want %d", i, got, want)
			}
		}
		if got := w.login(romeo).Ask(ask); len(got) != 1 {
			t.Errorf("somebody else: %q", got)
		}
	})
}

func TestQueriesBeyondThePaceAreRefusedForNow(t *testing.T) {
	tests := map[string]struct {
		ask string
		to  string
	}{
		"uptime":        {`<query xmlns='jabber:iq:last'/>`, "gate.capulet.lit"},
		"discovery":     {`<query xmlns='http://jabber.org/protocol/disco#info'/>`, "gate.capulet.lit"},
		"items":         {`<query xmlns='http://jabber.org/protocol/disco#items'/>`, "gate.capulet.lit/x"},
		"of a stranger": {`<query xmlns='jabber:iq:last'/>`, "skeleton@gate.capulet.lit"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w world) {
				w.serve(gate, nil, responder.Pace(1, time.Minute), responder.Gateway(nil, knows(responder.Presence{}, nil)))
				l := w.login(juliet)
				ask := `<iq type='get' to='` + tt.to + `' id='q'>` + tt.ask + `</iq>`
				if got := l.Ask(ask); len(got) != 1 || strings.Contains(got[0], "resource-constraint") {
					t.Errorf("within the pace: %q", got)
				}
				says(t, l.Ask(ask),
					`<iq from='`+tt.to+`' to='juliet@capulet.lit/balcony' type='error' id='q'><error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`)
			})
		})
	}
}

// componentSession negotiates a component's session whose other end is far.
func componentSession(t *testing.T, near, far net.Conn) *xmpp.Session {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		r := bufio.NewReader(far)
		_, _ = r.ReadString('>')
		_, _ = io.WriteString(far, "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' from='gate.capulet.lit' id='1'>")
		_, _ = r.ReadString('>')
		_, _ = r.ReadString('>')
		_, _ = io.WriteString(far, "<handshake/>")
	}()
	session, err := component.NewSession(t.Context(), gate, []byte("secret"), near)
	if err != nil {
		t.Fatal(err)
	}
	<-done
	return session
}
