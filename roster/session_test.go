package roster_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

// arrive logs an account in, sends its initial presence, and serves it until
// the test ends.
func (w world) arrive(t *testing.T, j jid.JID) *xmpp.Session {
	t.Helper()
	s, err := w.Session(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = s.Serve(nil)
	}()
	t.Cleanup(func() {
		_ = s.Conn().Close()
		<-served
	})
	if err := s.Send(t.Context(), stanza.Presence{}.Wrap(nil)); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return s
}

// renew gives the cache a new session of Juliet's.
func (w world) renew(t *testing.T, c *roster.Cache) {
	t.Helper()
	s, err := w.Session(t.Context(), juliet)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Connect(s); err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = s.Serve(c.Handler(nil))
	}()
	t.Cleanup(func() {
		_ = s.Conn().Close()
		<-served
	})
}

func TestANewSessionKeepsWhatIsKnown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 2)
		c, session := w.logIn(t, nil)
		before, err := c.Open(t.Context(), romeo)
		if err != nil {
			t.Fatal(err)
		}
		w.arrive(t, w.contacts[1])
		if contact, _ := c.Contact(w.contacts[1]); !contact.Online || contact.Lack != roster.Nothing {
			t.Fatalf("a contact who came: %+v", contact)
		}
		_ = session.Conn().Close()
		time.Sleep(time.Minute)
		w.renew(t, c)
		for i, j := range w.contacts {
			contact, ok := c.Contact(j)
			if !ok || contact.Lack != roster.Outdated || contact.Online != (i == 1) {
				t.Errorf("in a new session %s is %+v", j, contact)
			}
		}
		if after, _ := c.Contact(romeo); after.Status != before.Status || !after.LastSeen.Equal(before.LastSeen) {
			t.Errorf("known before: %+v\nafter: %+v", before, after)
		}
		if err := c.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		after, err := c.Open(t.Context(), romeo)
		if err != nil || after.Lack != roster.Nothing || after.Status != before.Status {
			t.Errorf("asked anew: %+v, %v", after, err)
		}
		if n := c.Client().Stats().Sent; n != 2 {
			t.Errorf("%d probes in both sessions, want 2", n)
		}
	})
}

func TestConnectRefusesAnotherAccount(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 1)
		c, _ := w.logIn(t, nil)
		other := w.arrive(t, romeo)
		if err := c.Connect(other); err == nil {
			t.Error("Connect a session of another account")
		}
		if _, err := c.Open(t.Context(), romeo); err != nil {
			t.Errorf("after the refusal: %v", err)
		}
		_ = c.Close()
		own, err := w.Session(t.Context(), juliet)
		if err != nil {
			t.Fatal(err)
		}
		defer own.Conn().Close()
		if err := c.Connect(own); !errors.Is(err, probe.ErrClosed) {
			t.Errorf("Connect Close = %v, want ErrClosed", err)
		}
	})
}

func TestASessionThatEndsEndsItsOpenings(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Silent, 1)
		w.Hook = func(server.Question) []server.Answer { return nil }
		c, _ := w.logIn(t, nil)
		go func() {
			time.Sleep(50 * time.Millisecond)
			w.renew(t, c)
		}()
		if _, err := c.Open(t.Context(), romeo); !errors.Is(err, probe.ErrClosed) {
			t.Errorf("Open across sessions = %v, want ErrClosed", err)
		}
		synctest.Wait()
	})
}

func TestTwoAccountsDoNotMix(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 1)
		c, _ := w.logIn(t, nil)
		nurse := jid.MustParse("nurse@capulet.lit/kitchen")
		w.AddAccount(nurse, "")
		other := roster.New(w.arrive(t, nurse))
		defer other.Close()
		if _, err := c.Open(t.Context(), romeo); err != nil {
			t.Fatal(err)
		}
		if contact, ok := other.Contact(romeo); ok || contact.Status != "" {
			t.Errorf("another account knows %+v", contact)
		}
	})
}

func TestOwnResourcesAreKeptApart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 1)
		c, _ := w.logIn(t, nil)
		phone := w.arrive(t, jid.MustParse("juliet@capulet.lit/phone"))
		own := c.Own()
		if len(own) != 1 || own[0].Name != "phone" {
			t.Errorf("own other resources: %+v, want the phone", own)
		}
		if n := len(slices.Collect(c.All())); n != 1 {
			t.Errorf("%d contacts, want 1: oneself is none", n)
		}
		if err := phone.Send(t.Context(), stanza.Presence{Type: stanza.UnavailablePresence}.Wrap(nil)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if own := c.Own(); len(own) != 0 {
			t.Errorf("own other resources after the phone left: %+v", own)
		}
		w.arrive(t, jid.MustParse("juliet@capulet.lit/tablet"))
		w.renew(t, c)
		if own := c.Own(); len(own) != 0 {
			t.Errorf("own other resources at the beginning of a session: %+v", own)
		}
	})
}

func TestChangesComeInTheOrderInWhichTheyBegan(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 3)
		c, _ := w.logIn(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		news := c.Watch(ctx)
		var sessions []*xmpp.Session
		for _, i := range []int{2, 0, 1} {
			sessions = append(sessions, w.arrive(t, w.contacts[i]))
		}
		// The one who came first also leaves, before anybody looks.
		if err := sessions[0].Send(t.Context(), stanza.Presence{Type: stanza.UnavailablePresence}.Wrap(nil)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		w.Push(juliet, romeo, "", "remove")
		synctest.Wait()
		var got []string
		for contact := range news {
			_, _ = c.Contact(contact.JID) // nothing is locked here
			got = append(got, fmt.Sprintf("%s %s %v", contact.JID.Localpart(), contact.Subscription, contact.Online))
			if len(got) == 3 {
				break
			}
		}
		if want := []string{"romeo2 both false", "romeo remove false", "romeo1 both true"}; !slices.Equal(got, want) {
			t.Errorf("news: %q\nwant: %q", got, want)
		}
		w.Push(juliet, romeo, "Romeo", "both")
		synctest.Wait()
		for contact := range news {
			if contact.Name != "Romeo" {
				t.Errorf("news after a pause: %+v", contact)
			}
			break
		}
	})
}

func TestWatchingEnds(t *testing.T) {
	for _, how := range []string{"with its context", "with the cache"} {
		t.Run(how, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld(t, server.Ejabberd, 1)
				c, _ := w.logIn(t, nil)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				news := c.Watch(ctx)
				var wg sync.WaitGroup
				wg.Go(func() {
					for range news {
						t.Error("news of nothing")
					}
				})
				synctest.Wait()
				if how == "with the cache" {
					_ = c.Close()
				} else {
					cancel()
				}
				wg.Wait()
			})
		})
	}
}

func TestEveryWatcherGetsTheNewestState(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 5)
		c, _ := w.logIn(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		latest := make([]map[string]bool, 3)
		var wg sync.WaitGroup
		for i := range latest {
			latest[i] = make(map[string]bool)
			news := c.Watch(ctx)
			wg.Go(func() {
				for contact := range news {
					time.Sleep(time.Duration(i*i) * 10 * time.Millisecond) // some are slow
					latest[i][contact.JID.String()] = contact.Online
				}
			})
		}
		want := make(map[string]bool)
		for i := range 300 {
			j := w.contacts[i%5]
			s := w.arrive(t, j)
			want[j.String()] = true
			if i%3 != 0 {
				if err := s.Send(t.Context(), stanza.Presence{Type: stanza.UnavailablePresence}.Wrap(nil)); err != nil {
					t.Fatal(err)
				}
				want[j.String()] = false
			}
			_ = s.Conn().Close()
			want[j.String()] = false
			synctest.Wait()
			if i%7 == 0 {
				time.Sleep(5 * time.Millisecond)
			}
		}
		w.arrive(t, w.contacts[3])
		want[w.contacts[3].String()] = true
		time.Sleep(5 * time.Second)
		cancel()
		wg.Wait()
		for i, got := range latest {
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("watcher %d ends with %v\nwant %v", i, got, want)
			}
		}
	})
}

func TestFormerSessionsAreReleased(t *testing.T) {
	w := newWorld(t, server.Ejabberd, 1)
	const sessions = 20
	var former []weak.Pointer[xmpp.Session]
	var c *roster.Cache
	for range sessions {
		s, err := w.Session(t.Context(), juliet)
		if err != nil {
			t.Fatal(err)
		}
		if c == nil {
			c = roster.New(s)
		} else if err := c.Connect(s); err != nil {
			t.Fatal(err)
		}
		served := make(chan struct{})
		go func(s *xmpp.Session, h xmpp.Handler) {
			defer close(served)
			_ = s.Serve(h)
		}(s, c.Handler(nil))
		if err := c.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Open(t.Context(), romeo); err != nil {
			t.Fatal(err)
		}
		_ = s.Conn().Close()
		<-served
		former = append(former, weak.Make(s))
	}
	runtime.GC()
	runtime.GC()
	kept := 0
	for _, s := range former {
		if s.Value() != nil {
			kept++
		}
	}
	if kept > 2 {
		t.Errorf("%d of %d sessions are kept", kept, sessions)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	for name, call := range map[string]func(*roster.Cache, context.Context) error{
		"Sync":    (*roster.Cache).Sync,
		"Sift":    (*roster.Cache).Sift,
		"Open":    func(c *roster.Cache, ctx context.Context) error { _, err := c.Open(ctx, romeo); return err },
		"Refresh": func(c *roster.Cache, ctx context.Context) error { _, err := c.Refresh(ctx, romeo); return err },
	} {
		for how, end := range map[string]func(t *testing.T, w world, c *roster.Cache){
			"Close":        func(t *testing.T, _ world, c *roster.Cache) { _ = c.Close() },
			"Connect":      func(t *testing.T, w world, c *roster.Cache) { w.renew(t, c) },
			"Disconnected": func(t *testing.T, _ world, c *roster.Cache) { c.Disconnected() },
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					w := newWorld(t, server.Ejabberd, 1)
					s, err := w.Session(t.Context(), juliet)
					if err != nil {
						t.Fatal(err)
					}
					defer s.Conn().Close()
					c := roster.New(s)
					defer c.Close()
					c.SetRoster([]roster.Item{{JID: romeo, Subscription: "both"}}, "")
					done := make(chan error, 1)
					go func() { done <- call(c, t.Context()) }() // nobody serves the session
					time.Sleep(time.Second)
					end(t, w, c)
					synctest.Wait()
					select {
					case err := <-done:
						if !errors.Is(err, probe.ErrClosed) {
							t.Errorf("it ended with %v", err)
						}
					default:
						t.Error("it goes on")
					}
				})
			})
		}
	}
}

func TestStrangersAreNotReportedToWatchers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 1)
		s, err := w.Session(t.Context(), juliet)
		if err != nil {
			t.Fatal(err)
		}
		c := roster.New(s)
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = s.Serve(c.Handler(nil))
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		news := c.Watch(ctx)
		if err := s.Send(t.Context(), stanza.Presence{}.Wrap(nil)); err != nil {
			t.Fatal(err)
		}
		w.arrive(t, romeo) // before the roster is fetched
		_ = s.Conn().Close()
		<-served
		w.renew(t, c)
		for contact := range news {
			t.Errorf("news of %s (%q), who is not in the roster", contact.JID, contact.Subscription)
		}
		_ = c.Close()
	})
}
