package integration_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"mellium.im/sasl"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/ping"
	mellium "mellium.im/xmpp/roster"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/internal/testbed/suite"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

// BenchmarkOpen opens the chat with a contact, who is offline or online, so that
// it is asked about each time, and in turn with it pings the server (XEP-0199) on
// the same session, and writes the same stanzas on another, which is not read
// further than to what ends the wait: the floor, below which no client can be. It
// reports the ratios of the medians and of the 99th percentiles.
func BenchmarkOpen(b *testing.B) {
	starts := map[string]func(testing.TB) suite.World{"embedded": startEmbedded}
	for _, s := range servers {
		starts[s.name] = func(t testing.TB) suite.World { return s.start(t) }
	}
	for _, name := range slices.Sorted(maps.Keys(starts)) {
		b.Run(name, func(b *testing.B) {
			w := starts[name](b)
			romeo := suite.LogIn(b, w, suite.Romeo)
			romeo.Available()
			romeo.Leave(suite.Goodbye)
			b.Run("offline", func(b *testing.B) { benchOpen(b, w, false) })
			suite.LogIn(b, w, suite.Romeo).Available()
			b.Run("online", func(b *testing.B) { benchOpen(b, w, true) })
		})
	}
}

func benchOpen(b *testing.B, w suite.World, online bool) {
	session := w.Login(b, suite.Juliet)
	cache := roster.New(session, roster.Probing(probe.CoolDown(0), probe.Budget(1<<30, time.Nanosecond)))
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = cache.Serve(nil)
	}()
	defer func() {
		_ = session.Conn().Close()
		<-served
	}()
	ctx := context.Background()
	if err := cache.Sync(ctx); err != nil {
		b.Fatal(err)
	}
	if err := session.Send(ctx, stanza.Presence{}.Wrap(nil)); err != nil {
		b.Fatal(err)
	}
	raw := newFloor(b, w, online)
	var opens, pings, asks, rawPings []time.Duration
	for b.Loop() {
		start := time.Now()
		c, err := cache.Refresh(ctx, suite.Romeo)
		opens = append(opens, time.Since(start))
		if err != nil || c.Online != online || !online && c.Status != suite.Goodbye {
			b.Fatalf("Open = %+v, %v", c, err)
		}
		start = time.Now()
		if err := ping.Send(ctx, session, session.RemoteAddr()); err != nil {
			b.Fatal(err)
		}
		pings = append(pings, time.Since(start))
		ask, rawPing := raw.round()
		asks, rawPings = append(asks, ask), append(rawPings, rawPing)
	}
	for name, q := range map[string]float64{"": 0.5, "-p99": 0.99} {
		b.ReportMetric(ratio(opens, pings, q), "open/ping"+name)
		b.ReportMetric(ratio(asks, rawPings, q), "floor/ping"+name)
		b.ReportMetric(ratio(opens, asks, q), "open/floor"+name)
	}
	b.ReportMetric(micros(opens), "open-µs")
	b.ReportMetric(micros(asks), "floor-µs")
	b.ReportMetric(micros(pings), "ping-µs")
	b.ReportMetric(micros(rawPings), "rawping-µs")
	b.ReportMetric(0, "ns/op")
}

// micros returns the median in microseconds.
func micros(d []time.Duration) float64 {
	return ratio(d, []time.Duration{time.Microsecond}, 0.5)
}

// floor is a session whose bytes are written and read as they are.
type floor struct {
	b      *testing.B
	conn   net.Conn
	host   jid.JID
	buf    []byte
	online bool
	n      int
}

func newFloor(b *testing.B, w suite.World, online bool) *floor {
	session := w.Login(b, suite.Juliet.Bare())
	b.Cleanup(func() { _ = session.Conn().Close() })
	return &floor{b: b, conn: session.Conn(), host: session.RemoteAddr(), buf: make([]byte, 1<<16), online: online}
}

// round asks about Romeo and then pings.
func (f *floor) round() (ask, ping time.Duration) {
	f.n++
	id := fmt.Sprintf("floor-%d-", f.n)
	until := id + "ask"
	if f.online {
		until = suite.Romeo.Bare().String() + "/" // the sender of the first available presence
	}
	ask = f.write(until, fmt.Sprintf("<presence type='probe' to='%[1]s' id='%[2]sprobe'/>"+
		"<iq type='get' to='%[1]s' id='%[2]sask'><query xmlns='jabber:iq:last'/></iq>", suite.Romeo.Bare(), id))
	return ask, f.write(id+"ping", fmt.Sprintf("<iq type='get' to='%s' id='%sping'><ping xmlns='urn:xmpp:ping'/></iq>", f.host, id))
}

// write returns how long it takes until the answer has come.
func (f *floor) write(until, stanzas string) time.Duration {
	start := time.Now()
	if _, err := io.WriteString(f.conn, stanzas); err != nil {
		f.b.Fatal(err)
	}
	for got := ""; !strings.Contains(got, until); {
		n, err := f.conn.Read(f.buf)
		if err != nil {
			f.b.Fatal(err)
		}
		got += string(f.buf[:n])
	}
	return time.Since(start)
}

// embedded is the embedded server over TCP.
type embedded struct{ addr string }

func startEmbedded(t testing.TB) suite.World {
	s := server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: server.XEP0318})
	t.Cleanup(func() { _ = s.Close() })
	for _, j := range []jid.JID{suite.Juliet, suite.Romeo} {
		s.AddAccount(j, integration.Password)
	}
	s.Befriend(suite.Juliet, suite.Romeo, "Romeo")
	addr, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	return embedded{addr.String()}
}

// Login implements suite.World.
func (e embedded) Login(t testing.TB, account jid.JID) *xmpp.Session {
	t.Helper()
	session, err := plainly(t.Context(), e.addr, account)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// plainly logs in to the embedded server.
func plainly(ctx context.Context, addr string, account jid.JID) (*xmpp.Session, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return xmpp.NewSession(ctx, account.Domain(), account, conn, xmpp.Secure, xmpp.NewNegotiator(
		func(*xmpp.Session, *xmpp.StreamConfig) xmpp.StreamConfig {
			return xmpp.StreamConfig{Features: []xmpp.StreamFeature{xmpp.SASL("", integration.Password, sasl.Plain), xmpp.BindResource()}}
		}))
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
