package responder_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/probe/responder"
)

// stuck returns a Responder to which the server speaks at far, and which is
// served until the end of the bubble.
func stuck(t *testing.T, opts ...responder.Option) (r *responder.Responder, far net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	session := componentSession(t, near, far)
	r = responder.New(session, opts...)
	go func() {
		_ = session.Serve(r.Handler(nil))
		_ = r.Close()
	}()
	return r, far
}

// hear reads what the server is told until nothing more comes.
func hear(t *testing.T, far net.Conn) string {
	t.Helper()
	var b strings.Builder
	_ = far.SetReadDeadline(time.Now().Add(time.Second))
	_, _ = io.Copy(&b, far)
	return b.String()
}

const romeoSubscribes = `<presence type='subscribe' from='romeo@montague.lit' to='gate.capulet.lit'/> `

func accept(jid.JID) responder.Decision { return responder.Accept }

func TestCallsKeepTheirContextWhileTheServerReadsNothing(t *testing.T) {
	for name, call := range map[string]func(*responder.Responder, context.Context) error{
		"Stop":     func(r *responder.Responder, ctx context.Context) error { return r.Stop(ctx, "") },
		"Start":    func(r *responder.Responder, ctx context.Context) error { return r.Start(ctx) },
		"Befriend": func(r *responder.Responder, ctx context.Context) error { return r.Befriend(ctx, juliet) },
		"Approve":  func(r *responder.Responder, ctx context.Context) error { return r.Approve(ctx, romeo) },
		"Unfriend": func(r *responder.Responder, ctx context.Context) error { return r.Unfriend(ctx, romeo) },
		"Buddies":  func(r *responder.Responder, ctx context.Context) error { _, err := r.Buddies(ctx); return err },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, far := stuck(t, responder.Requests(accept))
				defer far.Close()
				if _, err := io.WriteString(far, romeoSubscribes); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if err := call(r, ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

func TestAComponentThatStoppedIsNotAvailable(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		r, _ := w.serve(gate, nil, responder.Requests(accept))
		l := w.login(juliet)
		l.Ask(fetchRoster)
		l.Ask(`<presence/>`)
		l.Ask(`<presence type='subscribe' to='gate.capulet.lit'/>`)
		if err := r.Stop(soon(t), "bye"); err != nil {
			t.Fatal(err)
		}
		l.Heard()
		says(t, l.Ask(`<presence type='probe' to='gate.capulet.lit' id='p'/>`))
		if err := r.Start(soon(t)); !errors.Is(err, responder.ErrClosed) {
			t.Errorf("Start after Stop = %v", err)
		}
		says(t, l.Heard())
	})
}

func TestPaceDoesNotLimitTheEndOrStartOfSubscriptions(t *testing.T) {
	t.Run("unsubscribe", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, far := stuck(t, responder.Requests(accept))
			defer far.Close()
			fmt.Fprint(far, romeoSubscribes)
			hear(t, far)
			go fmt.Fprint(far, strings.Repeat(`<presence type='probe' from='romeo@montague.lit' to='gate.capulet.lit'/>`, 40)+
				`<presence type='unsubscribe' from='romeo@montague.lit' to='gate.capulet.lit'/> `)
			if got := hear(t, far); !strings.Contains(got, "unavailable") {
				t.Errorf("told: %q", got)
			}
			if got := buddies(t, r); len(got) != 0 {
				t.Errorf("Buddies = %+v", got)
			}
		})
	})
	t.Run("subscribed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, far := stuck(t)
			defer far.Close()
			go hear(t, far)
			if err := r.Befriend(t.Context(), romeo); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			go fmt.Fprint(far, strings.Repeat(`<presence type='probe' from='romeo@montague.lit' to='gate.capulet.lit'/>`, 40)+
				`<presence type='subscribed' from='romeo@montague.lit' to='gate.capulet.lit'/> `)
			hear(t, far)
			if got := buddies(t, r); len(got) != 1 || !got[0].To {
				t.Errorf("Buddies = %+v", got)
			}
		})
	})
}

func TestThePolicyMayCallBuddies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r *responder.Responder
		looked := false
		r, far := stuck(t, responder.Requests(func(jid.JID) responder.Decision {
			all, err := r.Buddies(t.Context())
			looked = err == nil && len(all) == 0
			return responder.Accept
		}))
		defer far.Close()
		fmt.Fprint(far, romeoSubscribes)
		if got := hear(t, far); !looked || !strings.Contains(got, "subscribed") {
			t.Errorf("looked: %t, told: %q", looked, got)
		}
	})
}

func TestUnfriendSendsAllStanzasOrNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, far := stuck(t, responder.Requests(accept))
		defer far.Close()
		fmt.Fprint(far, romeoSubscribes)
		hear(t, far)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.Unfriend(ctx, romeo); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Unfriend while the server reads nothing = %v", err)
		}
		if got := hear(t, far); !strings.Contains(got, `"unavailable"`) || !strings.Contains(got, `"unsubscribed"`) {
			t.Errorf("told: %q", got)
		}
	})
}

// kept is a store.
type kept struct{ buddies []responder.Buddy }

func (k *kept) Load(context.Context) ([]responder.Buddy, error)   { return k.buddies, nil }
func (k *kept) Save(_ context.Context, b []responder.Buddy) error { k.buddies = b; return nil }

func TestABuddyThatMissedItsApprovalGetsItAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(kept)
		r, far := stuck(t, responder.Keep(store), responder.Requests(responder.Always(responder.Later)))
		fmt.Fprint(far, romeoSubscribes)
		synctest.Wait()
		_ = far.Close()
		synctest.Wait()
		if err := r.Approve(t.Context(), romeo); err == nil {
			t.Error("Approve succeeded without a connection")
		}

		again, far := stuck(t, responder.Keep(store))
		defer far.Close()
		store.buddies = []responder.Buddy{{JID: romeo.Bare(), From: true}}
		go func() {
			if err := again.Approve(t.Context(), romeo); err != nil {
				t.Errorf("Approve, anew: %v", err)
			}
		}()
		if got := hear(t, far); !strings.Contains(got, `"subscribed"`) {
			t.Errorf("told: %q", got)
		}
	})
}

func TestDroppedSubscriptionsAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var failures atomic.Int32
		r, far := stuck(t, responder.Pace(1000, time.Second), responder.Failed(func(error) { failures.Add(1) }),
			responder.Requests(func(jid.JID) responder.Decision {
				<-release
				return responder.Accept
			}))
		defer far.Close()
		for i := range 300 {
			fmt.Fprintf(far, "<presence type='subscribe' from='u%d@montague.lit' to='gate.capulet.lit'/> ", i)
		}
		synctest.Wait()
		close(release)
		hear(t, far)
		if n := len(buddies(t, r)); n+int(failures.Load()) != 300 || n < 256 {
			t.Errorf("of 300 requests %d were accepted and %d reported", n, failures.Load())
		}
	})
}
