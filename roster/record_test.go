package roster

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"example.org/lastpresence/roster/internal/judge"
)

// hearings plays random presence of one contact to what a process knows of it.
func hearings(t testing.TB, r *rand.Rand, k *judge.Knowledge, at time.Time) time.Time {
	for range r.IntN(6) {
		at = at.Add(time.Duration(1+r.IntN(600)) * time.Second)
		typ := []string{"", " type='unavailable'"}[r.IntN(2)]
		from := []string{"", "/orchard", "/balcony"}[r.IntN(3)]
		status := []string{"", "<status>Bye.</status>", "<status>Gone.</status>"}[r.IntN(3)]
		stamp := ""
		if r.IntN(3) == 0 {
			stamp = "<delay xmlns='urn:xmpp:delay' from='montague.lit' stamp='" + at.Add(-time.Duration(r.IntN(900))*time.Second).Format(time.RFC3339) + "'/>"
		}
		p := read(t, at, "<presence xmlns='jabber:client' from='romeo@montague.lit"+from+"'"+typ+">"+status+stamp+"</presence>")
		k.Presence(&p, judge.Hearing{At: judge.MomentOf(at), Epoch: 1, Source: judge.Live}, false)
	}
	return at
}

// FuzzProcessesConverge holds for every number of processes that know something
// of one contact: in whichever order, and however often, they save it, the store
// ends with the same, and whoever restores that knows the same.
func FuzzProcessesConverge(f *testing.F) {
	for seed := range uint64(1000) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 203))
		began := time.Date(2012, 9, 10, 6, 0, 0, 0, time.UTC)
		var records []Record
		for range 1 + r.IntN(4) {
			e := entry{key: "romeo@montague.lit", details: details{subscription: subBoth}}
			hearings(t, r, &e.Knowledge, began)
			records = append(records, e.record(true))
		}
		var want Record
		for i, round := range [][]Record{records, append(records, records...)} {
			for range 3 {
				r.Shuffle(len(round), func(i, j int) { round[i], round[j] = round[j], round[i] })
				got := Record{JID: records[0].JID, Subscription: "both"}
				for _, rec := range round {
					got = got.Merge(rec)
				}
				if want.JID.String() == "" {
					want = got
				}
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("seed %d, round %d: %+v\nwant %+v", seed, i, got, want)
				}
			}
		}
	})
}

// FuzzWhatWasSeenOutlivesWhatOthersKeep holds for every history that one process
// heard and kept: whoever sees the contact leave afterwards is not contradicted by
// it, in whichever order the two are saved.
func FuzzWhatWasSeenOutlivesWhatOthersKeep(f *testing.F) {
	for seed := range uint64(1000) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 318))
		began := time.Date(2012, 9, 10, 6, 0, 0, 0, time.UTC)
		older := entry{key: "romeo@montague.lit", details: details{subscription: subBoth}}
		later := older
		at := hearings(t, r, &older.Knowledge, began)
		later.Restore(older.record(true).kept(), judge.MomentOf(at))
		for _, typ := range []string{"", " type='unavailable'"} {
			at = at.Add(time.Minute)
			p := read(t, at, "<presence xmlns='jabber:client' from='romeo@montague.lit/orchard'"+typ+"><status>Last words.</status></presence>")
			later.Presence(&p, judge.Hearing{At: judge.MomentOf(at), Epoch: 1, Source: judge.Live}, false)
		}
		a, b := older.record(true), later.record(true)
		for _, merged := range []Record{a.Merge(b), b.Merge(a), a.Merge(b).Merge(a)} {
			var k judge.Knowledge
			k.Restore(merged.kept(), judge.MomentOf(at.Add(time.Hour)))
			v := k.View(judge.Horizon{Now: judge.MomentOf(at.Add(time.Hour)), Epoch: 1})
			if !v.LastSeen.Time().Equal(at) || v.Status != "Last words." {
				t.Fatalf("seed %d: %+v\nof %+v\nand %+v", seed, v, a, b)
			}
		}
	})
}
