package probe_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
)

func TestStampsAndSecondsAgreeToWithinTwoSeconds(t *testing.T) {
	for apart, want := range map[time.Duration]probe.Origin{
		0: probe.FromPresence, 2 * time.Second: probe.FromPresence, -2 * time.Second: probe.FromPresence,
		3 * time.Second: probe.FromLastActivity, -3 * time.Second: probe.FromLastActivity,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := world(t, server.Silent)
			left := time.Now().Add(-600 * time.Second)
			stamp := left.Add(apart)
			script(s, say(strings.Replace(gone, "/>", "><delay xmlns='urn:xmpp:delay' from='montague.lit' stamp='"+stamp.UTC().Format(time.RFC3339)+"'/></presence>", 1), 0),
				say(battery, 0))
			c, done := connect(t, s)
			defer done()
			at := left
			if want == probe.FromPresence {
				at = stamp
			}
			if a := ask(t, c, romeo, nil); a.LastSeenFrom != want || !a.LastSeen.Equal(at) {
				t.Errorf("%v apart: last seen %v, from %v", apart, a.LastSeen, a.LastSeenFrom)
			}
		})
	}
}

func TestAHostTellsWhenItStartedByAvailablePresenceWithAStamp(t *testing.T) {
	const stamp = "<delay xmlns='urn:xmpp:delay' from='montague.lit' stamp='1999-09-10T23:41:07Z'/>"
	for presence, told := range map[string]bool{
		"<presence from='montague.lit' to='ME'>" + stamp + "</presence>":                    true,
		"<presence from='montague.lit' to='ME'/>":                                           false,
		"<presence from='montague.lit' to='ME' type='unavailable'>" + stamp + "</presence>": false,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := world(t, server.Silent)
			script(s, say(presence, 0), say(fenceError("from='montague.lit'", "service-unavailable"), 0))
			c, done := connect(t, s)
			defer done()
			a := ask(t, c, romeo.Domain(), nil)
			if a.Up.IsZero() == told || (a.UpFrom == probe.FromPresence) != told {
				t.Errorf("%s: up since %v, from %v", presence, a.Up, a.UpFrom)
			}
		})
	}
}

func TestTenProbesAreSentAtOnceByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, done := connect(t, world(t, server.ProsodyStamps))
		defer done()
		for i := range 11 {
			var want error
			if i == 10 {
				want = probe.ErrBudget
			}
			ask(t, c, jid.MustParse(fmt.Sprintf("c%d@montague.lit", i)), want)
		}
		time.Sleep(6*time.Second - 1)
		ask(t, c, romeo, probe.ErrBudget)
		time.Sleep(time.Nanosecond)
		ask(t, c, romeo, nil)
	})
}

func TestAStreamThatDoesNotBeginIsReported(t *testing.T) {
	broken := errors.New("broken")
	for name, tc := range map[string]struct {
		tok  xml.Token
		err  error
		want error
	}{
		"it fails":                              {nil, broken, broken},
		"it ends":                               {nil, io.EOF, io.EOF},
		"it has no tokens":                      {nil, nil, nil},
		"it ends an element that did not begin": {xml.EndElement{Name: xml.Name{Local: "presence"}}, nil, nil},
	} {
		reads := 0
		_, err := probe.ReadPresence(xmlstream.ReaderFunc(func() (xml.Token, error) {
			reads++
			return tc.tok, tc.err
		}))
		if err == nil || tc.want != nil && !errors.Is(err, tc.want) || reads != 1 {
			t.Errorf("%s: %v after %d reads", name, err, reads)
		}
	}
}

func TestErrorsPrint64BytesOfAnAddress(t *testing.T) {
	for _, n := range []int{64, 65} {
		from := "@" + strings.Repeat("x", n-1)
		_, err := probe.ReadPresence(xml.NewDecoder(strings.NewReader("<presence from='" + from + "'/>")))
		want := fmt.Sprintf("from=%q ", from)
		if n > 64 {
			want = fmt.Sprintf("from=%q ", from[:64]+"…")
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("of %d bytes: %v", n, err)
		}
	}
}

func TestTheLanguageOfAnErrorIsInItsOwnNamespace(t *testing.T) {
	p := read(t, "<presence type='error'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"+
		"<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en' lang='de' xml:space='preserve'>Gone.</text></error></presence>")
	if p.Err.Text["en"] != "Gone." || len(p.Err.Text) != 1 {
		t.Errorf("texts: %q", p.Err.Text)
	}
}

func TestIdleTimesAreInTheirOwnNamespace(t *testing.T) {
	for child, told := range map[string]bool{
		"<query xmlns='jabber:iq:last' seconds='60'/>":                          true,
		"<query xmlns='urn:x' seconds='60'/>":                                   false,
		"<other xmlns='jabber:iq:last' seconds='60'/>":                          false,
		"<idle xmlns='urn:xmpp:idle:1' since='2012-09-10T23:41:07Z'/>":          true,
		"<idle xmlns='urn:xmpp:idle:1' since='2012-09-10T23:41:07Z' x=''/>":     true,
		"<idle xmlns='urn:x' since='2012-09-10T23:41:07Z'/>":                    false,
		"<other xmlns='urn:xmpp:idle:1' since='2012-09-10T23:41:07Z'/>":         false,
		"<idle xmlns='urn:xmpp:idle:1' xml:since='2012-09-10T23:41:07Z' x=''/>": false,
	} {
		if p := read(t, "<presence>"+child+"</presence>"); p.Idle.IsZero() == told {
			t.Errorf("%s: idle since %v", child, p.Idle)
		}
	}
}

func TestTheLanguageOfAStatusIsInItsOwnNamespace(t *testing.T) {
	p := read(t, "<presence><status>First.</status><status lang='de' xml:space='de'>Second.</status><status xml:lang='de'>Da.</status></presence>")
	if got := p.Status("de"); got != "Da." {
		t.Errorf("in German it is %q", got)
	}
}

// What leaves from a full address without a stamp leaves now. A stamp of the future
// is of the past all the same, and one of a stranger is none.
func TestAResourceThatLeavesMeanwhileIsSeenLeaving(t *testing.T) {
	for from, seen := range map[string]bool{"evil.lit": true, "montague.lit": false} {
		synctest.Test(t, func(t *testing.T) {
			s := world(t, server.Silent)
			stamp := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
			script(s, say("<presence from='romeo@montague.lit/orchard' to='ME' type='unavailable'><delay xmlns='urn:xmpp:delay' from='"+from+"' stamp='"+stamp+"'/></presence>", 0), say(battery, 0))
			c, done := connect(t, s)
			defer done()
			a := ask(t, c, romeo, nil)
			if a.LastSeen.Equal(time.Now()) != seen || (a.LastSeenFrom == probe.FromPresence) != seen {
				t.Errorf("a stamp by %s: last seen %v, from %v", from, a.LastSeen, a.LastSeenFrom)
			}
		})
	}
}

func TestAProbeThatIsJoinedIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		s := world(t, server.ProsodyStamps)
		script(s, say(gone, time.Second), say(battery, time.Second))
		c, done := connect(t, s, probe.Log(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug}))))
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { ask(t, c, romeo, nil) })
		}
		all.Wait()
		done()
		if n := strings.Count(b.String(), `"probe: joined"`); n != 2 {
			t.Errorf("%d joined the first:\n%s", n, b.String())
		}
	})
}

func TestAnsweredIsCalledBeforeProbeReturnsThoughTheQuerysAnswerIsToCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		told := false
		s := world(t, server.Silent)
		script(s, say(here, 0), say(now, time.Second))
		c, done := connect(t, s, probe.Answered(func(a probe.Answer) {
			if !a.Late {
				cancel()
				time.Sleep(10 * time.Millisecond)
				told = true
			}
		}))
		defer done()
		if a, err := c.Probe(ctx, romeo); err != nil || a.Outcome != probe.Available || !told {
			t.Errorf("Probe = %v, %v; told: %t", a.Outcome, err, told)
		}
	})
}

func TestOthersSeeHowAStanzaBroke(t *testing.T) {
	broken := errors.New("broken")
	c, done := connect(t, world(t, server.Silent))
	defer done()
	d := xml.NewDecoder(strings.NewReader("<presence xmlns='jabber:client' from='romeo@montague.lit'><status>Hi</status>"))
	tok, err := d.Token()
	if err != nil {
		t.Fatal(err)
	}
	start, left := tok.(xml.StartElement), 3
	reader := xmlstream.ReaderFunc(func() (xml.Token, error) {
		switch left--; {
		case left >= 0:
			return d.Token()
		case left == -1:
			return nil, broken
		}
		return nil, errors.New("it was read once more")
	})
	seen := 0
	err = c.Handler(xmpp.HandlerFunc(func(r xmlstream.TokenReadEncoder, _ *xml.StartElement) error {
		for {
			tok, err := r.Token() // the last one may come with the error
			if tok != nil {
				seen++
			}
			if err != nil {
				return err
			}
		}
	})).HandleXMPP(struct {
		xml.TokenReader
		xmlstream.Encoder
	}{reader, xml.NewEncoder(io.Discard)}, &start)
	if !errors.Is(err, broken) || seen != 3 {
		t.Errorf("they saw %d tokens, then %v", seen, err)
	}
}

func TestTheUptimeOfAHostThatRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		answer string
		want   error
	}{
		"with an error": {fenceError("from='montague.lit'", "service-unavailable"), stanza.Error{Condition: stanza.ServiceUnavailable}},
		"with nothing":  {"", probe.ErrNoAnswer},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := world(t, server.Silent)
			script(s, nil, say(tc.answer, 0))
			c, done := connect(t, s)
			defer done()
			if _, err := c.Uptime(t.Context(), romeo.Domain()); !errors.Is(err, tc.want) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

func TestAnErrorHasTheNameOfItsElement(t *testing.T) {
	p := read(t, "<presence xmlns='jabber:client' type='error'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>")
	if p.Err.XMLName != (xml.Name{Space: "jabber:client", Local: "error"}) {
		t.Errorf("its name is %+v", p.Err.XMLName)
	}
}

func TestOnlyTheGoneAndTheRedirectedMoved(t *testing.T) {
	for condition, want := range map[string]string{"gone": "xmpp:romeo@verona.lit", "redirect": "xmpp:romeo@verona.lit", "conflict": "", "text": ""} {
		p := read(t, "<presence type='error'><error><"+condition+" xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:romeo@verona.lit</"+condition+"></error></presence>")
		if p.Moved != want {
			t.Errorf("%s: moved to %q, want %q", condition, p.Moved, want)
		}
	}
}

// Names of attributes count with their namespaces.
func TestHowMuchOfOtherChildrenIsKept(t *testing.T) {
	const names = len("u"+"x") + len("xmlns"+"u") + len("xmlns"+"n"+"v") + len("v"+"a")
	for more, cut := range map[int]bool{0: false, 1: true} {
		value := strings.Repeat("y", probe.MaxKept-names+more)
		p, err := probe.ReadPresenceChildren(xml.NewDecoder(strings.NewReader("<presence><x xmlns='u' xmlns:n='v' n:a='" + value + "'/></presence>")))
		if err != nil || p.Cut != cut {
			t.Errorf("%d bytes more than fit: cut %t, %v", more, p.Cut, err)
		}
	}
}

// Servers may put what was asked before the error.
func TestAnErrorIsReadBehindWhatWasAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.Silent)
		script(s, nil, say(strings.Replace(fenceError("from='romeo@montague.lit'", "forbidden"), "<error ", " \n<query xmlns='jabber:iq:last'/> \n<error ", 1), 0))
		c, done := connect(t, s)
		defer done()
		if a := ask(t, c, romeo, nil); a.Outcome != probe.Unauthorized {
			t.Errorf("outcome %v, %v", a.Outcome, a.Err)
		}
	})
}

// Comments and the like part an old error's text, which is bounded as a whole.
func TestTheTextOfAnOldErrorIsBounded(t *testing.T) {
	half := strings.Repeat("x", 3000)
	p := read(t, "<presence type='error'><error code='404'>"+half+"<!-- -->"+half+"<!-- -->"+half+"</error></presence>")
	if n := len(p.Err.Text[""]); n != probe.MaxStatus {
		t.Errorf("%d bytes are kept", n)
	}
}
