package integration_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/ping"
	mellium "mellium.im/xmpp/roster"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/suite"
	"example.org/lastpresence/roster"
)

// BenchmarkOpen opens the chat with a contact who is offline, with a Cache that
// knows nothing yet, and pings the server (XEP-0199) on the same session in
// turn. It reports the ratios of the medians and of the 99th percentiles.
func BenchmarkOpen(b *testing.B) {
	for _, s := range servers {
		b.Run(s.name, func(b *testing.B) {
			w := s.start(b)
			romeo := suite.LogIn(b, w, suite.Romeo)
			romeo.Available()
			romeo.Leave(suite.Goodbye)

			session := w.Login(b, suite.Juliet)
			var current atomic.Pointer[xmpp.Handler]
			served := make(chan struct{})
			go func() {
				defer close(served)
				_ = session.Serve(xmpp.HandlerFunc(func(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
					return (*current.Load()).HandleXMPP(t, start)
				}))
			}()
			defer func() {
				_ = session.Conn().Close()
				<-served
			}()
			none := roster.New(session).Handler(nil)
			current.Store(&none)
			ctx := context.Background()
			if err := session.Send(ctx, stanza.Presence{}.Wrap(nil)); err != nil {
				b.Fatal(err)
			}
			var opens, pings []time.Duration
			for b.Loop() {
				cache := roster.New(session)
				h := cache.Handler(nil)
				current.Store(&h)
				if err := cache.Sync(ctx); err != nil {
					b.Fatal(err)
				}
				start := time.Now()
				c, err := cache.Open(ctx, suite.Romeo)
				opens = append(opens, time.Since(start))
				if err != nil || c.Status != suite.Goodbye {
					b.Fatalf("Open = %+v, %v", c, err)
				}
				start = time.Now()
				if err := ping.Send(ctx, session, session.RemoteAddr()); err != nil {
					b.Fatal(err)
				}
				pings = append(pings, time.Since(start))
			}
			b.ReportMetric(ratio(opens, pings, 0.5), "open/ping")
			b.ReportMetric(ratio(opens, pings, 0.99), "open/ping-p99")
			asks, pings := floor(b, w)
			b.ReportMetric(ratio(asks, pings, 0.5), "floor/ping")
			b.ReportMetric(ratio(asks, pings, 0.99), "floor/ping-p99")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// floor is what no client can be below: the same stanzas, written in one piece and
// not read further than to the answer's id, and a ping likewise.
func floor(b *testing.B, w suite.World) (asks, pings []time.Duration) {
	session := w.Login(b, suite.Juliet.Bare())
	conn := session.Conn()
	defer conn.Close()
	buf := make([]byte, 1<<16)
	round := func(id, stanzas string) time.Duration {
		start := time.Now()
		if _, err := io.WriteString(conn, stanzas); err != nil {
			b.Fatal(err)
		}
		for got := ""; !strings.Contains(got, id); {
			n, err := conn.Read(buf)
			if err != nil {
				b.Fatal(err)
			}
			got += string(buf[:n])
		}
		return time.Since(start)
	}
	const rounds = 200
	for i := range rounds {
		id := fmt.Sprintf("floor-%d-", i)
		asks = append(asks, round(id+"ask", fmt.Sprintf("<presence type='probe' to='%[1]s' id='%[2]sprobe'/>"+
			"<iq type='get' to='%[1]s' id='%[2]sask'><query xmlns='jabber:iq:last'/></iq>", suite.Romeo.Bare(), id)))
		pings = append(pings, round(id+"ping", fmt.Sprintf("<iq type='get' to='%s' id='%sping'><ping xmlns='urn:xmpp:ping'/></iq>", session.RemoteAddr(), id)))
	}
	return asks, pings
}

// ratio returns that of the same quantile of both.
func ratio(a, b []time.Duration, quantile float64) float64 {
	at := func(d []time.Duration) float64 {
		slices.Sort(d)
		return float64(d[int(quantile*float64(len(d)))])
	}
	return at(a) / at(b)
}

// BenchmarkLogin logs in with 10,000 contacts, until it is known of whom details
// are lacking, and until their roster items are counted with mellium alone.
func BenchmarkLogin(b *testing.B) {
	const crowd = 10_000
	srv := integration.StartCrowd(b, crowd)
	ctx := context.Background()
	want := crowd + 2 // Romeo and Benvolio
	var ours, plain []time.Duration
	for b.Loop() {
		for _, with := range []bool{true, false} {
			start := time.Now()
			session := srv.Login(b, suite.Juliet)
			served := make(chan struct{})
			n := 0
			if with {
				cache := roster.New(session)
				go func() { defer close(served); _ = session.Serve(cache.Handler(nil)) }()
				if err := cache.Sync(ctx); err != nil {
					b.Fatal(err)
				}
				for range cache.Lacking() {
					n++
				}
				ours = append(ours, time.Since(start))
			} else {
				go func() { defer close(served); _ = session.Serve(nil) }()
				items := mellium.Fetch(ctx, session)
				for items.Next() {
					n++
				}
				if err := errors.Join(items.Err(), items.Close()); err != nil {
					b.Fatal(err)
				}
				plain = append(plain, time.Since(start))
			}
			if n != want {
				b.Fatalf("%d contacts, want %d", n, want)
			}
			_ = session.Conn().Close()
			<-served
		}
	}
	b.ReportMetric(ratio(ours, plain, 0.5), "login/plain")
	b.ReportMetric(0, "ns/op")
}
