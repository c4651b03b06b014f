package roster_test

import (
	"reflect"
	"testing"
	"time"

	"example.org/lastpresence/roster"
)

func TestARecordIsReadWithoutFactsOfTheFuture(t *testing.T) {
	now := time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC)
	past, limit := now.Add(-time.Hour), now.Add(time.Minute)
	future := limit.Add(time.Microsecond)
	whole := func(at time.Time) roster.Record {
		d := roster.Departure{Heard: at, At: at, Ours: true, Status: "Bye"}
		return roster.Record{JID: romeo, Listed: at, Since: at, Seen: d, Told: d, Online: at, Words: []string{"Here."}, Learnt: at}
	}
	for _, at := range []time.Time{past, now, limit} {
		if got := whole(at).AsOf(now); !reflect.DeepEqual(got, whole(at)) {
			t.Errorf("as of %v, facts of %v became %+v", now, at, got)
		}
	}
	if got := whole(future).AsOf(time.Time{}); !reflect.DeepEqual(got, whole(future)) {
		t.Errorf("as of no time: %+v", got)
	}
	if got := whole(future).AsOf(now); !reflect.DeepEqual(got, roster.Record{JID: romeo}) {
		t.Errorf("all in the future: %+v", got)
	}
	for name, part := range map[string]struct{ change, want func(*roster.Record) }{
		"Listed": {func(r *roster.Record) { r.Listed = future }, func(r *roster.Record) { r.Listed = time.Time{} }},
		"Since":  {func(r *roster.Record) { r.Since = future }, func(r *roster.Record) { r.Since = time.Time{} }},
		"Seen heard": {func(r *roster.Record) { r.Seen.Heard = future },
			func(r *roster.Record) { r.Seen = roster.Departure{} }},
		"Told by our clock": {func(r *roster.Record) { r.Told.At = future },
			func(r *roster.Record) { r.Told = roster.Departure{} }},
		"Told by theirs": {func(r *roster.Record) { r.Told.At, r.Told.Ours = future, false },
			func(r *roster.Record) { r.Told.At, r.Told.Ours = future, false }},
		"Online": {func(r *roster.Record) { r.Online = future },
			func(r *roster.Record) { r.Online, r.Words = time.Time{}, nil }},
		"Learnt": {func(r *roster.Record) { r.Learnt = future }, func(r *roster.Record) { r.Learnt = time.Time{} }},
	} {
		got, want := whole(past), whole(past)
		part.change(&got)
		part.want(&want)
		if got = got.AsOf(now); !reflect.DeepEqual(got, want) {
			t.Errorf("%s in the future:\n%+v\nwant\n%+v", name, got, want)
		}
	}
}

func TestARosterIsReadWithoutTheFuture(t *testing.T) {
	now := time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC)
	limit := now.Add(time.Minute)
	future := limit.Add(time.Microsecond)
	for _, tt := range []struct {
		name   string
		now    time.Time
		synced time.Time
		want   string
		listed time.Time
	}{
		{"at the limit", now, limit, "v1", limit},
		{"beyond it", now, future, "", time.Time{}},
		{"as of no time", time.Time{}, future, "v1", future},
	} {
		given := roster.Saved{Version: "v1", Synced: tt.synced, Records: []roster.Record{{JID: romeo, Listed: tt.synced}}}
		got := given.AsOf(tt.now)
		if got.Version != tt.want || got.Synced.IsZero() != (tt.want == "") || !got.Records[0].Listed.Equal(tt.listed) {
			t.Errorf("%s: %+v", tt.name, got)
		}
		if !given.Records[0].Listed.Equal(tt.synced) {
			t.Errorf("%s: it changed what it was given", tt.name)
		}
	}
}

// Each of the later facts wins, whichever else it comes with.
func TestMergingTakesTheLaterFact(t *testing.T) {
	early, late := time.Unix(1, 0).UTC(), time.Unix(2, 0).UTC()
	old := roster.Record{JID: romeo, Listed: early, Name: "old", Since: early, Seen: roster.Departure{Heard: early, Status: "old"},
		Told: roster.Departure{Heard: early, Status: "old"}, Online: early, Words: []string{"old"}, Learnt: early}
	for name, tt := range map[string]struct {
		change func(*roster.Record)
		want   func(*roster.Record)
	}{
		"the item": {func(r *roster.Record) {
			r.Listed, r.Name, r.Groups, r.Subscription, r.Ask, r.Approved = late, "new", []string{"x"}, "to", true, true
		}, nil},
		"Since": {func(r *roster.Record) { r.Since, r.Seen, r.Words = late, roster.Departure{}, nil },
			func(r *roster.Record) { r.Since, r.Seen, r.Words = late, roster.Departure{}, nil }},
		"Seen":   {func(r *roster.Record) { r.Seen = roster.Departure{Heard: late, Status: "new"} }, nil},
		"Told":   {func(r *roster.Record) { r.Told = roster.Departure{Heard: late, Status: "new"} }, nil},
		"Online": {func(r *roster.Record) { r.Online, r.Words = late, []string{"new"} }, nil},
		"Learnt": {func(r *roster.Record) { r.Learnt = late }, nil},
	} {
		other, want := old, old
		tt.change(&other)
		if tt.want == nil {
			tt.want = tt.change
		}
		tt.want(&want)
		for order, got := range map[string]roster.Record{"": old.Merge(other), ", the other way": other.Merge(old)} {
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s%s:\n%+v\nwant\n%+v", name, order, got, want)
			}
		}
	}
	v := roster.Saved{Version: "a", Synced: early}.Merge(roster.Saved{Version: "b", Synced: late})
	w := roster.Saved{Version: "b", Synced: late}.Merge(roster.Saved{Version: "a", Synced: early})
	if v.Version != "b" || !v.Synced.Equal(late) || w.Version != "b" || !w.Synced.Equal(late) {
		t.Errorf("the later version: %+v, %+v", v, w)
	}
}
