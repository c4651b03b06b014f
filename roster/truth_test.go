package roster_test

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

// serve has the cache serve a new session of Juliet's, with her roster fetched
// and initial presence sent, and returns what ends the session.
func (w world) serve(t *testing.T, c *roster.Cache) (end func()) {
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
		_ = c.Serve(nil)
	}()
	end = func() {
		_ = s.Conn().Close()
		<-served
	}
	t.Cleanup(end)
	if err := c.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), stanza.Presence{}.Wrap(nil)); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return end
}

// offline returns a cache of Juliet's that is closed when the test ends.
func (w world) offline(t *testing.T, opts ...roster.Option) *roster.Cache {
	t.Helper()
	c := roster.Offline(juliet, opts...)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// collect gathers news until the test ends, and returns what came since the
// last call.
func collect(t *testing.T, c *roster.Cache) func() [][2]roster.Contact {
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	var news [][2]roster.Contact
	done := make(chan struct{})
	changes := c.Watch(ctx)
	go func() {
		defer close(done)
		for now, before := range changes {
			mu.Lock()
			news = append(news, [2]roster.Contact{now, before})
			mu.Unlock()
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return func() [][2]roster.Contact {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		got := news
		news = nil
		return got
	}
}

func TestTheEndOfASessionMakesEverythingStaleAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.ProsodyStamps, 2)
		c := w.offline(t)
		news := collect(t, c)
		end := w.serve(t, c)
		w.arrive(t, romeo)
		if got, err := c.Open(t.Context(), w.contacts[1]); err != nil || got.Lack != roster.Nothing {
			t.Fatalf("Open = %+v, %v", got, err)
		}
		news()
		end()
		for _, j := range w.contacts {
			if got, _ := c.Contact(j); got.Lack != roster.Outdated {
				t.Errorf("%s after the session: %v, want outdated", j, got.Lack)
			}
		}
		got := news()
		if len(got) != 2 {
			t.Fatalf("%d contacts were told, want 2: %+v", len(got), got)
		}
		for _, change := range got {
			if change[1].Lack != roster.Nothing || change[0].Lack != roster.Outdated {
				t.Errorf("news: %v after %v", change[0].Lack, change[1].Lack)
			}
		}
		if _, err := c.Open(t.Context(), romeo); !errors.Is(err, probe.ErrClosed) {
			t.Errorf("Open = %v, want ErrClosed", err)
		}
	})
}

func TestNobodyIsKnownToBeOfflineWithoutASession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.ProsodyStock, 2)
		store := new(memory)
		c := w.offline(t, roster.Persist(store, nil))
		end := w.serve(t, c)
		w.arrive(t, romeo)
		if got, _ := c.Contact(w.contacts[1]); got.Lack != roster.NoDetails {
			t.Fatalf("in the session: %+v, want no details", got)
		}
		news := collect(t, c)
		end()
		if got, _ := c.Contact(w.contacts[1]); got.Lack != roster.Outdated {
			t.Errorf("after the session: %v, want outdated", got.Lack)
		}
		if n := news(); len(n) != 2 {
			t.Errorf("%d contacts were told, want 2: %+v", len(n), n)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		again := w.offline(t, roster.Persist(store, nil))
		if err := again.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, _ := again.Contact(romeo); got.OnlineAt.IsZero() || got.Lack != roster.Outdated {
			t.Errorf("read back, who was online: %+v, want outdated", got)
		}
		if got, _ := again.Contact(w.contacts[1]); got.Lack == roster.NoDetails || got.Lack == roster.Nothing {
			t.Errorf("read back, who was offline: %v", got.Lack)
		}
	})
}

func TestOpenChecksWhetherTheSessionIsOver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.ProsodyStamps, 1)
		c, session := w.logIn(t, nil)
		w.arrive(t, romeo)
		_ = session.Conn().Close()
		time.Sleep(time.Hour)
		got, err := c.Open(t.Context(), romeo)
		if !errors.Is(err, probe.ErrClosed) || got.Lack != roster.Outdated {
			t.Errorf("Open = %v, %v, want outdated and ErrClosed", got.Lack, err)
		}
	})
}

func TestAContactThatTheLoginDoesNotMentionIsOffline(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 2)
		c := w.offline(t)
		end := w.serve(t, c)
		session := w.arrive(t, romeo)
		end()
		if err := session.Conn().Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		news := collect(t, c)
		w.serve(t, c)
		if got, _ := c.Contact(romeo); got.Lack == roster.Nothing {
			t.Errorf("right after the login: %+v, want something to be missing", got)
		}
		news()
		time.Sleep(10 * time.Second)
		got, _ := c.Contact(romeo)
		if got.Online || !got.LastSeen.IsZero() || got.OnlineAt.IsZero() || got.Lack != roster.NoDetails {
			t.Errorf("once the presences of the login are in: %+v", got)
		}
		if n := news(); !slices.ContainsFunc(n, func(change [2]roster.Contact) bool {
			return change[0].JID.Equal(romeo) && change[1].Online && !change[0].Online
		}) {
			t.Errorf("news: %+v, want that Romeo is offline", n)
		}
		if got, err := c.Open(t.Context(), romeo); err != nil || got.Online || got.Lack != roster.Nothing {
			t.Errorf("Open = %+v, %v", got, err)
		}
	})
}

func TestWhileOurPresenceIsUnavailableNothingIsKnown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.ProsodyStamps, 1)
		c := w.offline(t)
		w.serve(t, c)
		w.arrive(t, romeo)
		c.SetAvailable(false)
		if got, _ := c.Contact(romeo); got.Lack != roster.Outdated {
			t.Errorf("while unavailable: %v, want outdated", got.Lack)
		}
		c.SetAvailable(true)
		if got, _ := c.Contact(romeo); got.Lack != roster.Outdated {
			t.Errorf("before the server has told: %v, want outdated", got.Lack)
		}
	})
}

func TestACacheBeforeThereIsASession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := new(memory)
		w := newWorld(t, server.Ejabberd, 1)
		first := w.offline(t, roster.Persist(store, nil))
		w.serve(t, first)
		known, err := first.Open(t.Context(), romeo)
		if err != nil {
			t.Fatal(err)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		c := w.offline(t, roster.Persist(store, nil))
		if err := c.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, ok := c.Contact(romeo)
		if !ok || got.Status != known.Status || !got.LastSeen.Equal(known.LastSeen) || got.Lack != roster.Outdated || got.Source != roster.Stored {
			t.Errorf("before there is a session: %+v", got)
		}
		if c.Len() != 1 || c.Client() != nil || len(c.Own()) != 0 {
			t.Error("a cache without a session")
		}
		for name, call := range map[string]func() error{
			"Open":  func() error { _, err := c.Open(t.Context(), romeo); return err },
			"Sync":  func() error { return c.Sync(t.Context()) },
			"Serve": func() error { return c.Serve(nil) },
			"Sift":  func() error { return c.Sift(t.Context()) },
		} {
			if err := call(); !errors.Is(err, probe.ErrClosed) {
				t.Errorf("%s = %v, want ErrClosed", name, err)
			}
		}
		if err := c.Connect(nil); err == nil {
			t.Error("Connect took no session")
		}
	})
}

func TestOpenSaysWhatToDo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 1)
		session, err := w.Session(t.Context(), juliet)
		if err != nil {
			t.Fatal(err)
		}
		c := roster.New(session)
		t.Cleanup(func() { _ = c.Close(); _ = session.Conn().Close() })
		if _, err := c.Open(t.Context(), romeo); !errors.Is(err, roster.ErrNotSynced) {
			t.Errorf("Open before Sync = %v", err)
		}
		if _, err := c.Open(t.Context(), jid.JID{}); err == nil || errors.Is(err, probe.ErrNotSubscribed) {
			t.Errorf("Open of nobody = %v", err)
		}
		if got, err := c.Open(t.Context(), juliet); err != nil || !got.JID.Equal(juliet.Bare()) {
			t.Errorf("Open of the session's account = %+v, %v", got, err)
		}
	})
}

func TestHeardMovesOnlineAtAndLastSeen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 1)
		c := w.offline(t)
		w.serve(t, c)
		before, err := c.Open(t.Context(), romeo)
		if err != nil {
			t.Fatal(err)
		}
		c.Heard(romeo, before.LastSeen.Add(-time.Minute))
		if got, _ := c.Contact(romeo); !got.LastSeen.Equal(before.LastSeen) || got.Status != before.Status {
			t.Errorf("a message of before: %+v", got)
		}
		now := time.Now()
		c.Heard(romeo, now.Add(time.Hour))
		if got, _ := c.Contact(romeo); got.OnlineAt.After(now) {
			t.Errorf("a message of the future: %+v", got)
		}
		c.Heard(romeo, now)
		got, _ := c.Contact(romeo)
		if got.Online || !got.OnlineAt.Equal(now) || !got.LastSeen.Equal(now) || got.Status != "" || got.Lack == roster.Nothing {
			t.Errorf("a message of now: %+v", got)
		}
	})
}

func TestRefreshProbesAContactThatSeemsOnline(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.ProsodyStamps, 1)
		c := w.offline(t, roster.Probing(probe.CoolDown(time.Minute)))
		w.serve(t, c)
		w.arrive(t, romeo)
		for range 2 {
			if got, err := c.Refresh(t.Context(), romeo); err != nil || !got.Online {
				t.Errorf("Refresh = %+v, %v", got, err)
			}
		}
		if n := w.Count(juliet, server.Probes); n != 1 {
			t.Errorf("%d probes, want 1 within the cool-down", n)
		}
	})
}

func TestCompareOrdersAContactList(t *testing.T) {
	at := func(h int) time.Time { return time.Date(2012, 9, 10, h, 0, 0, 0, time.UTC) }
	online := func(show string) []roster.Resource { return []roster.Resource{{Name: "x", Show: show}} }
	want := []roster.Contact{
		{Name: "Chatty", Online: true, Resources: online("chat")},
		{Name: "adam", Online: true, Resources: append(online("dnd"), online("")...)},
		{Name: "Gateway", Online: true},
		{Name: "Away", Online: true, Resources: online("away")},
		{Name: "Long away", Online: true, Resources: online("xa")},
		{Name: "Busy", Online: true, Resources: online("dnd")},
		{Name: "Noon", LastSeen: at(12)},
		{Name: "Morning", LastSeen: at(8)},
		{Name: "Anna"},
		{JID: jid.MustParse("berta@example.org")},
		{Name: "Zoe", JID: jid.MustParse("a@example.org")},
		{Name: "zoe", JID: jid.MustParse("b@example.org")},
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, roster.Compare)
	for i := range want {
		if got[i].Name != want[i].Name {
			t.Errorf("place %d: %q, want %q", i, got[i].Name, want[i].Name)
		}
	}
}

func TestSetRosterReplacesSync(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 1)
		session, err := w.Session(t.Context(), juliet)
		if err != nil {
			t.Fatal(err)
		}
		c := roster.New(session)
		served := make(chan struct{})
		go func() { defer close(served); _ = c.Serve(nil) }()
		t.Cleanup(func() { _ = c.Close(); _ = session.Conn().Close(); <-served })
		c.SetRoster([]roster.Item{{JID: romeo, Name: "Romeo", Subscription: "both"}, {JID: jid.MustParse("nurse@capulet.lit")}}, "v1")
		if got, err := c.Open(t.Context(), romeo); err != nil || got.Name != "Romeo" || got.Status != "Bye 0." {
			t.Errorf("Open = %+v, %v", got, err)
		}
		if got, _ := c.Contact(jid.MustParse("nurse@capulet.lit")); got.Subscription != "none" {
			t.Errorf("an item without a subscription: %+v", got)
		}
		c.SetRoster([]roster.Item{{JID: romeo, Subscription: "both"}}, "v2")
		if c.Len() != 1 {
			t.Errorf("%d contacts, want 1", c.Len())
		}
	})
}

func TestOpeningAGatewayReportsItsStartTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.ProsodyStamps, 0)
		gateway := jid.MustParse("montague.lit")
		c := w.offline(t)
		w.serve(t, c)
		c.SetRoster([]roster.Item{{JID: gateway, Subscription: "both"}}, "")
		time.Sleep(time.Hour)
		got, err := c.Open(t.Context(), gateway)
		if err != nil || got.Up.IsZero() || time.Since(got.Up) < time.Hour {
			t.Errorf("Open = %+v, %v, want when it came up, an hour ago or more", got, err)
		}
		again, err := c.Open(t.Context(), gateway)
		if err != nil || !again.Up.Equal(got.Up) || w.Count(juliet, server.Probes) != 1 {
			t.Errorf("Open again = %+v, %v, after %d probes", again, err, w.Count(juliet, server.Probes))
		}
	})
}

func TestChildrenOfAResource(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.ProsodyStamps, 1)
		c := w.offline(t, roster.KeepChildren())
		w.serve(t, c)
		session := w.arrive(t, romeo)
		if _, err := session.Conn().Write([]byte("<presence><c xmlns='http://jabber.org/protocol/caps' node='n' ver='v'/></presence>")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		got, _ := c.Contact(romeo)
		if len(got.Resources) != 1 {
			t.Fatalf("known: %+v", got)
		}
		for range 2 {
			tok, err := got.Resources[0].Children().Token()
			if start, ok := tok.(xml.StartElement); !ok || start.Name.Local != "c" || err != nil {
				t.Errorf("the first child is %v, %v", tok, err)
			}
		}
		if tok, err := (roster.Resource{}).Children().Token(); tok != nil || err != io.EOF {
			t.Errorf("of no resource: %v, %v", tok, err)
		}
	})
}

func TestAllFollowsTheRoster(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.ProsodyStamps, 3)
		c := w.offline(t)
		w.serve(t, c)
		names := func() (all []string) {
			for contact := range c.All() {
				all = append(all, contact.JID.String())
			}
			return all
		}
		want := []string{"romeo1@montague.lit", "romeo2@montague.lit", "romeo@montague.lit"}
		if got := names(); !slices.Equal(got, want) {
			t.Errorf("all: %q", got)
		}
		w.Push(juliet, w.contacts[1], "", "remove")
		synctest.Wait()
		if got := names(); !slices.Equal(got, want[1:]) || c.Len() != 2 {
			t.Errorf("after one was removed: %q", got)
		}
		w.Push(juliet, w.contacts[1], "", "both")
		synctest.Wait()
		if got := names(); !slices.Equal(got, want) || c.Len() != 3 {
			t.Errorf("after it was added: %q", got)
		}
	})
}

// plain is a store that cannot erase a part of what it keeps.
type plain struct{ *memory }

func (plain) Edit() {}

func TestForgetOfAStoreThatCannotEdit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 1)
		store := plain{new(memory)}
		c := w.offline(t, roster.Persist(store, nil))
		w.serve(t, c)
		if got, err := c.Open(t.Context(), romeo); err != nil || got.Status == "" {
			t.Fatalf("Open = %+v, %v", got, err)
		}
		time.Sleep(5 * time.Second)
		if err := c.Forget(t.Context(), romeo); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if r := store.saved[juliet.Bare().String()].Records[0]; r.Told.Status != "" || r.Subscription != "both" {
			t.Errorf("kept: %+v", r)
		}
	})
}
