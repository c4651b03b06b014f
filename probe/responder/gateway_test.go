package responder_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/probe"
	"example.org/lastpresence/probe/responder"
)

const fetchRoster = `<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>`

// presences are those stanzas that are.
func presences(stanzas []string) []string {
	return slices.DeleteFunc(stanzas, func(s string) bool { return !strings.HasPrefix(s, "<presence") })
}

func friends(prober, _ jid.JID) bool { return prober.Equal(juliet.Bare()) }

func knows(p responder.Presence, err error) func(context.Context, jid.JID, jid.JID) (responder.Presence, error) {
	return func(context.Context, jid.JID, jid.JID) (responder.Presence, error) { return p, err }
}

func TestGatewayAnswersForItsContacts(t *testing.T) {
	left := responder.Presence{Resource: "phone", Since: began, Status: "Back in 1000 years."}
	tests := map[string]struct {
		prober jid.JID
		knows  responder.Presence
		err    error

		probe   string // the answer
		last    string
		outcome probe.Outcome
	}{
		"offline": {
			prober: juliet, knows: left,
			probe:   `<presence from='skeleton@gate.capulet.lit' to='juliet@capulet.lit/balcony' type='unavailable' id='p'><status>Back in 1000 years.</status><delay xmlns='urn:xmpp:delay' from='skeleton@gate.capulet.lit/phone' stamp='1999-12-31T23:00:00Z'/></presence>`,
			last:    `<iq from='skeleton@gate.capulet.lit' to='juliet@capulet.lit/balcony' type='result' id='q'><query xmlns='jabber:iq:last' seconds='3600'>Back in 1000 years.</query></iq>`,
			outcome: probe.Unavailable,
		},
		"offline, at an unknown time": {
			prober:  juliet,
			probe:   `<presence from='skeleton@gate.capulet.lit' to='juliet@capulet.lit/balcony' type='unavailable' id='p'/>`,
			last:    `<iq from='skeleton@gate.capulet.lit' to='juliet@capulet.lit/balcony' type='error' id='q'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
			outcome: probe.Unavailable,
		},
		"online": {
			prober: juliet, knows: responder.Presence{Resource: "phone", Online: true, Since: began, Show: "dnd", Priority: 5, Status: "Rattling"},
			probe:   `<presence from='skeleton@gate.capulet.lit/phone' to='juliet@capulet.lit/balcony' id='p'><show>dnd</show><status>Rattling</status><priority>5</priority><delay xmlns='urn:xmpp:delay' from='skeleton@gate.capulet.lit/phone' stamp='1999-12-31T23:00:00Z'/></presence>`,
			last:    `<iq from='skeleton@gate.capulet.lit' to='juliet@capulet.lit/balcony' type='result' id='q'><query xmlns='jabber:iq:last' seconds='0'/></iq>`,
			outcome: probe.Available,
		},
		"offline, with what only those online have": {
			prober: juliet, knows: responder.Presence{Since: began, Show: "dnd", Priority: 5},
			probe:   `<presence from='skeleton@gate.capulet.lit' to='juliet@capulet.lit/balcony' type='unavailable' id='p'><delay xmlns='urn:xmpp:delay' from='skeleton@gate.capulet.lit' stamp='1999-12-31T23:00:00Z'/></presence>`,
			last:    `<iq from='skeleton@gate.capulet.lit' to='juliet@capulet.lit/balcony' type='result' id='q'><query xmlns='jabber:iq:last' seconds='3600'/></iq>`,
			outcome: probe.Unavailable,
		},
		"a stranger": {
			prober: romeo, knows: left,
			last:    `<iq from='skeleton@gate.capulet.lit' to='romeo@montague.lit/orchard' type='error' id='q'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
			outcome: probe.Unauthorized,
		},
		"not authorized": {
			prober: juliet, err: responder.ErrNotAuthorized,
			probe:   `<presence from='skeleton@gate.capulet.lit' to='juliet@capulet.lit' type='unsubscribed' id='p'/>`,
			last:    `<iq from='skeleton@gate.capulet.lit' to='juliet@capulet.lit/balcony' type='error' id='q'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
			outcome: probe.Unauthorized,
		},
		"no such contact": {
			prober: juliet, err: responder.ErrNoSuchContact,
			probe:   `<presence from='skeleton@gate.capulet.lit' to='juliet@capulet.lit' type='unsubscribed' id='p'/>`,
			last:    `<iq from='skeleton@gate.capulet.lit' to='juliet@capulet.lit/balcony' type='error' id='q'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
			outcome: probe.Unauthorized,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w world) {
				w.serve(gate, nil, responder.Gateway(friends, knows(tt.knows, tt.err)))
				w.Follow(juliet, cupboard, "Skeleton")
				l := w.login(tt.prober)
				l.Ask(fetchRoster)
				var answers []string
				if tt.probe != "" {
					answers = []string{tt.probe} // the server of who is not subscribed drops it
				}
				got := l.Ask(`<presence type='probe' to='skeleton@gate.capulet.lit' id='p'/>`)
				says(t, presences(got), answers...)
				says(t, l.Ask(`<iq type='get' to='skeleton@gate.capulet.lit' id='q'><query xmlns='jabber:iq:last'/></iq>`), tt.last)
			})
			bubble(t, func(t *testing.T, w world) {
				w.serve(gate, nil, responder.Gateway(friends, knows(tt.knows, tt.err)))
				w.Follow(juliet, cupboard, "Skeleton")
				session, err := w.Session(t.Context(), tt.prober)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(session.Conn(), fetchRoster); err != nil {
					t.Fatal(err)
				}
				c := probe.NewClient(session)
				go func() { _ = session.Serve(c.Handler(nil)) }()
				a, err := c.Probe(soon(t), cupboard)
				if err != nil || a.Outcome != tt.outcome {
					t.Errorf("Probe = %v, %v, want %v", a.Outcome, err, tt.outcome)
				}
				if tt.outcome == probe.Unavailable && (!a.LastSeen.Equal(tt.knows.Since) || a.Status != tt.knows.Status) {
					t.Errorf("last seen %v, %q", a.LastSeen, a.Status)
				}
			})
		})
	}
}

// A client takes the answer to its query as the end of the answers to its
// probe, however long either takes.
func TestAnswersKeepTheOrderOfTheQuestions(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		var calls atomic.Int32
		w.serve(gate, nil, responder.Pace(1000, time.Second), responder.Gateway(friends,
			func(ctx context.Context, _, _ jid.JID) (responder.Presence, error) {
				if calls.Add(1)%2 == 1 {
					time.Sleep(time.Second) // the probe's takes longer
				}
				return responder.Presence{Since: began}, nil
			}))
		l := w.login(juliet)
		for i := range 20 {
			l.Heard()
			l.Say(`<presence type='probe' to='skeleton@gate.capulet.lit' id='p'/>`)
			synctest.Wait()
			l.Say(`<iq type='get' to='skeleton@gate.capulet.lit' id='q'><query xmlns='jabber:iq:last'/></iq>`)
			time.Sleep(2 * time.Second)
			if got := l.Heard(); len(got) != 2 || !strings.HasPrefix(got[0], "<presence") || !strings.HasPrefix(got[1], "<iq") {
				t.Fatalf("%d: %q", i, got)
			}
		}
	})
}

func TestWithoutSubscribedNobodyLearnsAnything(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		w.Follow(juliet, cupboard, "Skeleton")
		w.serve(gate, nil, responder.Gateway(nil, knows(responder.Presence{Online: true}, nil)))
		l := w.login(juliet)
		l.Ask(fetchRoster)
		says(t, presences(l.Ask(`<presence type='probe' to='skeleton@gate.capulet.lit' id='p'/>`)),
			`<presence from='skeleton@gate.capulet.lit' to='juliet@capulet.lit' type='unsubscribed' id='p'/>`)
	})
}

func TestSlowFunctionsAreLimitedAndEndWithTheSession(t *testing.T) {
	for name, end := range map[string]func(r *responder.Responder, closed func()){
		"Close":                  func(r *responder.Responder, _ func()) { _ = r.Close() },
		"the session's end":      func(_ *responder.Responder, closed func()) { closed(); time.Sleep(2 * time.Second) },
		"ten seconds of nothing": func(*responder.Responder, func()) { time.Sleep(11 * time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w world) {
				var calls gauge
				slow := func(ctx context.Context, _, _ jid.JID) (responder.Presence, error) {
					calls.enter()
					defer calls.leave()
					<-ctx.Done()
					return responder.Presence{}, ctx.Err()
				}
				var failures atomic.Int32
				session, err := w.Component(t.Context(), gate)
				if err != nil {
					t.Fatal(err)
				}
				r := responder.New(session, responder.Gateway(friends, slow), responder.Workers(12), responder.Pace(1000, time.Second),
					responder.Failed(func(err error) {
						if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
							failures.Add(1)
						}
					}))
				defer func() { _ = r.Close() }()
				go func() { _ = session.Serve(r.Handler(nil)) }()
				l := w.login(juliet)
				for i := range 20 {
					l.Say(fmt.Sprintf(`<presence type='probe' to='skeleton%d@gate.capulet.lit' id='p'/>`, i))
				}
				synctest.Wait()
				// The session goes on.
				if got := l.Ask(discoInfo); len(got) != 1 {
					t.Errorf("service discovery is answered with %q", got)
				}
				// One prober has a quarter of the workers.
				if running, most := calls.running.Load(), calls.most.Load(); running != 3 || most != 3 {
					t.Errorf("%d run, %d at most, want 3", running, most)
				}
				end(r, func() { _ = session.Conn().Close() })
				synctest.Wait()
				if failures.Load() < 3 {
					t.Errorf("%d failures were told, want those of 3 calls", failures.Load())
				}
			})
		})
	}
}

func TestACallThatFailsKeepsTheOrder(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		var calls atomic.Int32
		w.serve(gate, nil, responder.Gateway(friends,
			func(context.Context, jid.JID, jid.JID) (responder.Presence, error) {
				time.Sleep(time.Second)
				if calls.Add(1) == 1 {
					return responder.Presence{}, errors.New("not now")
				}
				return responder.Presence{Since: began}, nil
			}))
		l := w.login(juliet)
		l.Say(`<presence type='probe' to='skeleton@gate.capulet.lit' id='p1'/>`)
		time.Sleep(2 * time.Second)
		says(t, l.Heard())
		for _, stanza := range []string{
			`<presence type='probe' to='skeleton@gate.capulet.lit' id='p2'/>`,
			`<iq type='get' to='skeleton@gate.capulet.lit' id='q'><query xmlns='jabber:iq:last'/></iq>`,
			`<presence type='probe' to='skeleton@gate.capulet.lit' id='p3'/>`,
		} {
			l.Say(stanza)
			synctest.Wait()
		}
		time.Sleep(2 * time.Second)
		if got := ids(l.Heard()); got != "p2 q p3" || calls.Load() != 2 {
			t.Errorf("the answers were %s, after %d calls", got, calls.Load())
		}
	})
}

var idOf = regexp.MustCompile(` id=['"]([a-z0-9]+)['"]`)

// ids returns those of the stanzas, in order.
func ids(stanzas []string) string {
	var all []string
	for _, s := range stanzas {
		if m := idOf.FindStringSubmatch(s); m != nil {
			all = append(all, m[1])
		}
	}
	return strings.Join(all, " ")
}
