package roster_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/roster"
)

// words is a store that has a contact who said something.
func words(listed time.Time) *memory {
	said := listed.Add(time.Second)
	return &memory{saved: map[string]roster.Saved{juliet.Bare().String(): {Records: []roster.Record{{
		JID: romeo, Listed: listed, Subscription: "both",
		Seen:   roster.Departure{Heard: said, At: said, Ours: true, Status: "Bye", Settled: true},
		Told:   roster.Departure{Heard: said, At: said, Ours: true, Status: "Bye"},
		Learnt: said,
	}}}}}
}

func TestStatusTextsThatWereKeptAreErased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := words(time.Now())
		time.Sleep(time.Hour)
		c := roster.Offline(juliet, roster.Persist(store, nil), roster.WithoutStatus())
		if err := c.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		if contact, _ := c.Contact(romeo); contact.Status != "" || contact.LastSeen.IsZero() {
			t.Errorf("known: %+v", contact)
		}
		store.fail(errors.New("busy"))
		time.Sleep(10 * time.Second)
		store.fail(nil)
		time.Sleep(time.Minute)
		saved, _ := store.Load(t.Context(), juliet.Bare())
		if r := saved.Records[0]; r.Seen.Status != "" || r.Told.Status != "" || r.Seen.Settled || r.Seen.At.IsZero() || store.edits != 1 {
			t.Errorf("after %d edits it is kept: %+v", store.edits, r)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		c = roster.Offline(juliet, roster.Persist(store, nil), roster.WithoutStatus())
		if err := c.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil || store.edits != 1 {
			t.Errorf("%d edits when there was nothing to erase, %v", store.edits-1, err)
		}
	})
}

func TestRemovedContactsAreForgottenInTime(t *testing.T) {
	const day = 24 * time.Hour
	for _, tc := range []struct {
		opts []roster.Option
		days int
		left bool
	}{
		{nil, 89, true},
		{nil, 91, false},
		{[]roster.Option{roster.Retention(7 * day)}, 6, true},
		{[]roster.Option{roster.Retention(7 * day)}, 8, false},
		{[]roster.Option{roster.Retention(0)}, 89, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			store := words(time.Now())
			removed := roster.Record{JID: jid.MustParse("tybalt@capulet.lit"), Listed: time.Now().UTC(), Since: time.Now().UTC(), Subscription: "remove"}
			if err := store.Save(t.Context(), juliet.Bare(), roster.Saved{Records: []roster.Record{removed}}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(tc.days) * day)
			c := roster.Offline(juliet, append(tc.opts, roster.Persist(store, nil))...)
			if err := c.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			records, _ := store.count()
			if want := map[bool]int{true: 2, false: 1}[tc.left]; records != want || c.Len() != 1 {
				t.Errorf("after %d days %d records are kept, want %d; %d contacts are known", tc.days, records, want, c.Len())
			}
		})
	}
}

func TestAForgottenContactIsKnownNowhere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := new(memory)
		w := newWorld(t, server.Ejabberd, 2)
		c, _ := w.logIn(t, nil, roster.Persist(store, nil))
		if contact, err := c.Open(t.Context(), romeo); err != nil || contact.Status == "" {
			t.Fatalf("Open = %+v, %v", contact, err)
		}
		time.Sleep(2 * time.Second)
		// Another process knows it, too, and writes it once more.
		before, _ := store.Load(t.Context(), juliet.Bare())
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var told []roster.Contact
		go func() {
			for contact := range c.Watch(ctx) {
				told = append(told, contact)
			}
		}()
		synctest.Wait()
		full, err := romeo.WithResource("orchard")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Forget(t.Context(), full); err != nil {
			t.Fatal(err)
		}
		check := func(when string) {
			t.Helper()
			if contact, ok := c.Contact(romeo); !ok || contact.Status != "" || !contact.LastSeen.IsZero() || contact.Lack != roster.NeverHeard {
				t.Errorf("%s it is known: %+v, %v", when, contact, ok)
			}
			saved, _ := store.Load(t.Context(), juliet.Bare())
			for _, r := range saved.Records {
				if r.JID.Equal(romeo) && (r.Seen != roster.Departure{} || r.Told != roster.Departure{} || !r.Learnt.IsZero() || !r.Online.IsZero() || r.Subscription == "remove") {
					t.Errorf("%s it is kept: %+v", when, r)
				}
			}
		}
		check("at once")
		if err := store.Save(t.Context(), juliet.Bare(), before); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		check("later")
		if len(told) == 0 || !told[len(told)-1].JID.Equal(romeo) {
			t.Errorf("watchers were told %v", told)
		}
		time.Sleep(time.Minute) // the cool-down
		if contact, err := c.Open(t.Context(), romeo); err != nil || contact.Status == "" {
			t.Errorf("Open afterwards = %+v, %v", contact, err)
		}
	})
}

func TestARemovedContactIsForgottenWithItsAddress(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := new(memory)
		w := newWorld(t, server.Ejabberd, 2)
		c, _ := w.logIn(t, nil, roster.Persist(store, nil))
		time.Sleep(2 * time.Second)
		w.Push(juliet, romeo, "", "remove")
		synctest.Wait() // and the removal waits to be kept
		broken := errors.New("no space left")
		store.fail(broken)
		if err := c.Forget(t.Context(), romeo); !errors.Is(err, broken) {
			t.Errorf("Forget with a store that fails = %v", err)
		}
		store.fail(nil)
		if err := c.Forget(t.Context(), romeo); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		saved, _ := store.Load(t.Context(), juliet.Bare())
		for _, r := range saved.Records {
			if r.JID.Equal(romeo) {
				t.Errorf("kept: %+v", r)
			}
		}
		if len(saved.Records) != 1 {
			t.Errorf("%d records are kept, want that of the other contact", len(saved.Records))
		}
	})
}
