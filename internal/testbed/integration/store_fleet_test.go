package integration_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/roster"
)

// TestAFleetOfAccountsSharesTheStore has many accounts of a process keep what
// they learn at moments of their own, in a database ten milliseconds away.
func TestAFleetOfAccountsSharesTheStore(t *testing.T) {
	const (
		accounts = 1000
		contacts = 5
	)
	p := integration.StartPostgres(t)
	db := p.Far(t, p.Database(t), 10*time.Millisecond)
	db.SetMaxOpenConns(4)
	s := newSQLStore(t, db.DB)
	var items []roster.Item
	for i := range contacts {
		items = append(items, roster.Item{JID: jid.MustParse(fmt.Sprintf("contact%d@montague.lit", i)), Name: "Contact", Subscription: "both"})
	}
	settled := func() {
		t.Helper()
		for last, deadline := -1, time.Now().Add(time.Minute); ; {
			trips := db.Trips()
			if trips == last {
				return
			}
			if time.Now().After(deadline) {
				t.Fatal("the accounts do not come to rest")
			}
			last = trips
			time.Sleep(1100 * time.Millisecond)
		}
	}
	before := runtime.NumGoroutine()
	caches := make([]*roster.Cache, accounts)
	began := time.Now()
	for i := range caches {
		account := jid.MustParse(fmt.Sprintf("account%d@capulet.lit", i))
		caches[i] = roster.Offline(account, roster.Persist(s, func(err error) { t.Error(err) }))
		caches[i].SetRoster(items, "")
	}
	settled()
	t.Logf("%d accounts of %d contacts: %d round trips, kept within %v", accounts, contacts, db.Trips(), time.Since(began)-2200*time.Millisecond)
	if idle := runtime.NumGoroutine() - before; idle > 20 {
		t.Errorf("%d goroutines for %d accounts that are idle", idle, accounts)
	}
	trips := db.Trips()
	began = time.Now()
	for i, c := range caches {
		time.Sleep(time.Until(began.Add(time.Duration(i) * 2 * time.Millisecond)))
		c.Heard(items[i%contacts].JID, time.Now())
	}
	settled()
	trips = db.Trips() - trips
	t.Logf("a change of each account within two seconds: %d round trips, for %d changes", trips, accounts)
	if trips > 100 {
		t.Errorf("%d round trips for %d changes within two seconds, want at most 100", trips, accounts)
	}
	for _, i := range []int{0, 499, 999} {
		saved, err := s.Load(t.Context(), jid.MustParse(fmt.Sprintf("account%d@capulet.lit", i)))
		heard := 0
		for _, r := range saved.Records {
			if !r.Online.IsZero() {
				heard++
			}
		}
		if err != nil || len(saved.Records) != contacts || heard != 1 {
			t.Errorf("account %d: %d contacts, %d of which were heard, %v", i, len(saved.Records), heard, err)
		}
	}
	for _, c := range caches {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
