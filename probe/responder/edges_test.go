package responder_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/probe/responder"
)

// A wait of more than ten minutes is not begun.
func TestHowLongAProbeMayWaitForItsPace(t *testing.T) {
	for every, waits := range map[time.Duration]bool{10 * time.Minute: true, 10*time.Minute + 30*time.Second: false, time.Hour: false} {
		synctest.Test(t, func(t *testing.T) {
			r, l := gateway(t, responder.Pace(1, every), responder.Gateway(everybody, knows(responder.Presence{Since: began}, nil)))
			defer r.Close()
			l.Ask(probeOf("juliet@capulet.lit/a", 1, "p0"))
			got := l.Ask(probeOf("juliet@capulet.lit/a", 1, "p1") + queryOf("juliet@capulet.lit/a", 1, "q1"))
			if ids(got) != "q1" || !strings.Contains(got[0], "<resource-constraint") {
				t.Errorf("%v: at once: %q", every, got)
			}
			time.Sleep(2 * time.Hour)
			if got := l.Heard(); (ids(got) == "p1") != waits || !waits && len(got) != 0 {
				t.Errorf("%v: later: %q", every, got)
			}
		})
	}
}

func TestNothingFailsWhereAllIsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failed atomic.Int32
		r, l := gateway(t, responder.Failed(func(err error) { failed.Add(1); t.Error(err) }),
			responder.Gateway(everybody, knows(responder.Presence{Since: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)}, nil)))
		defer r.Close()
		got := l.Ask(probeOf("juliet@capulet.lit/a", 1, "p"))
		if ids(got) != "p" || !strings.Contains(got[0], `stamp="1999-01-01T00:00:00Z"`) || failed.Load() != 0 {
			t.Errorf("%d failures, and the answer %q", failed.Load(), got)
		}
	})
}

func TestAPolicyThatIsNilRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, l := gateway(t, responder.Requests(nil), responder.Failed(nil))
		defer r.Close()
		got := strings.Join(l.Ask(strings.TrimSpace(romeoSubscribes)), "")
		if !strings.Contains(got, `"unsubscribed"`) || len(buddies(t, r)) != 0 {
			t.Errorf("told: %q", got)
		}
	})
}

func TestThePolicyDecidesAboutRequestsOfStrangersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		r, l := gateway(t, responder.Requests(func(jid.JID) responder.Decision { asked++; return responder.Accept }))
		defer r.Close()
		for _, tc := range []struct {
			typ  string
			want int
		}{{"unsubscribe", 0}, {"subscribed", 0}, {"subscribe", 1}, {"subscribe", 1}, {"unsubscribe", 1}, {"subscribe", 2}} {
			l.Ask(strings.Replace(strings.TrimSpace(romeoSubscribes), "'subscribe'", "'"+tc.typ+"'", 1))
			if asked != tc.want {
				t.Errorf("after %s it was asked %d times, want %d", tc.typ, asked, tc.want)
			}
		}
	})
}

func TestOtherRequestsGoToTheComponentsOwnHandler(t *testing.T) {
	const admin = "http://jabber.org/protocol/admin#server-buddy"
	for name, iq := range map[string]string{
		"another command":             `<iq type='set' to='gate.capulet.lit' id='i'><command xmlns='http://jabber.org/protocol/commands' node='other'/></iq>`,
		"another request":             `<iq type='set' to='gate.capulet.lit' id='i'><command xmlns='urn:x' node='` + admin + `'/></iq>`,
		"a query for the command":     `<iq type='get' to='gate.capulet.lit' id='i'><command xmlns='http://jabber.org/protocol/commands' node='` + admin + `'/></iq>`,
		"what the command is, hidden": `<iq type='get' to='gate.capulet.lit' id='i'><query xmlns='http://jabber.org/protocol/disco#info' node='` + admin + `'/></iq>`,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w world) {
				var heard []string
				w.serve(gate, refusing(&heard))
				w.login(juliet).Ask(iq)
				if len(heard) != 1 {
					t.Errorf("it has heard %q", heard)
				}
			})
		})
	}
}

func TestAThousandRequestsMayWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failed atomic.Int32
		r, l := gateway(t, responder.Pace(1000, time.Second), responder.Requests(responder.Always(responder.Later)), responder.Failed(func(error) { failed.Add(1) }))
		defer r.Close()
		n := 0
		next := func() int { n++; return n }
		for range 11 {
			var many strings.Builder
			for range 91 {
				fmt.Fprintf(&many, "<presence type='subscribe' from='u%d@montague.lit' to='gate.capulet.lit'/>", next())
			}
			l.Ask(many.String())
		}
		if n := len(buddies(t, r)); n != 1000 || failed.Load() != 1 {
			t.Errorf("%d wait, %d were reported", n, failed.Load())
		}
		if got := l.Ask("<presence type='subscribe' from='u7@montague.lit' to='gate.capulet.lit'/>"); len(got) != 0 || failed.Load() != 1 {
			t.Errorf("one that waits and asks again brought %q", got)
		}
	})
}

func TestAPolicyMayTakeTenSeconds(t *testing.T) {
	for takes, accepted := range map[time.Duration]bool{9500 * time.Millisecond: true, 10500 * time.Millisecond: false} {
		synctest.Test(t, func(t *testing.T) {
			r, l := gateway(t, responder.Requests(func(jid.JID) responder.Decision { time.Sleep(takes); return responder.Accept }), responder.Failed(func(error) {}))
			defer r.Close()
			l.Ask(strings.TrimSpace(romeoSubscribes))
			time.Sleep(time.Minute)
			if got := strings.Contains(strings.Join(l.Heard(), ""), `"subscribed"`); got != accepted {
				t.Errorf("after %v: accepted %t", takes, got)
			}
		})
	}
}

func TestNobodyIsBefriendedAfterStop(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		r, _ := w.serve(gate, nil, responder.Requests(accept))
		if err := r.Stop(soon(t), "bye"); err != nil {
			t.Fatal(err)
		}
		for name, call := range map[string]func(context.Context, jid.JID) error{"Befriend": r.Befriend, "Approve": r.Approve, "Unfriend": r.Unfriend} {
			if err := call(soon(t), romeo); !errors.Is(err, responder.ErrClosed) {
				t.Errorf("%s = %v", name, err)
			}
		}
		if err := r.Stop(soon(t), "bye"); !errors.Is(err, responder.ErrClosed) {
			t.Errorf("Stop again = %v", err)
		}
	})
}

func TestSixteenCallsOfAPolicyMayBeLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		release := make(chan struct{})
		r, l := gateway(t, responder.Failed(func(error) {}), responder.Requests(func(jid.JID) responder.Decision {
			if calls.Add(1) > 0 { // it returned in time before
				<-release
			}
			return responder.Accept
		}))
		defer r.Close()
		defer close(release)
		calls.Store(-20)
		for i := range 20 {
			l.Ask(fmt.Sprintf("<presence type='subscribe' from='v%d@montague.lit' to='gate.capulet.lit'/>", i))
			time.Sleep(time.Minute)
		}
		for i := range 20 {
			l.Ask(fmt.Sprintf("<presence type='subscribe' from='u%d@montague.lit' to='gate.capulet.lit'/>", i))
			time.Sleep(time.Minute)
		}
		if n := calls.Load(); n != 16 {
			t.Errorf("it was called %d times, want 16", n)
		}
	})
}
