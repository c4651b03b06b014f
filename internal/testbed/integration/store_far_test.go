package integration_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/storetest"
	"example.org/lastpresence/roster"
)

// TestASaveTakesFewRoundTrips saves rosters of several lengths in a database
// ten milliseconds away.
func TestASaveTakesFewRoundTrips(t *testing.T) {
	t.Parallel()
	const rtt = 10 * time.Millisecond
	p := integration.StartPostgres(t)
	db := p.Far(t, p.Database(t), rtt)
	s := newSQLStore(t, db.DB)
	for _, tc := range []struct {
		contacts int
		trips    int // at most, whatever the number of contacts up to 1,000 is
	}{{1, 20}, {1, 6}, {1000, 6}, {3200, 4 * 6}} {
		before, began := db.Trips(), time.Now()
		saved := details(tc.contacts)
		for i := range saved.Records {
			saved.Records[i].Learnt = began.UTC().Truncate(time.Microsecond)
		}
		if err := s.Save(t.Context(), storetest.Account, saved); err != nil {
			t.Fatal(err)
		}
		trips, took := db.Trips()-before, time.Since(began)
		t.Logf("%d contacts: %d round trips, %v", tc.contacts, trips, took)
		if trips > tc.trips {
			t.Errorf("saving %d contacts took %d round trips, want at most %d", tc.contacts, trips, tc.trips)
		}
		if got, err := s.Load(t.Context(), storetest.Account); err != nil || !storetest.Equal(got, saved) {
			t.Fatalf("loaded %d contacts, %v", len(got.Records), err)
		}
	}
	before, began := db.Trips(), time.Now()
	if _, err := s.Load(t.Context(), storetest.Account); err != nil {
		t.Fatal(err)
	}
	t.Logf("loading: %d round trips, %v", db.Trips()-before, time.Since(began))
}

// TestASaveThatIsInterruptedKeepsWhatWasSaved ends a long Save in the middle.
func TestASaveThatIsInterruptedKeepsWhatWasSaved(t *testing.T) {
	t.Parallel()
	const contacts = 5000
	p := integration.StartPostgres(t)
	db := p.Far(t, p.Database(t), 10*time.Millisecond)
	s := newSQLStore(t, db.DB)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	before := db.Trips()
	go func() {
		for db.Trips()-before < 15 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	saved := details(contacts)
	if err := s.Save(ctx, storetest.Account, saved); !errors.Is(err, context.Canceled) {
		t.Fatalf("Save = %v", err)
	}
	got, err := s.Load(t.Context(), storetest.Account)
	if n := len(got.Records); err != nil || n == 0 || n == contacts || n%1000 != 0 || got.Version != "" {
		t.Errorf("after the interruption %d contacts are kept, and the version %q, %v", n, got.Version, err)
	}
	if err := s.Save(t.Context(), storetest.Account, saved); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Load(t.Context(), storetest.Account); err != nil || !storetest.Equal(got, saved) {
		t.Errorf("saved again, %d contacts are kept, %v", len(got.Records), err)
	}
}

// TestACrashOfTheDatabaseLosesNothing has a Cache learn while the database is
// down, and while it was written to.
func TestACrashOfTheDatabaseLosesNothing(t *testing.T) {
	t.Parallel()
	p := integration.StartPostgres(t)
	s := newSQLStore(t, openDB(t, "pgx", p.Database(t)))
	var failures atomic.Int64
	c := roster.Offline(storetest.Account, roster.Persist(s, func(error) { failures.Add(1) }))
	var items []roster.Item
	for _, r := range details(100).Records {
		items = append(items, roster.Item{JID: r.JID, Subscription: "both"})
	}
	c.SetRoster(items, "")
	heard := make(map[string]time.Time)
	hear := func(from, to int) {
		for _, it := range items[from:to] {
			at := time.Now().UTC().Truncate(time.Microsecond)
			c.Heard(it.JID, at)
			heard[it.JID.String()] = at
		}
	}
	hear(0, 30)
	time.Sleep(1100 * time.Millisecond) // the first is written, or being written
	hear(30, 60)
	p.Crash(t, func() {
		hear(60, 100)
		for failures.Load() == 0 {
			time.Sleep(10 * time.Millisecond)
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		saved, err := s.Load(t.Context(), storetest.Account)
		kept := 0
		for _, r := range saved.Records {
			if r.Online.Equal(heard[r.JID.String()]) {
				kept++
			}
		}
		if err == nil && kept == len(items) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("of %d contacts %d are kept, %v", len(items), kept, err)
		}
	}
	t.Logf("saving failed %d times", failures.Load())
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
