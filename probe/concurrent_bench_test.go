package probe_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
)

// BenchmarkConcurrent has so many callers ask about a contact each, one probe
// after the other, on an embedded server.
func BenchmarkConcurrent(b *testing.B) {
	const contacts = 1000
	s := server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: server.XEP0318})
	b.Cleanup(func() { _ = s.Close() })
	s.AddAccount(juliet, "")
	var all []jid.JID
	for i := range contacts {
		j := jid.MustParse(fmt.Sprintf("contact%d@montague.lit", i))
		s.AddAccount(j, "")
		s.Befriend(juliet, j, "")
		s.SetOffline(j, time.Now().Add(-time.Hour), "Bye")
		all = append(all, j)
	}
	for _, callers := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			session, err := s.Session(context.Background(), juliet)
			if err != nil {
				b.Fatal(err)
			}
			client := probe.NewClient(session, probe.CoolDown(0), probe.Budget(1<<30, time.Nanosecond))
			go func() { _ = session.Serve(client.Handler(nil)) }()
			defer func() { _ = session.Conn().Close() }()
			var mu sync.Mutex
			var took []time.Duration
			began := time.Now()
			for b.Loop() {
				var wg sync.WaitGroup
				for i := range callers {
					wg.Go(func() {
						start := time.Now()
						a, err := client.Probe(context.Background(), all[i])
						if err != nil || a.Outcome != probe.Unavailable || a.Status != "Bye" {
							b.Errorf("%v, %v", a.Outcome, err)
						}
						mu.Lock()
						defer mu.Unlock()
						took = append(took, time.Since(start))
					})
				}
				wg.Wait()
			}
			slices.Sort(took)
			b.ReportMetric(float64(len(took))/time.Since(began).Seconds(), "probes/s")
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "median-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(0, "ns/op")
		})
	}
}
