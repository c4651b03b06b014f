package integration_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/integration"
)

// What the load test has besides users.
const (
	loadContacts = 200 // that the users share
	loadEach     = 20  // contacts of each user
	loadMovers   = 20  // contacts who come and go
	loadLost     = 5   // of them, those who leave while the database is down
)

// TestWebchatUnderLoad has many users open chats at random, while contacts come and go.
// PostgreSQL crashes in the middle, and nothing is lost. It takes 30 users and 5
// seconds, or what LASTPRESENCE_LOAD says, such as 1000,10m.
func TestWebchatUnderLoad(t *testing.T) {
	t.Parallel()
	users, length := loadSize(t)
	srv := integration.StartUsers(t, users, loadEach, loadContacts)
	p := integration.StartPostgres(t)
	where := p.Database(t)
	l := &load{T: t, transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	l.gateway = startWebchat(t, buildExample(t, "webchat"), srv.Authority, "-addr", srv.Addr, "-store", where, "-logins", "1000000")
	t.Cleanup(l.transport.CloseIdleConnections)

	t.Logf("one user: %s", l.alone())
	began := time.Now()
	visits := l.all(users)
	t.Logf("%d users are logged in after %v", users, time.Since(began))
	var movers sync.WaitGroup
	moving, settle := context.WithCancel(t.Context())
	for i := range loadMovers {
		movers.Go(func() { l.move(moving, srv, i) })
	}
	before := l.buckets("network")
	memory, pages := l.use(visits, length, func() { l.restart(p, srv) })
	asked := l.buckets("network").since(before)
	settle()
	movers.Wait()
	of := users * loadEach / loadContacts // users who have a contact
	eventually(t, "what the contacts said last is kept", func() bool {
		return l.kept(where, "The end") == of*loadMovers && l.kept(where, "While it was down") == of*loadLost
	})
	slices.Sort(pages)
	t.Logf("%d users: %s; %d pages in %v and %v; %d events", users, asked, len(pages), pages[len(pages)/2], pages[len(pages)*99/100], l.told.Load())
	t.Logf("resident memory in MB: %v\n%s", memory, l.metric("webchat_store_failures_total"))
	if first, last := memory[len(memory)/4], memory[len(memory)-1]; last > first+first/4+16 {
		t.Errorf("the memory has grown from %d MB to %d MB", first, last)
	}
	if got := l.value("webchat_connected_sessions"); int(got) != users {
		t.Errorf("%v sessions are up, want %d", got, users)
	}
	for _, v := range visits {
		v.stop()
	}
	l.streams.Wait()
	l.stop()
}

func loadSize(t *testing.T) (users int, length time.Duration) {
	t.Helper()
	s := os.Getenv("LASTPRESENCE_LOAD")
	if s == "" {
		return 30, 5 * time.Second
	}
	n, d, _ := strings.Cut(s, ",")
	users, err := strconv.Atoi(n)
	length, failed := time.ParseDuration(d)
	if err != nil || failed != nil {
		t.Fatalf("LASTPRESENCE_LOAD is %q, want such as 1000,10m", s)
	}
	return users, length
}

// use has users open chats at random, a hundred a second, and does something else in
// the middle. It returns the resident memory in MB as it went, and how long the pages
// took.
func (l *load) use(visits []*visit, length time.Duration, middle func()) (memory []int, pages []time.Duration) {
	r := rand.New(rand.NewPCG(uint64(len(visits)), 1))
	began := time.Now()
	pace := time.NewTicker(10 * time.Millisecond)
	defer pace.Stop()
	for next, done := began, false; time.Since(began) < length; {
		<-pace.C
		took, err := l.open(visits[r.IntN(len(visits))], r.IntN(loadEach))
		if err != nil {
			l.Fatal(err)
		}
		pages = append(pages, took)
		if time.Now().After(next) {
			next = next.Add(length / 10)
			memory = append(memory, int(l.value("process_resident_memory_bytes"))>>20)
		}
		if !done && time.Since(began) > length/2 {
			done = true
			middle()
		}
	}
	return memory, pages
}

// alone has one user open chats, again and again with a new session.
func (l *load) alone() buckets {
	before := l.buckets("network")
	for range 10 {
		v, err := l.come(0)
		if err != nil {
			l.Fatal(err)
		}
		for n := range 10 {
			if _, err := l.open(v, n); err != nil {
				l.Fatal(err)
			}
		}
		l.leave(v)
	}
	l.streams.Wait()
	return l.buckets("network").since(before)
}

// all logs all users in, some at a time.
func (l *load) all(users int) []*visit {
	visits := make([]*visit, users)
	next := make(chan int)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for i := range next {
				v, err := l.come(i)
				if err != nil {
					l.Error(err)
					continue
				}
				visits[i] = v
			}
		})
	}
	for i := range users {
		next <- i
	}
	close(next)
	wg.Wait()
	if l.Failed() {
		l.FailNow()
	}
	return visits
}

// move has a contact come and go until the context ends, and then go for good.
func (l *load) move(ctx context.Context, srv *integration.Server, i int) {
	v := &visitor{jid: jid.MustParse(fmt.Sprintf("contact%d@montague.lit", i))}
	r := rand.New(rand.NewPCG(uint64(i), 2))
	last := false
	for n := 0; !last; n++ {
		last = ctx.Err() != nil
		err := v.come(l.Context(), srv)
		if err == nil {
			select {
			case <-ctx.Done():
			case <-time.After(time.Second + time.Duration(r.IntN(2000))*time.Millisecond):
			}
			status := fmt.Sprintf("Gone for the %d. time", n)
			if last {
				status = "The end"
			}
			err = v.leave(l.Context(), status)
		}
		if err != nil {
			l.Errorf("%s: %v", v.jid, err)
			return
		}
	}
}

// restart has PostgreSQL crash, contacts leave while it is down, and start again.
func (l *load) restart(p *integration.Postgres, srv *integration.Server) {
	l.Helper()
	p.Crash(l, func() {
		for i := range loadLost {
			v := &visitor{jid: jid.MustParse(fmt.Sprintf("contact%d@montague.lit", loadMovers+i))}
			err := v.come(l.Context(), srv)
			if err == nil {
				err = v.leave(l.Context(), "While it was down")
			}
			if err != nil {
				l.Fatal(err)
			}
		}
		time.Sleep(2 * time.Second) // so that it is missed
	})
}

// kept returns how many records have a status.
func (l *load) kept(where, status string) (n int) {
	l.Helper()
	db, err := sql.Open("pgx", where)
	if err != nil {
		l.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT count(*) FROM lastpresence_contacts WHERE seen_status = $1", status).Scan(&n); err != nil {
		l.Fatal(err)
	}
	return n
}
