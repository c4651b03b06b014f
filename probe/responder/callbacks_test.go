package responder_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/probe/responder"
)

// failures keeps what Failed is told.
type failures struct {
	mu   sync.Mutex
	told []string
}

func (f *failures) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told = append(f.told, err.Error())
}

func (f *failures) all() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.told
}

func subscribes(who string) string {
	return fmt.Sprintf("<presence type='subscribe' from='%s@montague.lit' to='gate.capulet.lit'/> ", who)
}

func TestAFailingPolicyAffectsOnlyItsRequest(t *testing.T) {
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	for name, misbehave := range map[string]func() responder.Decision{
		"panics":    func() responder.Decision { panic("no policy") },
		"blocks":    func() responder.Decision { time.Sleep(time.Hour); return responder.Accept },
		"is late":   func() responder.Decision { time.Sleep(15 * time.Second); return responder.Accept },
		"is absurd": func() responder.Decision { return 200 },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var failed failures
				r, far := stuck(t, responder.Failed(failed.add), responder.Requests(func(from jid.JID) responder.Decision {
					if from.Localpart() == "tybalt" {
						return misbehave()
					}
					return responder.Accept
				}))
				defer far.Close()
				go fmt.Fprint(far, subscribes("romeo"))
				hear(t, far)
				go fmt.Fprint(far, subscribes("tybalt")+subscribes("benvolio")+
					"<presence type='unsubscribe' from='romeo@montague.lit' to='gate.capulet.lit'/> ")
				// What needs no decision does not wait for one.
				if got := hear(t, far); !strings.Contains(got, `to="romeo@montague.lit" `) || !strings.Contains(got, "unavailable") {
					t.Errorf("told at once: %q", got)
				}
				_ = far.SetReadDeadline(time.Time{})
				go io.Copy(io.Discard, far)
				time.Sleep(20 * time.Second)
				if got := buddies(t, r); len(got) != 1 || got[0].JID.Localpart() != "benvolio" {
					t.Errorf("Buddies = %+v", got)
				}
				if got := failed.all(); len(got) != 1 || !strings.Contains(got[0], "tybalt@montague.lit") {
					t.Errorf("Failed was told %q", got)
				}
				time.Sleep(time.Hour) // the blocked call returns
			})
		})
	}
}

func TestStopAndCloseReturnWhileAPolicyStalls(t *testing.T) {
	for name, end := range map[string]func(r *responder.Responder) error{
		"Close": func(r *responder.Responder) error { return r.Close() },
		"Stop": func(r *responder.Responder) error {
			ctx, cancel := context.WithTimeout(context.Background(), 6*time.Second)
			defer cancel()
			return r.Stop(ctx, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var failed failures
				r, far := stuck(t, responder.Failed(failed.add), responder.Requests(func(from jid.JID) responder.Decision {
					time.Sleep(time.Hour)
					return responder.Accept
				}))
				go io.Copy(io.Discard, far)
				fmt.Fprint(far, subscribes("romeo")+subscribes("benvolio"))
				synctest.Wait()
				began := time.Now()
				if err := end(r); err == nil {
					t.Error("it says that all has returned")
				}
				if took := time.Since(began); took > 7*time.Second {
					t.Errorf("it took %v", took)
				}
				_ = far.Close()
				if got := strings.Join(failed.all(), "\n"); strings.Count(got, "romeo@") != 1 || strings.Count(got, "benvolio@") != 1 {
					t.Errorf("Failed was told %s", got)
				}
				time.Sleep(2 * time.Hour)
			})
		})
	}
}

func TestStopHandlesQueuedSubscriptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(kept)
		r, far := stuck(t, responder.Keep(store), responder.Pace(1000, time.Second), responder.Requests(func(from jid.JID) responder.Decision {
			time.Sleep(10 * time.Millisecond)
			return responder.Accept
		}))
		defer far.Close()
		go io.Copy(io.Discard, far)
		for i := range 200 {
			fmt.Fprint(far, subscribes(fmt.Sprintf("u%d", i)))
		}
		if err := r.Stop(soon(t), ""); err != nil {
			t.Error(err)
		}
		if len(store.buddies) != 200 {
			t.Errorf("%d of 200 are stored", len(store.buddies))
		}
	})
}

func TestCloseReportsQueuedSubscriptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failed failures
		r, far := stuck(t, responder.Failed(failed.add), responder.Pace(1000, time.Second), responder.Requests(func(from jid.JID) responder.Decision {
			time.Sleep(time.Second)
			return responder.Accept
		}))
		defer far.Close()
		go io.Copy(io.Discard, far)
		for i := range 200 {
			fmt.Fprint(far, subscribes(fmt.Sprintf("u%d", i)))
		}
		synctest.Wait()
		time.Sleep(1500 * time.Millisecond)
		_ = r.Close()
		if got := failed.all(); len(got) != 199 {
			t.Errorf("Failed was told of %d, want 199", len(got))
		}
	})
}

func TestFailedMayFailAndBlock(t *testing.T) {
	for name, told := range map[string]func(error){
		"panics": func(error) { panic("no log") },
		"blocks": func(error) { time.Sleep(time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, far := stuck(t, responder.Failed(told), responder.Requests(func(from jid.JID) responder.Decision {
					if from.Localpart() == "romeo" {
						panic("no policy")
					}
					return responder.Accept
				}))
				go fmt.Fprint(far, strings.Repeat(subscribes("romeo"), 10)+subscribes("benvolio"))
				if got := hear(t, far); !strings.Contains(got, `"subscribed"`) {
					t.Errorf("another's request brought %q", got)
				}
				_ = far.Close()
				time.Sleep(24 * time.Hour)
			})
		})
	}
}

// panicking is a store that panics when it saves.
type panicking struct{ kept }

func (*panicking) Save(context.Context, []responder.Buddy) error { panic("no disk") }

func TestAStoreThatPanicsIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, far := stuck(t, responder.Keep(new(panicking)))
		defer far.Close()
		if err := r.Befriend(t.Context(), romeo); err == nil || !strings.Contains(err.Error(), "no disk") {
			t.Errorf("Befriend = %v", err)
		}
		if got := buddies(t, r); len(got) != 0 {
			t.Errorf("Buddies = %+v", got)
		}
	})
}

func TestTheNumberOfBuddiesIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(kept)
		for i := range 10_000 {
			store.buddies = append(store.buddies, responder.Buddy{JID: jid.MustParse(fmt.Sprintf("u%d@verona.lit", i)), From: true})
		}
		var failed failures
		r, far := stuck(t, responder.Keep(store), responder.Failed(failed.add), responder.Requests(accept))
		defer far.Close()
		go fmt.Fprint(far, romeoSubscribes)
		if got := hear(t, far); !strings.Contains(got, `"unsubscribed"`) {
			t.Errorf("told: %q", got)
		}
		if got := failed.all(); len(got) != 1 || !strings.Contains(got[0], "romeo@montague.lit") {
			t.Errorf("Failed was told %q", got)
		}
		if err := r.Befriend(t.Context(), juliet); err == nil {
			t.Error("Befriend succeeded")
		}
		if n := len(buddies(t, r)); n != 10_000 {
			t.Errorf("%d buddies", n)
		}
	})
}

func TestTheLimitOfBuddiesIsForNewOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(kept)
		for i := range 10_000 {
			store.buddies = append(store.buddies, responder.Buddy{JID: user(i), From: true})
		}
		var failed failures
		r, l := gateway(t, responder.Keep(store), responder.Failed(failed.add))
		defer r.Close()
		says := func(typ string) string {
			return strings.Join(l.Ask(fmt.Sprintf("<presence type='%s' from='%s' to='gate.capulet.lit'/>", typ, user(7))), "")
		}
		if got := says("subscribe"); !strings.Contains(got, `"subscribed"`) {
			t.Errorf("a subscriber's request brought %s", got)
		}
		if got := strings.Join(l.Ask(strings.TrimSpace(romeoSubscribes)), ""); !strings.Contains(got, `"unsubscribed"`) {
			t.Errorf("one that the policy refuses brought %s", got)
		}
		if err := r.Befriend(t.Context(), user(8)); err != nil {
			t.Errorf("Befriend(a subscriber) = %v", err)
		}
		if err := r.Befriend(t.Context(), juliet); err == nil {
			t.Error("Befriend succeeded without room")
		}
		says("unsubscribe")
		if err := r.Befriend(t.Context(), juliet); err != nil {
			t.Errorf("Befriend(the last for whom there is room) = %v", err)
		}
		if got := failed.all(); len(got) != 0 {
			t.Errorf("Failed was told %q", got)
		}
	})
}

func TestBefriendAcceptsAPendingRequest(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		r, _ := w.serve(gate, nil, responder.Requests(responder.Always(responder.Later)))
		l := w.login(juliet)
		l.Ask(fetchRoster)
		l.Ask(`<presence/>`)
		l.Ask(`<presence type='subscribe' to='gate.capulet.lit'/>`)
		if err := r.Befriend(soon(t), juliet); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(l.Heard(), "\n")
		for _, want := range []string{"type='subscribed'", "type='subscribe'", "<delay "} {
			if !strings.Contains(got, want) {
				t.Errorf("%s is missing in %s", want, got)
			}
		}
		if got := buddies(t, r); len(got) != 1 || !got[0].From || !got[0].Asked || got[0].Pending {
			t.Errorf("Buddies = %+v", got)
		}
	})
}
