package roster_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/roster"
)

// memory is a store that lasts as long as the test, and fails if told to.
type memory struct {
	mu    sync.Mutex
	saved map[string]roster.Saved
	saves int
	edits int
	err   error
}

func (m *memory) Load(_ context.Context, account jid.JID) (roster.Saved, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.saved[account.String()], m.err
}

func (m *memory) Save(_ context.Context, account jid.JID, changes roster.Saved) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	if m.saved == nil {
		m.saved = make(map[string]roster.Saved)
	}
	m.saves++
	m.saved[account.String()] = m.saved[account.String()].Merge(changes)
	return nil
}

func (m *memory) Edit(_ context.Context, account jid.JID, edit func(roster.Record) (roster.Record, bool)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	saved := m.saved[account.String()]
	var kept []roster.Record
	for _, r := range saved.Records {
		if r, keep := edit(r); keep {
			kept = append(kept, r)
		}
	}
	if saved.Records != nil {
		saved.Records = kept
		m.saved[account.String()] = saved
		m.edits++
	}
	return nil
}

func (m *memory) Remove(_ context.Context, account jid.JID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.saved, account.String())
	return m.err
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

// count returns how many contacts are kept and how often was written.
func (m *memory) count() (records, saves int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for s := range maps.Values(m.saved) {
		records += len(s.Records)
	}
	return records, m.saves
}

func TestWhatIsKnownSurvivesARestart(t *testing.T) {
	for _, tc := range []struct {
		name   string
		opts   []roster.Option
		status string
	}{
		{"with status texts", nil, "Bye 0."},
		{"without status texts", []roster.Option{roster.WithoutStatus()}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				store := new(memory)
				opts := append(tc.opts, roster.Persist(store, nil))
				w := newWorld(t, server.Ejabberd, 3)
				c, session := w.logIn(t, nil, opts...)
				before, err := c.Open(t.Context(), romeo)
				if err != nil {
					t.Fatal(err)
				}
				if err := c.Close(); err != nil {
					t.Fatal(err)
				}
				_ = session.Conn().Close()
				time.Sleep(time.Minute)

				again, err := w.Session(t.Context(), juliet)
				if err != nil {
					t.Fatal(err)
				}
				defer again.Conn().Close()
				c = roster.New(again, opts...)
				if err := c.Load(t.Context()); err != nil {
					t.Fatal(err)
				}
				if n := len(slices.Collect(c.All())); n != 3 {
					t.Errorf("%d contacts before there is a network, want 3", n)
				}
				after, ok := c.Contact(romeo)
				if !ok || !after.LastSeen.Equal(before.LastSeen) || after.Status != tc.status ||
					after.Lack != roster.Outdated || after.Source != roster.Stored || !after.Learnt.Equal(before.Learnt) {
					t.Errorf("after the restart: %+v\nbefore it: %+v", after, before)
				}
				go func() { _ = c.Serve(nil) }()
				defer c.Close()
				if err := c.Sync(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got, err := c.Open(t.Context(), romeo); err != nil || got.Lack != roster.Nothing || got.Status != before.Status {
					t.Errorf("in a session: %+v, %v", got, err)
				}
			})
		})
	}
}

func TestChangesAreWrittenTogether(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := new(memory)
		w := newWorld(t, server.Ejabberd, 500)
		c, _ := w.logIn(t, nil, roster.Persist(store, nil))
		time.Sleep(1500 * time.Millisecond)
		if records, saves := store.count(); records != 500 || saves != 1 {
			t.Errorf("after the login %d contacts were written in %d writes, want 500 in 1", records, saves)
		}
		time.Sleep(time.Minute)
		if _, saves := store.count(); saves != 1 {
			t.Errorf("%d writes when nothing happened, want 1", saves)
		}
		if _, err := c.Open(t.Context(), romeo); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if _, saves := store.count(); saves != 2 {
			t.Errorf("Close made it %d writes, want 2", saves)
		}
	})
}

func TestAFailingStoreLosesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		broken := errors.New("no space left")
		store := &memory{err: broken}
		var mu sync.Mutex
		var told []error
		w := newWorld(t, server.Ejabberd, 3)
		session, err := w.Session(t.Context(), juliet)
		if err != nil {
			t.Fatal(err)
		}
		c := roster.New(session, roster.Persist(store, func(err error) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, err)
		}))
		go func() { _ = session.Serve(c.Handler(nil)) }()
		defer session.Conn().Close()
		if err := c.Load(t.Context()); !errors.Is(err, broken) {
			t.Errorf("Load with a store that fails = %v, want its error", err)
		}
		if err := c.Sync(t.Context()); err != nil || len(told) != 1 || !errors.Is(told[0], broken) {
			t.Errorf("Sync with a store that fails = %v, and told were %v", err, told)
		}
		if n := len(slices.Collect(c.All())); n != 3 {
			t.Errorf("%d contacts, want 3 although the store fails", n)
		}
		time.Sleep(30 * time.Second)
		mu.Lock()
		if len(told) < 4 || len(told) > 7 || !errors.Is(told[0], broken) {
			t.Errorf("told of %d failures in 30 s, the first %v", len(told), told[0])
		}
		mu.Unlock()
		store.fail(nil)
		time.Sleep(time.Minute)
		if records, saves := store.count(); records != 3 || saves != 1 {
			t.Errorf("when the store works again: %d contacts in %d writes, want 3 in 1", records, saves)
		}
		if err := c.Sync(t.Context()); err != nil {
			t.Errorf("Sync when the store works again = %v", err)
		}
		store.fail(broken)
		w.Push(juliet, jid.MustParse("tybalt@capulet.lit"), "", "both")
		synctest.Wait()
		if err := c.Close(); !errors.Is(err, broken) {
			t.Errorf("Close with a store that fails = %v, want its error", err)
		}
	})
}

func TestWhatAContactNoLongerSharesIsForgottenForGood(t *testing.T) {
	for _, subscription := range []string{"from", "none", "remove"} {
		t.Run(subscription, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				store := new(memory)
				w := newWorld(t, server.Ejabberd, 1)
				c, _ := w.logIn(t, nil, roster.Persist(store, nil))
				if contact, err := c.Open(t.Context(), romeo); err != nil || contact.Status == "" {
					t.Fatalf("Open = %+v, %v", contact, err)
				}
				time.Sleep(2 * time.Second)
				w.Push(juliet, romeo, "", subscription)
				time.Sleep(2 * time.Second)
				saved, _ := store.Load(t.Context(), juliet.Bare())
				if len(saved.Records) != 1 {
					t.Fatalf("kept: %+v", saved)
				}
				if r := saved.Records[0]; r.Subscription != subscription || r.Seen != (roster.Departure{}) ||
					r.Told != (roster.Departure{}) || !r.Learnt.IsZero() {
					t.Errorf("kept: %+v, want nothing but the item", r)
				}
				w.Push(juliet, romeo, "", "both")
				synctest.Wait()
				if contact, _ := c.Contact(romeo); contact.Status != "" || contact.Lack != roster.NeverHeard {
					t.Errorf("subscribed anew: %+v, want nothing of before", contact)
				}
			})
		})
	}
}

func TestARemovedContactDoesNotComeBackFromTheStore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := new(memory)
		w := newWorld(t, server.Ejabberd, 2)
		c, session := w.logIn(t, nil, roster.Persist(store, nil))
		w.Push(juliet, romeo, "", "remove")
		synctest.Wait()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		_ = session.Conn().Close()
		c, _ = w.logIn(t, nil, roster.Persist(store, nil))
		if err := c.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, ok := c.Contact(romeo); ok || len(slices.Collect(c.All())) != 1 {
			t.Errorf("after the restart: %v", slices.Collect(c.All()))
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		other := w.contacts[1]
		if err := store.Save(t.Context(), juliet.Bare(), roster.Saved{Records: []roster.Record{{
			JID: other, Subscription: "remove", Listed: time.Now().Add(time.Second), Since: time.Now().Add(time.Second)}}}); err != nil {
			t.Fatal(err)
		}
		again, err := w.Session(t.Context(), juliet)
		if err != nil {
			t.Fatal(err)
		}
		defer again.Conn().Close()
		time.Sleep(time.Minute)
		c = roster.New(again, roster.Persist(store, nil))
		if err := c.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, ok := c.Contact(other); ok {
			t.Error("a contact that another process saw removed came back")
		}
	})
}

func TestACloseWhileTheStoreWritesEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &slow{started: make(chan struct{}, 10)}
		w := newWorld(t, server.Ejabberd, 1)
		c, session := w.logIn(t, nil, roster.Persist(store, nil))
		<-store.started
		begin := time.Now()
		if err := c.Close(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close with a store that never ends = %v", err)
		}
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("Close took %v", took)
		}
		if err := session.Send(t.Context(), stanza.Presence{}.Wrap(nil)); err != nil {
			t.Errorf("the session ended with the cache: %v", err)
		}
	})
}

// slow is a store that writes until it is told to stop.
type slow struct {
	memory
	started chan struct{}
}

func (s *slow) Save(ctx context.Context, _ jid.JID, _ roster.Saved) error {
	s.started <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

func TestWhatIsHeardBeforeTheRosterIsKept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := new(memory)
		w := newWorld(t, server.Ejabberd, 1)
		c, s := w.logIn(t, nil, roster.Persist(store, nil))
		_ = c.Close()
		_ = s.Conn().Close()
		time.Sleep(time.Minute)
		s, err := w.Session(t.Context(), juliet)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Conn().Close()
		c = roster.New(s, roster.Persist(store, nil))
		go func() { _ = s.Serve(c.Handler(nil)) }()
		if err := s.Send(t.Context(), stanza.Presence{}.Wrap(nil)); err != nil {
			t.Fatal(err)
		}
		leaving := w.arrive(t, romeo)
		if err := leaving.Send(t.Context(), stanza.Presence{Type: stanza.UnavailablePresence}.Wrap(nil)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := c.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		known, _ := c.Contact(romeo)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		saved, _ := store.Load(t.Context(), juliet.Bare())
		if r := saved.Records[0]; known.LastSeen.IsZero() || !r.Seen.At.Equal(known.LastSeen) {
			t.Errorf("known: last seen %v, kept: %+v", known.LastSeen, r)
		}
	})
}
