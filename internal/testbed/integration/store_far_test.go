package integration_test

import (
	"testing"
	"time"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/storetest"
	"example.org/lastpresence/roster/sqlstore"
)

// TestASaveTakesFewRoundTrips saves rosters of several lengths in a database
// ten milliseconds away.
func TestASaveTakesFewRoundTrips(t *testing.T) {
	const rtt = 10 * time.Millisecond
	p := integration.StartPostgres(t)
	db := p.Far(t, p.Database(t), rtt)
	s, err := sqlstore.New(t.Context(), db.DB)
	if err != nil {
		t.Fatal(err)
	}
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
