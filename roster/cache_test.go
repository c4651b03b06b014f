package roster_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/leak"
	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

var (
	juliet = jid.MustParse("juliet@capulet.lit/balcony")
	romeo  = jid.MustParse("romeo@montague.lit")
)

// world is a server with Juliet and so many contacts who are offline.
type world struct {
	*server.Server
	contacts []jid.JID
}

func newWorld(t *testing.T, b server.Behaviour, contacts int) world {
	t.Helper()
	leak.Check(t)
	w := world{Server: server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: b})}
	t.Cleanup(func() { _ = w.Close() })
	w.AddAccount(juliet, "")
	for i := range contacts {
		j := romeo
		if i > 0 {
			j = jid.MustParse(fmt.Sprintf("romeo%d@montague.lit", i))
		}
		w.AddAccount(j, "")
		w.Befriend(juliet, j, "")
		full, err := j.WithResource("orchard")
		if err != nil {
			t.Fatal(err)
		}
		w.SetOffline(full, time.Now().Add(-time.Duration(i+1)*time.Minute), fmt.Sprintf("Bye %d.", i))
		w.contacts = append(w.contacts, j)
	}
	return w
}

// logIn serves a session of Juliet's until the test ends, with her roster
// fetched and initial presence sent.
func (w world) logIn(t *testing.T, next xmpp.Handler, opts ...roster.Option) (*roster.Cache, *xmpp.Session) {
	t.Helper()
	session, err := w.Session(t.Context(), juliet)
	if err != nil {
		t.Fatal(err)
	}
	c := roster.New(session, opts...)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = session.Serve(c.Handler(next))
	}()
	t.Cleanup(func() {
		_ = c.Close()
		_ = session.Conn().Close()
		<-served
	})
	if err := c.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := session.Send(t.Context(), stanza.Presence{}.Wrap(nil)); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return c, session
}

// bubble runs f where time is not real, and where a goroutine that is left
// behind is an error.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

func TestNobodyIsAskedAfterLogin(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 500)
		c, _ := w.logIn(t, nil)
		if n := len(slices.Collect(c.Lacking())); n != 500 {
			t.Errorf("%d contacts lack details, want 500", n)
		}
		if n := w.Count(juliet, "probe"); n != 0 {
			t.Fatalf("the server has received %d probes after login", n)
		}
		contact, err := c.Open(t.Context(), romeo)
		if err != nil || contact.Status != "Bye 0." || contact.Source != roster.LastActivity {
			t.Errorf("Open = %+v, %v", contact, err)
		}
		if n := w.Count(juliet, "probe"); n != 1 {
			t.Errorf("one chat opened: %d probes, want 1", n)
		}
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if again, err := c.Open(t.Context(), romeo); err != nil || again.Status != "Bye 0." {
					t.Errorf("Open again = %+v, %v", again, err)
				}
			})
		}
		wg.Wait()
		if n := w.Count(juliet, "probe"); n != 1 {
			t.Errorf("the same chat opened ten times more: %d probes, want 1", n)
		}
		if n := len(slices.Collect(c.Lacking())); n != 499 {
			t.Errorf("%d contacts lack details, want 499", n)
		}
	})
}

func TestOpenDoesNotAskWhereNothingIsMissing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 1)
		c, _ := w.logIn(t, nil)
		w.arrive(t, romeo)
		if got, err := c.Open(t.Context(), romeo); err != nil || !got.Online {
			t.Errorf("Open = %+v, %v", got, err)
		}
		if n := w.Count(juliet, "probe"); n != 0 {
			t.Errorf("%d probes about one who is online", n)
		}
	})
}

func TestSimultaneousOpeningsAreOneProbe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Silent, 1)
		w.Hook = func(server.Question) []server.Answer { return nil }
		c, _ := w.logIn(t, nil)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if _, err := c.Open(t.Context(), romeo); !errors.Is(err, probe.ErrNoAnswer) {
					t.Errorf("Open = %v, want ErrNoAnswer", err)
				}
			})
		}
		wg.Wait()
		if n := w.Count(juliet, "probe"); n != 1 {
			t.Errorf("%d probes, want 1", n)
		}
		if s := c.Client().Stats(); s.Joined != 9 || s.Unanswered != 1 {
			t.Errorf("stats = %+v, want 9 joined, 1 unanswered", s)
		}
	})
}

func TestCoolDownAndBudget(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Silent, 12)
		c, _ := w.logIn(t, nil)
		for i, j := range w.contacts[:11] {
			_, err := c.Open(t.Context(), j)
			want := probe.ErrNoAnswer
			if i == 10 {
				want = probe.ErrBudget
			}
			// Ten ends take a second in all, far less than six.
			if !errors.Is(err, want) {
				t.Errorf("opening chat %d: %v, want %v", i, err, want)
			}
		}
		if contact, err := c.Open(t.Context(), romeo); err != nil || contact.Lack != roster.NeverHeard {
			t.Errorf("within the cool-down: %+v, %v, want what is known and no error", contact, err)
		}
		time.Sleep(time.Minute)
		if _, err := c.Open(t.Context(), romeo); !errors.Is(err, probe.ErrNoAnswer) {
			t.Errorf("after the cool-down: %v, want to have asked", err)
		}
		if n := w.Count(juliet, "probe"); n != 11 {
			t.Errorf("%d probes, want 11", n)
		}
	})
}

func TestOnlyContactsAreAsked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 1)
		c, _ := w.logIn(t, nil)
		for _, who := range []string{"tybalt@capulet.lit", "montague.lit"} {
			if _, err := c.Open(t.Context(), jid.MustParse(who)); !errors.Is(err, probe.ErrNotSubscribed) {
				t.Errorf("Open(%s) = %v, want ErrNotSubscribed", who, err)
			}
		}
		w.Push(juliet, romeo, "", "from")
		synctest.Wait()
		if _, err := c.Open(t.Context(), romeo); !errors.Is(err, probe.ErrNotSubscribed) {
			t.Errorf("Open of a contact whose subscription has ended = %v, want ErrNotSubscribed", err)
		}
		if n := w.Count(juliet, "probe"); n != 0 {
			t.Errorf("%d probes, want 0", n)
		}
	})
}

func TestOpenEnds(t *testing.T) {
	for _, tc := range []struct {
		name string
		end  func(w world, cancel func(), c *roster.Cache)
		want error
	}{
		{"when its context is cancelled", func(_ world, cancel func(), _ *roster.Cache) { cancel() }, context.Canceled},
		{"when the session is cut", func(w world, _ func(), _ *roster.Cache) { w.Cut(juliet) }, probe.ErrClosed},
		{"when the cache is closed", func(_ world, _ func(), c *roster.Cache) { _ = c.Close() }, probe.ErrClosed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld(t, server.Silent, 1)
				w.Hook = func(server.Question) []server.Answer { return nil }
				c, _ := w.logIn(t, nil)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go func() {
					time.Sleep(50 * time.Millisecond)
					tc.end(w, cancel, c)
				}()
				if _, err := c.Open(ctx, romeo); !errors.Is(err, tc.want) {
					t.Errorf("Open = %v, want %v", err, tc.want)
				}
			})
		})
	}
}

func TestAContextThatHasEndedSendsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 1)
		c, _ := w.logIn(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.Open(ctx, romeo); !errors.Is(err, context.Canceled) {
			t.Errorf("Open with a context that has ended = %v", err)
		}
		if n := w.Count(juliet, "probe"); n != 0 {
			t.Errorf("%d probes sent for a context that has ended", n)
		}
	})
}

// gate holds stanzas back for a while.
type gate struct {
	held time.Duration
	next xmpp.Handler
}

func (g *gate) HandleXMPP(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
	time.Sleep(g.held)
	return g.next.HandleXMPP(t, start)
}

func TestWhatComesAfterTheReturnIsRemembered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 2)
		session, err := w.Session(t.Context(), juliet)
		if err != nil {
			t.Fatal(err)
		}
		c := roster.New(session)
		go func() { _ = session.Serve(&gate{held: time.Second, next: c.Handler(nil)}) }()
		defer session.Conn().Close()
		if err := c.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for _, j := range w.contacts {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				if contact, err := c.Open(ctx, j); !errors.Is(err, context.DeadlineExceeded) || contact.Status != "" {
					t.Errorf("Open(%s) before the answer = %+v, %v", j, contact, err)
				}
			})
		}
		wg.Wait()
		time.Sleep(5 * time.Second)
		for i, j := range w.contacts {
			if contact, _ := c.Contact(j); contact.Status != fmt.Sprintf("Bye %d.", i) {
				t.Errorf("%s says %q after the answer has come", j, contact.Status)
			}
		}
		if n := c.Client().Stats().Sent; n != 2 {
			t.Errorf("%d probes sent, want 2", n)
		}
	})
}

// pushes counts what a client's own handler sees, and answers if told to.
type pushes struct {
	mu      sync.Mutex
	seen    int
	answers bool
}

func (p *pushes) HandleXMPP(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
	iq, err := stanza.NewIQ(*start)
	if start.Name.Local != "iq" || err != nil {
		return nil
	}
	tokens, err := xmlstream.ReadAll(t)
	if err != nil || len(tokens) < 4 {
		return fmt.Errorf("the push came in %d tokens: %v", len(tokens), err)
	}
	p.mu.Lock()
	p.seen++
	p.mu.Unlock()
	if p.answers {
		_, err = xmlstream.Copy(t, iq.Result(nil))
	}
	return err
}

func TestRosterPushes(t *testing.T) {
	for _, answers := range []bool{true, false} {
		t.Run(fmt.Sprintf("the client's handler answers: %v", answers), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld(t, server.Ejabberd, 1)
				own := &pushes{answers: answers}
				c, _ := w.logIn(t, own)
				w.Push(juliet, jid.MustParse("tybalt@capulet.lit"), "Tybalt", "both")
				synctest.Wait()
				if tybalt, ok := c.Contact(jid.MustParse("tybalt@capulet.lit")); !ok || tybalt.Name != "Tybalt" {
					t.Errorf("after a push: %+v, %v", tybalt, ok)
				}
				w.Push(juliet, romeo, "", "remove")
				synctest.Wait()
				if _, ok := c.Contact(romeo); ok {
					t.Error("a contact that was removed is still there")
				}
				if own.seen != 2 {
					t.Errorf("the client's handler saw %d pushes, want 2", own.seen)
				}
			})
		})
	}
}

func TestPresenceIsLearntAndHandedOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 1)
		var c *roster.Cache
		var seen []string
		next := xmpp.HandlerFunc(func(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
			if start.Name.Local != "presence" {
				return nil
			}
			p, err := probe.ReadPresence(xmlstream.MultiReader(xmlstream.Token(*start), t))
			known, _ := c.Contact(romeo)
			seen = append(seen, fmt.Sprintf("%s, %s, online %v, %v", p.Type, p.Status(), known.Online, err))
			return nil
		})
		session, err := w.Session(t.Context(), juliet)
		if err != nil {
			t.Fatal(err)
		}
		c = roster.New(session)
		go func() { _ = session.Serve(c.Handler(next)) }()
		if err := c.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := session.Send(t.Context(), stanza.Presence{}.Wrap(nil)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		seen = nil
		other, err := w.Session(t.Context(), romeo)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = other.Serve(nil) }()
		for _, p := range []stanza.Presence{{}, {Type: stanza.UnavailablePresence}} {
			if err := other.Send(t.Context(), p.Wrap(xmlstream.Wrap(xmlstream.Token(xml.CharData("words")),
				xml.StartElement{Name: xml.Name{Local: "status"}}))); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		want := []string{", words, online true, <nil>", "unavailable, words, online false, <nil>"}
		if !slices.Equal(seen, want) {
			t.Errorf("the client's handler saw %q, want %q", seen, want)
		}
		contact, _ := c.Contact(romeo)
		if contact.Online || contact.Status != "words" || contact.Source != roster.Live || contact.Lack != roster.Nothing {
			t.Errorf("after leaving before our eyes: %+v", contact)
		}
		_ = session.Conn().Close()
		_ = other.Conn().Close()
	})
}
