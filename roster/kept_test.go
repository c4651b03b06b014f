package roster

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/roster/internal/judge"
)

// shelf is a store whose Save does what a test says.
type shelf struct {
	mu    sync.Mutex // held while save and edit run
	saved Saved
	loads int
	save  func(ctx context.Context, changes Saved) error
	edit  func(ctx context.Context) error
}

func (s *shelf) Load(context.Context, jid.JID) (Saved, error) {
	s.loads++
	return s.saved, nil
}

func (s *shelf) Save(ctx context.Context, _ jid.JID, changes Saved) error {
	if s.save == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.save(ctx, changes)
}

func (s *shelf) Edit(ctx context.Context, _ jid.JID, _ func(Record) (Record, bool)) error {
	if s.edit == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.edit(ctx)
}

func (s *shelf) Remove(context.Context, jid.JID) error { return nil }

// gathered returns what a store's functions have gathered until now.
func gathered[T any](s *shelf, all *[]T) []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(*all)
}

// records returns the records of changes, by the localpart of the contact.
func records(changes Saved) map[string]Record {
	m := make(map[string]Record)
	for _, r := range changes.Records {
		m[r.JID.Localpart()] = r
	}
	return m
}

func TestAStoreThatLostEverythingIsGivenEverything(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want int
	}{
		"lost":       {errors.Join(errors.New("damaged"), ErrLost), 3},
		"only fails": {errors.New("busy"), 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var saved []Saved
				store := &shelf{save: func(_ context.Context, changes Saved) error {
					saved = append(saved, changes)
					if len(saved) == 2 {
						return tt.err
					}
					return nil
				}}
				c := Offline(jid.MustParse("juliet@capulet.lit"), Persist(store, nil))
				c.SetRoster([]Item{{JID: contactNumber(0), Subscription: "both"}, {JID: contactNumber(1), Subscription: "both"},
					{JID: contactNumber(2), Subscription: "both"}}, "v1")
				c.mu.Lock()
				c.items.entry(jid.MustParse("stranger@montague.lit"))
				c.mu.Unlock()
				time.Sleep(2 * time.Second)
				c.Heard(contactNumber(1), time.Now())
				time.Sleep(10 * time.Second)
				all := gathered(store, &saved)
				if len(all) != 3 {
					t.Fatalf("%d times saved, want 3", len(all))
				}
				if again := records(all[2]); len(again) != tt.want || again["contact1"].Online.IsZero() {
					t.Errorf("saved again: %+v", again)
				}
				if version := all[2].Version; (version != "") != (tt.want == 3) {
					t.Errorf("the version saved again: %q", version)
				}
				_ = c.Close()
			})
		})
	}
}

// While the store fails to save that a contact was removed, it comes back.
func TestWhatFailedToBeSavedDoesNotReplaceWhatIsNewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var saved []Saved
		var c *Cache
		store := &shelf{save: func(_ context.Context, changes Saved) error {
			saved = append(saved, changes)
			if r := records(changes)["contact0"]; len(saved) > 1 && r.Subscription == "remove" {
				c.mu.Lock()
				c.apply(item{contactNumber(0), details{subscription: subBoth, name: "Back"}})
				c.mu.Unlock()
				return errors.New("busy")
			}
			return nil
		}}
		c = Offline(jid.MustParse("juliet@capulet.lit"), Persist(store, nil))
		c.SetRoster([]Item{{JID: contactNumber(0), Subscription: "both"}}, "")
		time.Sleep(2 * time.Second)
		c.SetRoster(nil, "")
		time.Sleep(10 * time.Second)
		all := gathered(store, &saved)
		if last := records(all[len(all)-1])["contact0"]; last.Subscription != "both" || last.Name != "Back" {
			t.Errorf("the store ends with %+v", last)
		}
		_ = c.Close()
	})
}

// The roster's version changes while the store fails to save something else.
func TestAVersionThatChangesWhileTheStoreFailsIsSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var saved []Saved
		var c *Cache
		store := &shelf{save: func(_ context.Context, changes Saved) error {
			saved = append(saved, changes)
			if len(saved) != 2 {
				return nil
			}
			c.mu.Lock()
			c.revise(query{versioned: true, version: "v2"})
			c.mu.Unlock()
			return errors.New("busy")
		}}
		c = Offline(jid.MustParse("juliet@capulet.lit"), Persist(store, nil))
		c.SetRoster([]Item{{JID: contactNumber(0), Subscription: "both"}}, "v1")
		time.Sleep(2 * time.Second)
		c.Heard(contactNumber(0), time.Now())
		time.Sleep(10 * time.Second)
		all := gathered(store, &saved)
		if len(all) != 3 || !strings.HasSuffix(all[2].Version, "v2") {
			t.Errorf("saved: %+v", all)
		}
		_ = c.Close()
	})
}

func TestHowLongAStoreMayWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var allowed []time.Duration
		store := &shelf{save: func(ctx context.Context, _ Saved) error {
			deadline, _ := ctx.Deadline()
			allowed = append(allowed, time.Until(deadline))
			return nil
		}}
		c := Offline(jid.MustParse("juliet@capulet.lit"), Persist(store, nil))
		c.SetRoster([]Item{{JID: contactNumber(0)}, {JID: contactNumber(1)}}, "")
		time.Sleep(3 * time.Second)
		c.SetRoster(nil, "")
		_ = c.Close()
		if len(allowed) != 2 || allowed[0] != 30*time.Second+2*5*time.Millisecond || allowed[1] != 10*time.Second {
			t.Errorf("it may take %v", allowed)
		}
	})
}

// After failures it waits longer each time, up to a minute.
func TestHowSoonASaveIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var at []time.Time
		var works atomic.Bool
		store := &shelf{save: func(context.Context, Saved) error {
			at = append(at, time.Now())
			if !works.Load() {
				return errors.New("busy")
			}
			return nil
		}}
		c := Offline(jid.MustParse("juliet@capulet.lit"), Persist(store, nil))
		c.SetRoster([]Item{{JID: contactNumber(0)}}, "")
		time.Sleep(5 * time.Minute)
		works.Store(true)
		time.Sleep(2 * time.Minute)
		n := len(gathered(store, &at))
		c.SetRoster(nil, "")
		again := time.Now()
		time.Sleep(2 * time.Second)
		all := gathered(store, &at)
		want := []time.Duration{1, 3, 7, 15, 31, 63, 123, 183, 243, 303}
		for i, s := range want {
			if i >= n || all[i].Sub(began) != s*time.Second {
				t.Fatalf("saved at %v, want %v seconds", all, want)
			}
		}
		if n != len(want) || len(all) != n+1 || all[n].Sub(again) != time.Second {
			t.Errorf("after it worked again, saved at %v", all[n:])
		}
		_ = c.Close()
	})
}

func TestAStoreIsReadOnce(t *testing.T) {
	store := &shelf{saved: Saved{Records: []Record{{JID: contactNumber(0), Subscription: "both", Listed: time.Unix(1, 0)}}}}
	c := Offline(jid.MustParse("juliet@capulet.lit"), Persist(store, nil))
	for range 3 {
		if err := c.Load(t.Context()); err != nil || c.Len() != 1 {
			t.Fatal(c.Len(), err)
		}
	}
	if store.loads != 1 {
		t.Errorf("read %d times", store.loads)
	}
	_ = c.Close()
}

func TestAVersionCountsOnlyWithTheItemsThatItHad(t *testing.T) {
	account := jid.MustParse("juliet@capulet.lit")
	for name, tt := range map[string]struct {
		change func(*Saved)
		want   string
	}{
		"as it was kept": {func(*Saved) {}, "v7"},
		"a changed name": {func(s *Saved) { s.Records[0].Name = "Romeo" }, ""},
		"other groups":   {func(s *Saved) { s.Records[0].Groups = nil }, ""},
		"another state":  {func(s *Saved) { s.Records[0].Subscription = "to" }, ""},
		"asked":          {func(s *Saved) { s.Records[0].Ask = true }, ""},
		"approved":       {func(s *Saved) { s.Records[0].Approved = true }, ""},
		"an item lost":   {func(s *Saved) { s.Records = s.Records[1:] }, ""},
		"an item too many": {func(s *Saved) {
			s.Records = append(s.Records, Record{JID: contactNumber(9), Subscription: "to", Listed: time.Unix(1, 0)})
		}, ""},
		"a removed one": {func(s *Saved) {
			s.Records = append(s.Records, Record{JID: contactNumber(9), Subscription: "remove", Listed: time.Unix(1, 0)})
		}, "v7"},
		"a time in the future": {func(s *Saved) { s.Synced = time.Now().Add(time.Hour) }, ""},
		"a sum that is none":   {func(s *Saved) { s.Version = "x:v7" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &shelf{}
				store.save = func(_ context.Context, changes Saved) error {
					store.saved = store.saved.Merge(changes)
					return nil
				}
				first := Offline(account, Persist(store, nil))
				first.SetRoster([]Item{{JID: contactNumber(0), Name: "first", Subscription: "to"}, {JID: contactNumber(1), Subscription: "from"}}, "v6")
				first.mu.Lock()
				first.apply(item{contactNumber(0), details{subscription: subBoth, groups: inGroups([]string{"Friends"})}})
				first.apply(item{contactNumber(2), details{subscription: subNone}})
				first.apply(item{contactNumber(2), details{subscription: subRemove}})
				first.revise(query{versioned: true, version: "v7"})
				first.mu.Unlock()
				if err := first.Close(); err != nil {
					t.Fatal(err)
				}
				tt.change(&store.saved)
				time.Sleep(time.Second) // a coarse clock has gone on
				c := Offline(account, Persist(store, nil))
				if err := c.Load(t.Context()); err != nil {
					t.Fatal(err)
				}
				if c.items.version != tt.want {
					t.Errorf("version %q, want %q", c.items.version, tt.want)
				}
				_ = c.Close()
			})
		})
	}
}

func TestContactsThatWereRemovedSinceTheStoreWasWrittenAreForgotten(t *testing.T) {
	var saved Saved
	store := &shelf{saved: Saved{Records: []Record{
		{JID: contactNumber(0), Subscription: "both", Listed: time.Unix(1, 0), Online: time.Unix(2, 0), Words: []string{"Here."}},
		{JID: contactNumber(1), Subscription: "both", Listed: time.Unix(1, 0)},
	}}, save: func(_ context.Context, changes Saved) error { saved = changes; return nil }}
	c := Offline(jid.MustParse("juliet@capulet.lit"), Persist(store, nil))
	c.SetRoster([]Item{{JID: contactNumber(1), Subscription: "both"}}, "")
	if err := c.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Contact(contactNumber(0)); ok || c.Len() != 1 {
		t.Errorf("%d contacts, the removed one among them: %v", c.Len(), ok)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if r := records(saved)["contact0"]; r.Subscription != "remove" || r.Since.IsZero() || r.Words != nil || !r.Online.IsZero() {
		t.Errorf("kept of the removed one: %+v", r)
	}
}

func TestStoredPresenceWithoutASubscriptionIsIgnored(t *testing.T) {
	for subscription, known := range map[string]bool{"both": true, "to": true, "from": false, "none": false} {
		store := &shelf{saved: Saved{Records: []Record{{JID: contactNumber(0), Subscription: subscription, Listed: time.Unix(1, 0),
			Online: time.Unix(2, 0), Words: []string{"Here."}, Learnt: time.Unix(2, 0)}}}}
		c := Offline(jid.MustParse("juliet@capulet.lit"), Persist(store, nil))
		if err := c.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, ok := c.Contact(contactNumber(0)); !ok || !got.OnlineAt.IsZero() != known {
			t.Errorf("%s: %+v", subscription, got)
		}
		_ = c.Close()
	}
}

func TestAFailedWriteReachesTheCaller(t *testing.T) {
	broken := errors.New("no space left")
	store := &shelf{save: func(context.Context, Saved) error { return broken }, edit: func(context.Context) error { return broken }}
	c := Offline(jid.MustParse("juliet@capulet.lit"), Persist(store, nil))
	c.SetRoster([]Item{{JID: contactNumber(0), Subscription: "both"}}, "")
	if err := c.Forget(t.Context(), contactNumber(0)); !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "roster: forget contact0@montague.lit: ") {
		t.Errorf("Forget = %v", err)
	}
	if err := c.Close(); !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "roster: save: ") {
		t.Errorf("Close = %v", err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("Close again = %v", err)
	}
}

func TestErasingIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var edits atomic.Int32
		store := &shelf{saved: Saved{Records: []Record{{JID: contactNumber(0), Subscription: "both", Listed: time.Unix(1, 0), Words: []string{"Here."}}}}}
		store.edit = func(context.Context) error {
			if edits.Add(1) < 3 {
				return errors.New("busy")
			}
			return nil
		}
		var all []error
		c := Offline(jid.MustParse("juliet@capulet.lit"), Persist(store, func(err error) {
			store.mu.Lock()
			defer store.mu.Unlock()
			all = append(all, err)
		}), WithoutStatus())
		if err := c.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		failed := gathered(store, &all)
		if edits.Load() != 3 || len(failed) != 2 || !strings.HasPrefix(failed[0].Error(), "roster: tidy up: ") {
			t.Errorf("%d times, and it failed with %v", edits.Load(), failed)
		}
		_ = c.Close()
	})
}

func TestMomentsOfOneClockTickDiffer(t *testing.T) {
	c := Offline(jid.MustParse("juliet@capulet.lit"))
	synctest.Test(t, func(t *testing.T) {
		var last judge.Moment
		for range 5 {
			now := c.stamp()
			if now <= last {
				t.Fatalf("%v comes after %v", now, last)
			}
			last = now
		}
		c.clock += 2_000_000 // the clock was put back
		if now := c.stamp(); now != judge.MomentOf(time.Now()) {
			t.Errorf("after the clock was put back: %v", now)
		}
	})
}

// What a store may know of who does not share its presence is dropped, once.
func TestPresenceNoLongerSharedIsDroppedFromAStoreThatWasNotRead(t *testing.T) {
	for _, read := range []bool{false, true} {
		var saved Saved
		store := &shelf{save: func(_ context.Context, changes Saved) error { saved = changes; return nil }}
		c := Offline(jid.MustParse("juliet@capulet.lit"), Persist(store, nil))
		if read {
			if err := c.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		c.SetRoster([]Item{{JID: contactNumber(0), Subscription: "from"}, {JID: contactNumber(1), Subscription: "both"}}, "")
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if from, both := records(saved)["contact0"], records(saved)["contact1"]; from.Since.IsZero() != read || !both.Since.IsZero() {
			t.Errorf("read %v: since %v and %v", read, from.Since, both.Since)
		}
	}
}

// A contact that did not share its presence in an earlier run shares it again.
func TestWhatIsLearntAfterAContactSharesItsPresenceAgainIsKept(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	var saved Saved
	store := &shelf{save: func(_ context.Context, changes Saved) error {
		saved = saved.Merge(changes)
		return nil
	}}
	store.saved = Saved{Records: []Record{{JID: contactNumber(0), Listed: now.Add(-time.Hour), Subscription: "from", Since: now.Add(-time.Hour)}}}
	saved = store.saved
	c := Offline(jid.MustParse("juliet@capulet.lit"), Persist(store, nil))
	if err := c.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.SetRoster([]Item{{JID: contactNumber(0), Subscription: "both"}}, "")
	c.Heard(contactNumber(0), now.Add(-time.Minute))
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if r := records(saved)["contact0"]; r.Online.IsZero() {
		t.Errorf("kept: %+v", r)
	}
}

// An earlier run's clock was ahead. What it kept is not to be read as the past
// by the run after this one.
func TestFactsFromTheFutureAreDroppedFromTheStoreAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		for name, tt := range map[string]struct {
			r    Record
			want int
		}{
			"seen":    {Record{Seen: Departure{Heard: now.Add(time.Hour), At: now.Add(time.Hour), Ours: true}}, 1},
			"told":    {Record{Told: Departure{Heard: now.Add(time.Hour), At: now.Add(-time.Hour)}}, 1},
			"online":  {Record{Online: now.Add(time.Hour)}, 1},
			"learnt":  {Record{Learnt: now.Add(time.Hour)}, 1},
			"dropped": {Record{Since: now.Add(time.Hour)}, 1},
			"item":    {Record{Listed: now.Add(time.Hour)}, 1},
			"nothing": {Record{Seen: Departure{Heard: now.Add(-time.Hour), At: now.Add(-time.Hour), Ours: true}, Online: now}, 0},
		} {
			tt.r.JID, tt.r.Subscription = contactNumber(0), "both"
			if tt.r.Listed.IsZero() {
				tt.r.Listed = now.Add(-2 * time.Hour)
			}
			saves := 0
			c := Offline(jid.MustParse("juliet@capulet.lit"), Persist(&shelf{
				saved: Saved{Records: []Record{tt.r}},
				save: func(_ context.Context, changes Saved) error {
					if len(changes.Records) != 1 || changes.At.Sub(now) > time.Minute {
						t.Errorf("%s: saved as of %v: %+v", name, changes.At, changes.Records)
					}
					saves++
					return nil
				}}, nil))
			if err := c.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second)
			if _ = c.Close(); saves != tt.want {
				t.Errorf("%s: saved %d times, want %d", name, saves, tt.want)
			}
		}
	})
}
