package responder_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/line"
	"example.org/lastpresence/probe/responder"
)

// calls are the methods that change something or send.
var calls = map[string]func(*responder.Responder, context.Context) error{
	"Start":    func(r *responder.Responder, ctx context.Context) error { return r.Start(ctx) },
	"Stop":     func(r *responder.Responder, ctx context.Context) error { return r.Stop(ctx, "bye") },
	"Befriend": func(r *responder.Responder, ctx context.Context) error { return r.Befriend(ctx, juliet) },
	"Approve":  func(r *responder.Responder, ctx context.Context) error { return r.Approve(ctx, romeo) },
	"Unfriend": func(r *responder.Responder, ctx context.Context) error { return r.Unfriend(ctx, romeo) },
}

func TestAfterCloseNothingIsChangedOrSent(t *testing.T) {
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &kept{buddies: []responder.Buddy{{JID: romeo.Bare(), From: true}}}
				r, l := gateway(t, responder.Keep(store))
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
				if err := call(r, soon(t)); !errors.Is(err, responder.ErrClosed) {
					t.Errorf("%v", err)
				}
				if got := l.Heard(); len(got) != 0 || len(store.buddies) != 1 {
					t.Errorf("told %q; stored %+v", got, store.buddies)
				}
			})
		})
	}
}

// Stop holds up the others while it sends. They then find the Responder closed.
func TestCallsThatWaitForStopFindTheResponderClosed(t *testing.T) {
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &kept{buddies: []responder.Buddy{{JID: romeo.Bare(), From: true}}}
				r, far := stuck(t, responder.Keep(store))
				stopped, ended := make(chan error, 1), make(chan error, 1)
				go func() { stopped <- r.Stop(soon(t), "bye") }()
				synctest.Wait() // nobody reads
				go func() { ended <- call(r, soon(t)) }()
				synctest.Wait()
				l := line.Listen(t, far)
				if err := <-stopped; err != nil {
					t.Errorf("Stop = %v", err)
				}
				if err := <-ended; !errors.Is(err, responder.ErrClosed) {
					t.Errorf("%v", err)
				}
				if got := l.Heard(); len(got) != 1 || !strings.Contains(got[0], `"unavailable"`) || len(store.buddies) != 1 {
					t.Errorf("told %q; stored %+v", got, store.buddies)
				}
				_ = far.Close()
			})
		})
	}
}

// A policy takes an hour. Half of the time that Stop has is for what is queued.
func TestHowLongCloseAndStopWait(t *testing.T) {
	stop := func(limit time.Duration) func(r *responder.Responder) error {
		return func(r *responder.Responder) error {
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			return r.Stop(ctx, "")
		}
	}
	for name, tt := range map[string]struct {
		end         func(r *responder.Responder) error
		drops, ends time.Duration
	}{
		"Close":                   {(*responder.Responder).Close, 0, 5 * time.Second},
		"Stop within 6 seconds":   {stop(6 * time.Second), 3 * time.Second, 6 * time.Second},
		"Stop within 16 seconds":  {stop(16 * time.Second), 8 * time.Second, 16 * time.Second},
		"Stop without a deadline": {func(r *responder.Responder) error { return r.Stop(context.Background(), "") }, 5 * time.Second, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var dropped []time.Duration
				r, l := gateway(t, responder.Failed(func(error) { dropped = append(dropped, time.Since(start)) }),
					responder.Requests(func(jid.JID) responder.Decision { time.Sleep(time.Hour); return responder.Accept }))
				l.Say(subscribes("romeo") + subscribes("benvolio"))
				synctest.Wait()
				if err := tt.end(r); (err == nil) != (tt.ends == time.Hour) || time.Since(start) != tt.ends {
					t.Errorf("it took %v, want %v: %v", time.Since(start), tt.ends, err)
				}
				if len(dropped) != 2 || dropped[0] != tt.drops || dropped[1] != tt.drops {
					t.Errorf("dropped after %v, want %v", dropped, tt.drops)
				}
				time.Sleep(2 * time.Hour)
			})
		})
	}
}

// Close waits for the functions that it has called, and nothing is sent any more.
func TestCloseWaitsForTheFunctions(t *testing.T) {
	slow := func() { time.Sleep(3 * time.Second) }
	for name, opts := range map[string]func(returned *bool) []responder.Option{
		"the gateway's": func(returned *bool) []responder.Option {
			return []responder.Option{responder.Gateway(everybody, func(ctx context.Context, _, _ jid.JID) (responder.Presence, error) {
				<-ctx.Done()
				slow()
				*returned = true
				return responder.Presence{Since: began}, nil
			})}
		},
		"the policy": func(returned *bool) []responder.Option {
			return []responder.Option{responder.Requests(func(jid.JID) responder.Decision {
				slow()
				*returned = true
				return responder.Accept
			})}
		},
		"that of Failed": func(returned *bool) []responder.Option {
			return []responder.Option{responder.Requests(func(jid.JID) responder.Decision { panic("no policy") }), responder.Failed(func(error) {
				slow()
				*returned = true
			})}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				returned := false
				r, l := gateway(t, opts(&returned)...)
				l.Say(subscribes("romeo") + probeOf("juliet@capulet.lit/a", 1, "p") + queryOf("juliet@capulet.lit/a", 1, "q"))
				l.Heard()
				if err := r.Close(); err != nil || !returned {
					t.Errorf("Close = %v; it has returned: %t", err, returned)
				}
				if got := l.Heard(); len(got) != 0 {
					t.Errorf("told after Close: %q", got)
				}
			})
		})
	}
}

func TestWhatIsQueuedIsHandledBeforeStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(slowStore)
		for i := range 20 {
			store.buddies = append(store.buddies, responder.Buddy{JID: user(i), From: true})
		}
		r, l := gateway(t, responder.Keep(store))
		for i := range 20 {
			l.Say(fmt.Sprintf("<presence type='unsubscribe' from='%s' to='gate.capulet.lit'/>", user(i)))
		}
		if err := r.Stop(soon(t), ""); err != nil || len(store.buddies) != 0 {
			t.Errorf("Stop = %v; %d buddies are left", err, len(store.buddies))
		}
	})
}

// slowStore takes a tenth of a second for each change.
type slowStore struct{ kept }

func (s *slowStore) Save(ctx context.Context, b []responder.Buddy) error {
	time.Sleep(100 * time.Millisecond)
	return s.kept.Save(ctx, b)
}

func TestAnAnswerThatCannotBeSentIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failed failures
		near, far := pipe()
		session := componentSession(t, near, far)
		r := responder.New(session, responder.Failed(failed.add), responder.Gateway(everybody, knows(responder.Presence{Since: began}, nil)))
		go func() { _ = session.Serve(r.Handler(nil)) }()
		go io.Copy(io.Discard, far)
		near.broken.Store(true)
		fmt.Fprint(far, probeOf("juliet@capulet.lit/a", 1, "p"))
		synctest.Wait()
		if got := failed.all(); len(got) != 1 || !strings.Contains(got[0], "no line") {
			t.Errorf("Failed was told %q", got)
		}
		if err := r.Befriend(soon(t), romeo); err == nil || !strings.Contains(err.Error(), romeo.Bare().String()) {
			t.Errorf("Befriend = %v", err)
		}
		_ = far.Close()
		_ = r.Close()
	})
}
