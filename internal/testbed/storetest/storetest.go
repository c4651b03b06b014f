// Package storetest has the tests that every [roster.Store] must pass.
package storetest

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/roster"
)

// Account is the account whose contacts the tests store.
var Account = jid.MustParse("juliet@capulet.lit")

// Changes invents changes of a few contacts, so that changes of the same
// contact occur.
func Changes(r *rand.Rand) roster.Saved {
	at := func() time.Time {
		if r.IntN(5) == 0 {
			return time.Time{}
		}
		return time.Date(2012, 9, 10, 23, 41, r.IntN(8), r.IntN(3)*1000, time.UTC)
	}
	text := func() string { return []string{"", "bye", "Z", "ä", "a b", "𝄞", "\"%'\\"}[r.IntN(7)] }
	flag := func() bool { return r.IntN(2) == 0 }
	departure := func() roster.Departure {
		if r.IntN(3) == 0 {
			return roster.Departure{}
		}
		return roster.Departure{At: at(), Heard: at(), Stamp: at(), Resource: text(), Status: text(), Text: text(),
			Cause: roster.Cause(r.IntN(3)), Settled: flag(), Ours: flag(), Bounded: flag()}
	}
	var s roster.Saved
	if r.IntN(2) == 0 {
		s.Version, s.Synced = text(), at()
	}
	for i := range r.IntN(6) {
		if r.IntN(2) == 0 {
			continue
		}
		rec := roster.Record{
			JID:          jid.MustParse(fmt.Sprintf("contact%d@montague.lit", i)),
			Listed:       at(),
			Name:         text(),
			Subscription: []string{"none", "to", "from", "both", "remove"}[r.IntN(5)],
			Ask:          r.IntN(2) == 0,
			Approved:     r.IntN(2) == 0,
			Seen:         departure(),
			Told:         departure(),
			Online:       at(),
			Learnt:       at(),
			Words:        []string{text()},
		}
		for range r.IntN(3) {
			rec.Groups = append(rec.Groups, text())
		}
		if r.IntN(2) == 0 {
			rec.Since = at()
		}
		s.Records = append(s.Records, rec)
	}
	return s
}

// Run runs the tests on stores that open returns, each of which is empty.
func Run(t *testing.T, open func(t testing.TB) roster.Store) {
	t.Run("nothing is kept at first", func(t *testing.T) {
		expect(t, open(t), Account, roster.Saved{})
	})
	t.Run("what is saved is merged", func(t *testing.T) {
		for seed := range uint64(20) {
			r := rand.New(rand.NewPCG(seed, 1))
			s := open(t)
			if err := s.Remove(t.Context(), Account); err != nil {
				t.Fatal(err)
			}
			var want roster.Saved
			for range 30 {
				changes := Changes(r)
				want = want.Merge(changes)
				save(t, s, Account, changes)
				if r.IntN(3) == 0 {
					save(t, s, Account, changes)
				}
				expect(t, s, Account, want)
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		}
	})
	t.Run("accounts do not mix, and are forgotten", func(t *testing.T) {
		s := open(t)
		r := rand.New(rand.NewPCG(1, 2))
		accounts := []jid.JID{Account, jid.MustParse("romeo@montague.lit"), jid.MustParse("capulet.lit"),
			jid.MustParse("d+artagnan@musketeers.lit"), jid.MustParse("ärger@bücher.example")}
		wants := make([]roster.Saved, len(accounts))
		for i, a := range accounts {
			changes := Changes(r)
			changes.Records = append(changes.Records, roster.Record{JID: jid.MustParse("nurse@capulet.lit"), Name: a.String()})
			wants[i] = wants[i].Merge(changes)
			full, err := a.WithResource("balcony")
			if err != nil {
				t.Fatal(err)
			}
			save(t, s, full, changes) // a resource does not count
		}
		for i, a := range accounts {
			expect(t, s, a, wants[i])
		}
		for range 2 {
			if err := s.Remove(t.Context(), accounts[0]); err != nil {
				t.Fatal(err)
			}
		}
		expect(t, s, accounts[0], roster.Saved{})
		expect(t, s, accounts[1], wants[1])
	})
	t.Run("what the clock of who saves calls the future is dropped", func(t *testing.T) {
		s := open(t)
		now := time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC)
		record := func(name string, at time.Time) roster.Record {
			return roster.Record{JID: jid.MustParse("romeo@montague.lit"), Listed: at, Name: name, Subscription: "both", Since: at,
				Seen: roster.Departure{Heard: at, At: at, Ours: true, Status: name}, Online: at, Learnt: at}
		}
		save(t, s, Account, roster.Saved{Version: "late", Synced: now.AddDate(1, 0, 0), Records: []roster.Record{record("late", now.AddDate(1, 0, 0))}})
		want := roster.Saved{Version: "now", Synced: now, Records: []roster.Record{record("now", now)}}
		changes := want
		changes.At = now
		save(t, s, Account, changes)
		expect(t, s, Account, want)
	})
	t.Run("records are edited and forgotten", func(t *testing.T) { edits(t, open(t)) })
	t.Run("many write at once", func(t *testing.T) {
		s := open(t)
		var wg sync.WaitGroup
		var want roster.Saved
		for writer := range uint64(8) {
			r := rand.New(rand.NewPCG(writer, 3))
			for range 10 {
				want = want.Merge(Changes(r))
			}
			wg.Go(func() {
				r := rand.New(rand.NewPCG(writer, 3))
				for range 10 {
					if err := s.Save(t.Context(), Account, Changes(r)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		expect(t, s, Account, want)
	})
}

func edits(t *testing.T, store roster.Store) {
	s := store.(roster.Editor)
	nothing := func(roster.Record) (roster.Record, bool) {
		t.Error("a record of nobody")
		return roster.Record{}, false
	}
	if err := s.Edit(t.Context(), Account, nothing); err != nil {
		t.Fatal(err)
	}
	other := jid.MustParse("romeo@montague.lit")
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 6))
		var kept roster.Saved
		for range 5 {
			kept = kept.Merge(Changes(r))
		}
		if err := s.Remove(t.Context(), Account); err != nil {
			t.Fatal(err)
		}
		save(t, s, Account, kept)
		save(t, s, other, kept)
		edit := func(r roster.Record) (roster.Record, bool) {
			r.Seen.Status, r.Told.Status = "", ""
			return r, r.Subscription != "remove"
		}
		if err := s.Edit(t.Context(), Account, edit); err != nil {
			t.Fatal(err)
		}
		want := kept
		want.Records = nil
		for _, r := range kept.Records {
			if r, keep := edit(r); keep {
				want.Records = append(want.Records, r)
			}
		}
		expect(t, s, Account, want)
		expect(t, s, other, kept)
		if err := s.Remove(t.Context(), other); err != nil {
			t.Fatal(err)
		}
	}
}

func save(t *testing.T, s roster.Store, account jid.JID, changes roster.Saved) {
	t.Helper()
	if err := s.Save(t.Context(), account, changes); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, s roster.Store, account jid.JID, want roster.Saved) {
	t.Helper()
	got, err := s.Load(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	if !Equal(got, want) {
		t.Errorf("kept: %+v\nwant: %+v", got, want)
	}
}

// Equal reports whether a and b mean the same, in whichever order their records
// are.
func Equal(a, b roster.Saved) bool {
	a, b = a.Merge(roster.Saved{}), b.Merge(roster.Saved{})
	return a.Version == b.Version && a.Synced.Equal(b.Synced) && reflect.DeepEqual(a.Records, b.Records)
}
