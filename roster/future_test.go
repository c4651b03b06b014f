package roster_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/roster"
)

// ahead moves all that a store keeps into the future, as if it had been written
// while our clock was ahead.
func ahead(m *memory, d time.Duration) {
	later := func(t *time.Time) {
		if !t.IsZero() {
			*t = t.Add(d)
		}
	}
	for account, saved := range m.saved {
		later(&saved.Synced)
		for i := range saved.Records {
			r := &saved.Records[i]
			for _, t := range []*time.Time{&r.Listed, &r.Since, &r.Online, &r.Learnt, &r.Seen.At, &r.Seen.Heard, &r.Told.At, &r.Told.Heard} {
				later(t)
			}
		}
		m.saved[account] = saved
	}
}

func TestFactsFromAClockThatWasAheadAreNotKnown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 2)
		store := new(memory)
		first := w.offline(t, roster.Persist(store, nil))
		w.serve(t, first)
		known, err := first.Open(t.Context(), romeo)
		if err != nil {
			t.Fatal(err)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		ahead(store, time.Hour)

		second := w.offline(t, roster.Persist(store, nil))
		if err := second.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, ok := second.Contact(romeo); !ok || !got.LastSeen.IsZero() || got.Status != "" || got.Lack == roster.Nothing {
			t.Errorf("kept in the future: %t, %+v", ok, got)
		}
		w.serve(t, second)
		if got, err := second.Open(t.Context(), romeo); err != nil || got.Status != known.Status || got.Lack != roster.Nothing {
			t.Errorf("Open = %+v, %v", got, err)
		}
		w.Push(juliet, romeo, "Romeo", "both")
		synctest.Wait()
		if err := second.Close(); err != nil {
			t.Fatal(err)
		}

		third := w.offline(t, roster.Persist(store, nil))
		if err := third.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, _ := third.Contact(romeo)
		if got.LastSeen.Sub(known.LastSeen).Abs() > time.Second || got.Status != known.Status || got.Name != "Romeo" {
			t.Errorf("after what was heard since: %+v, want %v and the name", got, known.LastSeen)
		}
	})
}

// Details that a store kept of a contact whose subscription has ended do not come
// back, even if the store could be read only later.
func TestAStoreThatIsReadLateBringsNothingBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 1)
		store := new(memory)
		first := w.offline(t, roster.Persist(store, nil))
		w.serve(t, first)
		if got, err := first.Open(t.Context(), romeo); err != nil || got.Status == "" {
			t.Fatalf("Open = %+v, %v", got, err)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		store.fail(errors.New("locked"))
		c := w.offline(t, roster.Persist(store, nil))
		w.serve(t, c)
		for _, subscription := range []string{"from", "both"} {
			w.Push(juliet, romeo, "", subscription)
			synctest.Wait()
		}
		store.fail(nil)
		if err := c.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, _ := c.Contact(romeo); got.Lack != roster.NeverHeard || got.Status != "" {
			t.Errorf("after the store was read: %+v", got)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if r := store.saved[juliet.Bare().String()].Records[0]; r.Told.Status != "" || r.Seen.Status != "" {
			t.Errorf("kept: %+v", r)
		}
	})
}
