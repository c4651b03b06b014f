package integration_test

import (
	"context"
	"database/sql"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/line"
	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/sqlstore"
)

// crew is how many contacts each account of the fleet has.
const crew = 100

// fleetSize returns how many accounts the fleet has: 1,000, or what
// LASTPRESENCE_FLEET says.
func fleetSize(b *testing.B) int {
	s := os.Getenv("LASTPRESENCE_FLEET")
	if s == "" {
		return 1_000
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// ship is an account of the fleet: a session over a pipe, at whose other end
// harbour answers.
type ship struct {
	account jid.JID
	session *xmpp.Session
	harbour net.Conn
	cache   *roster.Cache
	handler atomic.Pointer[xmpp.Handler]
	idly    atomic.Int64 // presences that came before there was a Cache
}

// HandleXMPP hands what comes to the Cache. As long as there is none, it counts
// presence.
func (s *ship) HandleXMPP(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
	if h := s.handler.Load(); h != nil {
		return (*h).HandleXMPP(t, start)
	}
	if start.Name.Local == "presence" {
		s.idly.Add(1)
	}
	return nil
}

// listen has a session without a Cache hear what it will hear with one, so that its
// buffers have grown.
func (s *ship) listen(ctx context.Context) error {
	get := stanza.IQ{ID: "before", Type: stanza.GetIQ}.Wrap(xmlstream.Wrap(nil, xml.StartElement{Name: xml.Name{Space: roster.NS, Local: "query"}}))
	if err := s.session.Send(ctx, get); err != nil {
		return err
	}
	if err := s.session.Send(ctx, stanza.Presence{}.Wrap(nil)); err != nil {
		return err
	}
	for s.idly.Load() < crew {
		time.Sleep(time.Millisecond)
	}
	return nil
}

// fleet is many accounts in one process.
type fleet struct {
	*testing.B
	ships []*ship
	wg    sync.WaitGroup
}

// launch makes sessions that are served, and which know nothing.
func launch(b *testing.B, n int) *fleet {
	f := &fleet{B: b}
	for i := range n {
		ours, theirs := net.Pipe()
		s := &ship{account: jid.MustParse(fmt.Sprintf("user%d@capulet.lit/gateway", i)), harbour: theirs}
		s.session = line.Negotiated(b, s.account, ours)
		f.ships = append(f.ships, s)
		f.wg.Go(func() { _ = s.session.Serve(s) })
		f.wg.Go(s.answer)
	}
	b.Cleanup(func() {
		for _, s := range f.ships {
			_ = s.session.Conn().Close()
			_ = s.harbour.Close()
		}
		f.wg.Wait()
		f.each(func(s *ship) error {
			_ = s.cache.Close() // keeps what it can in its time
			return nil
		})
	})
	return f
}

var stanzaID = regexp.MustCompile(`<iq[^>]* id=["']([^"']+)["']`)

// answer plays the server: it sends the roster to who asks for it, and the last
// presence of all contacts to who sends presence.
func (s *ship) answer() {
	buf := make([]byte, 1024)
	for {
		n, err := s.harbour.Read(buf)
		if err != nil {
			return
		}
		got := string(buf[:n])
		var out strings.Builder
		if id := stanzaID.FindStringSubmatch(got); id != nil {
			fmt.Fprintf(&out, `<iq xmlns='jabber:client' type='result' id='%s' to='%s'><query xmlns='jabber:iq:roster'>`, id[1], s.account)
			for i := range crew {
				fmt.Fprintf(&out, `<item jid='%s' name='The contact %d' subscription='both'><group>Friends</group></item>`, mate(i), i)
			}
			out.WriteString(`</query></iq>`)
		}
		if strings.Contains(got, "<presence") {
			for i := range crew {
				out.WriteString(s.leaves(i, "Going offline. Out of battery."))
			}
		}
		if _, err := io.WriteString(s.harbour, out.String()); err != nil {
			return
		}
	}
}

func mate(i int) string { return fmt.Sprintf("contact%d@montague.lit", i) }

// leaves is the presence with which a contact goes offline.
func (s *ship) leaves(i int, status string) string {
	return fmt.Sprintf(`<presence xmlns='jabber:client' type='unavailable' from='%s/orchard' to='%s'><status>%s %03d</status></presence>`, mate(i), s.account, status, i)
}

// each does something for all accounts, many at a time, and returns how long it
// took.
func (f *fleet) each(do func(*ship) error) time.Duration {
	f.Helper()
	began := time.Now()
	next := make(chan *ship)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for s := range next {
				if err := do(s); err != nil {
					f.Error(err)
				}
			}
		})
	}
	for _, s := range f.ships {
		next <- s
	}
	close(next)
	wg.Wait()
	return time.Since(began)
}

// sync gives an account a Cache, or its Cache the session, and waits until all is
// known.
func (s *ship) sync(ctx context.Context, opts ...roster.Option) error {
	if s.cache == nil {
		s.cache = roster.Offline(s.account, opts...)
	}
	if err := s.cache.Connect(s.session); err != nil {
		return err
	}
	h := s.cache.Handler(nil)
	s.handler.Store(&h)
	if err := s.cache.Sync(ctx); err != nil {
		return err
	}
	if err := s.session.Send(ctx, stanza.Presence{}.Wrap(nil)); err != nil {
		return err
	}
	return s.knows("Going offline. Out of battery.")
}

// knows waits until the last contact has said something.
func (s *ship) knows(status string) error {
	last, want := jid.MustParse(mate(crew-1)), fmt.Sprintf("%s %03d", status, crew-1)
	for deadline := time.Now().Add(10 * time.Minute); ; time.Sleep(time.Millisecond) {
		if c, _ := s.cache.Contact(last); c.Status == want && c.Source == roster.Live {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s never knows all", s.account)
		}
	}
}

// size returns the memory in use, and the goroutines.
func size() (bytes, goroutines int) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse), runtime.NumGoroutine()
}

// BenchmarkFleet has many accounts in one process, of a hundred contacts each, who
// all left with a word. It reports what an account takes beside a session of mellium
// alone, and the time until all are synced, without a store.
func BenchmarkFleet(b *testing.B) {
	n := fleetSize(b)
	for b.Loop() {
		none, goroutines := size()
		f := launch(b, n)
		f.each(func(s *ship) error { return s.listen(b.Context()) })
		alone, running := size()
		took := f.each(func(s *ship) error { return s.sync(b.Context()) })
		all, after := size()
		b.ReportMetric(float64(alone-none)/float64(n), "B/session")
		b.ReportMetric(float64(all-alone)/float64(n), "B/account")
		b.ReportMetric(float64(running-goroutines)/float64(n), "goroutines/session")
		b.ReportMetric(float64(after-running)/float64(n), "goroutines/account")
		b.ReportMetric(took.Seconds(), "s-until-synced")
		b.ReportMetric(float64(n*crew)/took.Seconds(), "presences/s")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkFleetStores does so with PostgreSQL: until all is kept, when each account
// hears of one contact at the same moment, and when all log in at once after a
// restart.
func BenchmarkFleetStores(b *testing.B) {
	n := fleetSize(b)
	p := integration.StartPostgres(b)
	for b.Loop() {
		where := p.Database(b)
		db := p.Far(b, where, 0)
		db.SetMaxOpenConns(8)
		store, err := sqlstore.New(b.Context(), db.DB)
		if err != nil {
			b.Fatal(err)
		}
		// A save that waits for others for too long is tried again later.
		var late atomic.Int64
		persist := roster.Persist(store, func(err error) {
			if errors.Is(err, context.DeadlineExceeded) {
				late.Add(1)
			} else if !errors.Is(err, context.Canceled) { // as by Close, which saves it itself
				b.Error(err)
			}
		})
		f := launch(b, n)
		watch := newWatch(b, db)
		took := f.each(func(s *ship) error { return s.sync(b.Context(), persist) })
		kept := watch.until(n*crew, "Going offline%")
		b.ReportMetric(took.Seconds(), "s-until-synced")
		watch.report(kept, n*crew, "first")

		const rounds = 5
		watch = newWatch(b, db)
		for round := range rounds {
			f.each(func(s *ship) error {
				_, err := io.WriteString(s.harbour, s.leaves(round, "Farewell."))
				return err
			})
		}
		watch.report(watch.until(n*rounds, "Farewell.%"), n*rounds, "later")

		again := launch(b, n)
		watch = newWatch(b, db)
		loaded := again.each(func(s *ship) error {
			s.cache = roster.Offline(s.account, persist)
			return s.cache.Load(b.Context())
		})
		b.ReportMetric(loaded.Seconds(), "s-until-loaded")
		b.ReportMetric(float64(db.Trips()-watch.trips)/float64(n), "trips/load")
		b.ReportMetric(again.each(func(s *ship) error { return s.sync(b.Context()) }).Seconds(), "s-until-synced-again")
		b.ReportMetric(float64(late.Load()), "late-saves")
	}
	b.ReportMetric(0, "ns/op")
}

// watch looks at a database while it is written.
type watch struct {
	*testing.B
	db      *integration.Far
	began   time.Time
	trips   int
	commits int
}

func newWatch(b *testing.B, db *integration.Far) *watch {
	w := &watch{B: b, db: db, began: time.Now(), trips: db.Trips()}
	w.commits = w.count("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
	return w
}

func (w *watch) count(query string, args ...any) (n int) {
	w.Helper()
	if err := w.db.QueryRowContext(w.Context(), query, args...).Scan(&n); err != nil && err != sql.ErrNoRows {
		w.Fatal(err)
	}
	return n
}

// until waits until so many contacts are kept with a status, and returns how long
// it took.
func (w *watch) until(contacts int, status string) time.Duration {
	w.Helper()
	for deadline := time.Now().Add(20 * time.Minute); ; time.Sleep(500 * time.Millisecond) {
		before := w.db.Trips()
		n := w.count("SELECT count(*) FROM lastpresence_contacts WHERE seen_status LIKE $1", status)
		w.trips += w.db.Trips() - before // as far as nobody else asks at the same time
		w.commits++
		if n >= contacts {
			return time.Since(w.began)
		}
		if time.Now().After(deadline) {
			w.Fatalf("%d contacts are kept, want %d", n, contacts)
		}
	}
}

// report reports how fast changes were kept.
func (w *watch) report(took time.Duration, changes int, which string) {
	w.Helper()
	time.Sleep(time.Second) // until the database's own counts are there
	commits := w.count("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()") - w.commits
	w.ReportMetric(took.Seconds(), "s-until-kept-"+which)
	w.ReportMetric(float64(changes)/took.Seconds(), "changes/s-"+which)
	w.ReportMetric(float64(commits), "transactions-"+which)
	w.ReportMetric(float64(w.db.Trips()-w.trips), "trips-"+which)
}
