package responder_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/line"
	"example.org/lastpresence/probe/responder"
)

func everybody(jid.JID, jid.JID) bool { return true }

// gateway serves a component whose other end is a line of the test's.
func gateway(t *testing.T, opts ...responder.Option) (*responder.Responder, *line.Line) {
	r, far := stuck(t, opts...)
	t.Cleanup(func() { _ = far.Close() })
	return r, line.Listen(t, far)
}

func probeOf(from string, contact int, id string) string {
	return fmt.Sprintf("<presence type='probe' from='%s' to='c%d@gate.capulet.lit' id='%s'/>", from, contact, id)
}

func queryOf(from string, contact int, id string) string {
	return fmt.Sprintf("<iq type='get' from='%s' to='c%d@gate.capulet.lit' id='%s'><query xmlns='jabber:iq:last'/></iq>", from, contact, id)
}

// At login a server probes every contact of a roster, for each device, and a
// user opens a chat.
func TestALoginOfALargeRosterIsAnswered(t *testing.T) {
	const contacts = 5000
	synctest.Test(t, func(t *testing.T) {
		r, l := gateway(t, responder.Gateway(everybody, func(context.Context, jid.JID, jid.JID) (responder.Presence, error) {
			time.Sleep(10 * time.Millisecond)
			return responder.Presence{Online: true}, nil
		}))
		defer r.Close()
		var both strings.Builder
		for i := range contacts {
			for _, device := range []string{"phone", "desk"} {
				both.WriteString(probeOf("juliet@capulet.lit/"+device, i, fmt.Sprint(device, i)))
			}
		}
		l.Say(both.String())
		l.Say(probeOf("juliet@capulet.lit/desk", 4321, "chat") + queryOf("juliet@capulet.lit/desk", 4321, "fence"))
		time.Sleep(100 * time.Millisecond)
		first := l.Heard()
		if got := strings.Join(first, ""); strings.Count(got, `id="chat"`) != 1 || strings.Count(got, `id="fence"`) != 1 {
			t.Error("the chat that was opened at login waits for the rest")
		}
		time.Sleep(10 * time.Second) // 16 calls at a time
		if n := seen(append(first, l.Heard()...)); n != 2*contacts+2 {
			t.Errorf("%d answers came to %d questions", n, 2*contacts+2)
		}
	})
}

// A question that comes while answers are being written is answered, too, and
// behind them.
func TestAQuestionThatArrivesDuringTheAnswerIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, far := stuck(t, responder.Gateway(everybody, knows(responder.Presence{Since: began}, nil)))
		defer far.Close()
		for _, question := range []string{probeOf("juliet@capulet.lit/a", 1, "p1"), queryOf("juliet@capulet.lit/a", 1, "q1"), probeOf("juliet@capulet.lit/a", 1, "p2")} {
			fmt.Fprint(far, question+" ")
			synctest.Wait()
		}
		got := hear(t, far)
		p1, q1, p2 := strings.Index(got, `"p1"`), strings.Index(got, `"q1"`), strings.Index(got, `"p2"`)
		if p1 < 0 || q1 < p1 || p2 < q1 {
			t.Errorf("told: %s", got)
		}
	})
}

// seen returns how many different ids there are.
func seen(stanzas []string) int {
	all := make(map[string]bool)
	for _, id := range strings.Fields(ids(stanzas)) {
		all[id] = true
	}
	return len(all)
}

func TestASubscriberIsPacedForEachContact(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		w.serve(gate, nil, responder.Pace(2, time.Second), responder.Gateway(everybody, knows(responder.Presence{Since: began}, nil)))
		w.Follow(juliet, cupboard, "Skeleton")
		l := w.login(juliet)
		l.Ask(fetchRoster)
		var got []string
		for i := range 8 {
			l.Say(fmt.Sprintf(`<presence type='probe' to='skeleton@gate.capulet.lit' id='p%d'/>`, i))
			got = append(got, l.Heard()...)
		}
		if n := seen(presences(got)); n != 2 {
			t.Errorf("%d are answered at once, want 2", n)
		}
		time.Sleep(20 * time.Second)
		if got = append(got, l.Heard()...); ids(presences(got)) != "p0 p1 p2 p3 p4 p5 p6 p7" {
			t.Errorf("answered: %s", ids(presences(got)))
		}
	})
}

func TestAQueryThatWouldWaitLongIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, l := gateway(t, responder.Pace(1, time.Minute), responder.Gateway(everybody, knows(responder.Presence{Since: began}, nil)))
		defer r.Close()
		l.Ask(probeOf("juliet@capulet.lit/a", 1, "p0"))
		got := l.Ask(probeOf("juliet@capulet.lit/a", 1, "p1") + queryOf("juliet@capulet.lit/a", 1, "q1"))
		got = append(got, l.Ask(queryOf("juliet@capulet.lit/a", 1, "q2"))...)
		if ids(got) != "q1 q2" || strings.Count(strings.Join(got, ""), "<resource-constraint") != 2 {
			t.Errorf("at once: %q", got)
		}
		time.Sleep(2 * time.Minute)
		if got := l.Heard(); ids(got) != "p1" {
			t.Errorf("later: %q", got)
		}
	})
}

func TestNoProberOrDomainTakesAllWorkers(t *testing.T) {
	for name, who := range map[string]func(i int) string{
		"prober": func(int) string { return "tybalt@capulet.lit/street" },
		"domain": func(i int) string { return fmt.Sprintf("u%d@capulet.lit/street", i) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, l := gateway(t, responder.Gateway(everybody, func(ctx context.Context, prober, _ jid.JID) (responder.Presence, error) {
					if prober.Localpart() != "romeo" {
						<-ctx.Done()
					}
					return responder.Presence{Since: began}, ctx.Err()
				}))
				defer r.Close()
				var many strings.Builder
				for i := range 1000 {
					many.WriteString(probeOf(who(i), i, "x"))
				}
				l.Say(many.String())
				got := l.Ask(probeOf("romeo@montague.lit/orchard", 1, "p"))
				if len(got) != 1 || !strings.Contains(got[0], `id="p"`) {
					t.Errorf("another is answered with %q", got)
				}
			})
		})
	}
}

func TestAFailingGatewayFunctionAffectsOnlyItsAnswer(t *testing.T) {
	panics := func(context.Context) { panic("no database") }
	blocks := func(context.Context) { time.Sleep(time.Hour) }
	late := func(ctx context.Context) { <-ctx.Done(); time.Sleep(5 * time.Second) }
	for name, misbehave := range map[string]func(context.Context){"panics": panics, "blocks": blocks, "is late": late} {
		for _, which := range []string{"subscribed", "presence"} {
			t.Run(which+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var failed failures
					bad := func(contact jid.JID) bool { return contact.Localpart() != "c100" }
					subscribed := func(_, contact jid.JID) bool {
						if which == "subscribed" && bad(contact) {
							ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
							defer cancel()
							misbehave(ctx)
						}
						return true
					}
					r, l := gateway(t, responder.Workers(4), responder.Failed(failed.add), responder.Gateway(subscribed,
						func(ctx context.Context, _, contact jid.JID) (responder.Presence, error) {
							if which == "presence" && bad(contact) {
								misbehave(ctx)
							}
							return responder.Presence{Since: began}, nil
						}))
					for i := range 10 { // more than there are workers
						l.Say(probeOf("juliet@capulet.lit/a", i+10, fmt.Sprint("p", i)) + queryOf("juliet@capulet.lit/a", i+10, fmt.Sprint("q", i)))
					}
					l.Say(probeOf("juliet@capulet.lit/a", 100, "good"))
					time.Sleep(3 * time.Minute)
					got := l.Heard()
					all := strings.Join(got, "")
					if strings.Count(all, "<internal-server-error") != 10 || strings.Count(all, `id="good"`) != 1 || len(got) != 11 {
						t.Errorf("%d answers: %s", len(got), all)
					}
					if n := len(failed.all()); n < 10 {
						t.Errorf("Failed was told of %d", n)
					}
					// What is still at it is not called again.
					if name == "blocks" {
						if got := l.Ask(queryOf("juliet@capulet.lit/a", 10, "again")); len(got) != 1 || !strings.Contains(got[0], "internal-server-error") {
							t.Errorf("asked again: %q", got)
						}
					}
					time.Sleep(2 * time.Hour)
					if got := l.Ask(probeOf("juliet@capulet.lit/a", 100, "fine")); len(got) != 1 {
						t.Errorf("in the end: %q", got)
					}
					if err := r.Close(); err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}

func TestInvalidFieldsOfAPresenceAreLeftOut(t *testing.T) {
	const unavailable = `<presence from='skeleton@gate.capulet.lit' to='juliet@capulet.lit/balcony' type='unavailable' id='p'`
	const available = `<presence from='skeleton@gate.capulet.lit' to='juliet@capulet.lit/balcony' id='p'`
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // the bubble's
	tests := map[string]struct {
		says responder.Presence
		want string
		fine bool
	}{
		"a year that XEP-0082 cannot write":    {responder.Presence{Since: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), Status: "Bye"}, unavailable + `><status>Bye</status></presence>`, false},
		"a year before the year 1":             {responder.Presence{Since: time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)}, unavailable + `/>`, false},
		"the Unix epoch":                       {responder.Presence{Since: time.Unix(0, 0)}, unavailable + `/>`, false},
		"a time in the future":                 {responder.Presence{Since: now.Add(6 * time.Minute)}, unavailable + `/>`, false},
		"a clock that is fast":                 {responder.Presence{Since: now.Add(4 * time.Minute)}, unavailable + `><delay xmlns='urn:xmpp:delay' from='skeleton@gate.capulet.lit' stamp='2000-01-01T00:00:00Z'/></presence>`, true},
		"an unknown show":                      {responder.Presence{Online: true, Show: "busy", Status: "At work"}, available + `><status>At work</status></presence>`, false},
		"a resource that is too long":          {responder.Presence{Online: true, Resource: strings.Repeat("x", 1024)}, available + `/>`, false},
		"a resource with forbidden characters": {responder.Presence{Online: true, Resource: "\x00"}, available + `/>`, false},
		"a status that is too long":            {responder.Presence{Online: true, Status: strings.Repeat("x", 4097)}, available + `/>`, false},
		"a status that XML cannot hold":        {responder.Presence{Online: true, Status: "a\x01b"}, available + `/>`, false},
		"a status that is not UTF-8":           {responder.Presence{Online: true, Status: "a\xffb"}, available + `/>`, false},
		"all fields valid":                     {responder.Presence{Online: true, Show: "xa", Status: strings.Repeat("x", 4096)}, available + `><show>xa</show><status>` + strings.Repeat("x", 4096) + `</status></presence>`, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w world) {
				var failed failures
				w.serve(gate, nil, responder.Gateway(friends, knows(tt.says, nil)), responder.Failed(failed.add))
				w.Follow(juliet, cupboard, "Skeleton")
				l := w.login(juliet)
				l.Ask(fetchRoster)
				says(t, presences(l.Ask(`<presence type='probe' to='skeleton@gate.capulet.lit' id='p'/>`)), tt.want)
				// The stream is whole.
				if got := l.Ask(discoInfo); len(got) != 1 || !strings.HasPrefix(got[0], "<iq ") {
					t.Errorf("afterwards: %q", got)
				}
				if got := failed.all(); (len(got) == 0) != tt.fine {
					t.Errorf("Failed was told %q", got)
				}
			})
		})
	}
}

func TestAnInvalidStartTimeIsReplaced(t *testing.T) {
	for name, since := range map[string]time.Time{
		"zero":                            {},
		"to come":                         time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC),
		"a year that XEP-0082 cannot say": time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w world) {
				var failed failures
				w.serve(gate, nil, responder.Since(since), responder.Failed(failed.add))
				says(t, w.login(juliet).Ask(`<presence type='probe' to='gate.capulet.lit' id='p'/>`),
					`<presence from='gate.capulet.lit' to='juliet@capulet.lit/balcony' id='p'><delay xmlns='urn:xmpp:delay' from='gate.capulet.lit' stamp='2000-01-01T00:00:00Z'/></presence>`)
				if got := failed.all(); len(got) != 1 {
					t.Errorf("Failed was told %q", got)
				}
			})
		})
	}
}

// A session that is being closed against a server that reads nothing holds its
// locks.
func TestStopAndCloseReturnWhileTheSessionCannotBeClosed(t *testing.T) {
	for name, end := range map[string]func(r *responder.Responder) error{
		"Close": func(r *responder.Responder) error { return r.Close() },
		"Stop": func(r *responder.Responder) error {
			ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
			defer cancel()
			_ = r.Stop(ctx, "")
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			// Not in a bubble: whoever waits for a lock of the session's stops its clock.
			near, far := net.Pipe()
			closing := make(chan struct{})
			session := componentSession(t, watched{near, closing}, far)
			called := make(chan struct{}, 2)
			r := responder.New(session, responder.Requests(accept), responder.Gateway(everybody, func(ctx context.Context, _, _ jid.JID) (responder.Presence, error) {
				called <- struct{}{}
				<-ctx.Done()
				return responder.Presence{}, ctx.Err()
			}))
			served := make(chan struct{})
			go func() {
				defer close(served)
				_ = session.Serve(r.Handler(nil))
			}()
			for n := range 2 {
				fmt.Fprint(far, probeOf("juliet@capulet.lit/a", n+1, "p"))
				<-called
			}
			writing := make(chan struct{})
			go func() {
				defer close(writing)
				_ = session.Close()
			}()
			<-closing // the session holds its locks, and nobody reads
			ended := make(chan error, 1)
			go func() { ended <- end(r) }()
			select {
			case err := <-ended:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(4 * time.Second):
				t.Error("it has not returned")
			}
			_ = far.Close()
			<-writing
			<-served
		})
	}
}

// watched is a connection that tells when the stream's end is being written.
type watched struct {
	net.Conn
	closing chan struct{}
}

func (w watched) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "</stream") {
		close(w.closing)
	}
	return w.Conn.Write(p)
}
