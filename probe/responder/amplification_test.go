package responder_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/probe/responder"
)

// What a stanza in somebody else's name brings that victim, in bytes on the
// component's connection: one alone, and as many as bring the most, all at one
// moment. SECURITY.md has these figures, row for row.
func TestForgedStanzasAreNotAmplified(t *testing.T) {
	text, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	const (
		burst = 20
		from  = " from='v@a.lit' to='gate.capulet.lit' id='1'"
		about = " from='v@a.lit' to='c%d@gate.capulet.lit' id='1'"
	)
	probe := func(int) string { return "<presence type='probe'" + from + "/>" }
	last := func(int) string { return "<iq type='get'" + from + "><query xmlns='jabber:iq:last'/></iq>" }
	info := func(int) string {
		return "<iq type='get'" + from + "><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
	}
	subscribe := func(int) string { return "<presence type='subscribe'" + from + "/>" }
	probeAbout := func(i int) string { return fmt.Sprintf("<presence type='probe'"+about+"/>", i) }
	lastAbout := func(i int) string {
		return fmt.Sprintf("<iq type='get'"+about+"><query xmlns='jabber:iq:last'/></iq>", i)
	}
	// One contact brings the most if all but the last of the burst are answered one by
	// one, and with the last all that may wait for one call.
	var slow atomic.Bool
	one := func(f func(int) string) func(int) string {
		return func(i int) string {
			slow.Store(i >= burst-1)
			return f(1)
		}
	}
	long := func(context.Context, jid.JID, jid.JID) (responder.Presence, error) {
		if slow.Load() {
			time.Sleep(time.Millisecond)
		}
		return responder.Presence{Since: began, Status: strings.Repeat("x", 4096)}, nil
	}
	known := responder.Gateway(everybody, long)
	strange := responder.Gateway(nil, long)
	tests := []struct {
		name   string
		many   int
		stanza func(i int) string
		most   int64 // bytes in answer to many
		opts   []responder.Option
	}{
		{"a probe", 2000, probe, 3_800, nil},
		{"a query for the uptime", 2000, last, 430_000, nil},
		{"a query of service discovery", 2000, info, 440_000, []responder.Option{responder.Admins(juliet)}},
		{"a request that is refused", 2000, subscribe, 2_700, nil},
		{"a request that is accepted, and returned", 2000, subscribe, 6_900, []responder.Option{responder.Requests(responder.Always(responder.Mutual))}},
		{"a probe of a contact, not subscribed", 2000, probeAbout, 2_500, []responder.Option{strange}},
		{"a query about a contact, not subscribed", 2000, lastAbout, 440_000, []responder.Option{strange}},
		{"a subscriber's probe, 4 KiB of status, one contact", 2000, one(probeAbout), 160_000, []responder.Option{known}},
		{"a subscriber's query, 4 KiB of status, one contact", 2000, one(lastAbout), 600_000, []responder.Option{known}},
		{"a subscriber's probe, 4 KiB of status, all contacts", 12_000, probeAbout, 3_000_000, []responder.Option{known}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			slow.Store(false)
			bubble(t, func(t *testing.T, _ world) {
				replies, in, out := flood(t, 1, tt.stanza, tt.opts...)
				many, manyIn, manyOut := flood(t, tt.many, tt.stanza, tt.opts...)
				if replies == 0 || manyOut > tt.most || manyOut < tt.most*4/5 {
					t.Errorf("%d bytes were sent in %d stanzas, want %d at most, and little less", manyOut, many, tt.most)
				}
				row := fmt.Sprintf("| %s | %d | %d | %.1f | %d | %d | %.2f |", tt.name,
					in, out, float64(out)/float64(in), tt.many, tt.most, float64(tt.most)/float64(manyIn))
				if !strings.Contains(string(text), row+"\n") {
					t.Errorf("SECURITY.md lacks the row\n%s", row)
				}
			})
		})
	}
}
