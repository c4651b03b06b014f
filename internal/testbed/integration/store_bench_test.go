package integration_test

import (
	"fmt"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/storetest"
	"example.org/lastpresence/roster"
)

// BenchmarkStores keeps rosters of which every contact's details are known:
// load reads all of it, and change saves what is new of one contact.
func BenchmarkStores(b *testing.B) {
	where := places(b)
	where["pgx"] = integration.StartPostgres(b).Database(b)
	for _, kind := range []string{"file", "sqlite", "pgx"} {
		for _, contacts := range []int{1_000, 10_000, 100_000} {
			b.Run(fmt.Sprintf("%s/%d", kind, contacts), func(b *testing.B) {
				s := mustOpen(b, kind, where[kind])
				if err := s.Remove(b.Context(), storetest.Account); err != nil {
					b.Fatal(err)
				}
				began := time.Now()
				if err := s.Save(b.Context(), storetest.Account, details(contacts)); err != nil {
					b.Fatal(err)
				}
				first := time.Since(began)
				b.Run("load", func(b *testing.B) {
					for b.Loop() {
						if got, err := s.Load(b.Context(), storetest.Account); err != nil || len(got.Records) != contacts {
							b.Fatal(len(got.Records), err)
						}
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*contacts), "ns/contact")
					b.ReportMetric(float64(first.Nanoseconds())/float64(contacts), "first-save-ns/contact")
				})
				b.Run("change", func(b *testing.B) {
					change := roster.Saved{Records: details(contacts).Records[contacts/2:][:1]}
					for b.Loop() {
						change.Records[0].Seen.At = change.Records[0].Seen.At.Add(time.Second)
						if err := s.Save(b.Context(), storetest.Account, change); err != nil {
							b.Fatal(err)
						}
					}
				})
			})
		}
	}
}

// details are of so many contacts.
func details(contacts int) roster.Saved {
	began := time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC)
	saved := roster.Saved{Version: "v1", Synced: began}
	for i := range contacts {
		at := began.Add(time.Duration(i) * time.Second)
		saved.Records = append(saved.Records, roster.Record{
			JID:          jid.MustParse(fmt.Sprintf("contact%d@montague.lit", i)),
			Listed:       began,
			Name:         fmt.Sprintf("Contact %d", i),
			Groups:       []string{"Friends"},
			Subscription: "both",
			Seen:         roster.Departure{At: at, Heard: at, Resource: "orchard", Status: "Going offline. Out of battery.", Settled: true},
			Learnt:       at,
		})
	}
	return saved
}
