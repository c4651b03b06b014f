package integration_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/storetest"
	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/sqlstore"
)

func newSQLStore(t testing.TB, db *sql.DB) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.New(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAStoreWinsADeadlockWithAnother has somebody else lock a contact before its
// account, as a program of the user's may, so that PostgreSQL ends the store's
// transaction.
func TestAStoreWinsADeadlockWithAnother(t *testing.T) {
	t.Parallel()
	p := integration.StartPostgres(t)
	where := p.Database(t)
	s := newSQLStore(t, openDB(t, "pgx", where+"&deadlock_timeout=300ms"))
	saved := details(2)
	if err := s.Save(t.Context(), storetest.Account, saved); err != nil {
		t.Fatal(err)
	}
	other := openDB(t, "pgx", where+"&deadlock_timeout=60s")
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.Exec("UPDATE lastpresence_contacts SET name = 'x' WHERE jid = 'contact0@montague.lit'"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		saved.Records[0].Name, saved.Records[0].Listed = "Renamed", saved.Records[0].Listed.Add(time.Second)
		done <- s.Save(t.Context(), storetest.Account, saved)
	}()
	waiting := "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO lastpresence_contacts%'"
	for n := 0; n == 0; time.Sleep(time.Millisecond) {
		if err := other.QueryRow(waiting).Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	// The store holds this lock, and waits for ours.
	if _, err := tx.Exec("UPDATE lastpresence_accounts SET version = 'x'"); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("Save = %v", err)
	}
	if got, err := s.Load(t.Context(), storetest.Account); err != nil || !storetest.Equal(got, saved) {
		t.Errorf("kept: %+v, %v", got, err)
	}
}

// TestSavesAndRemovesAtOnce has several stores write and forget two accounts,
// under each isolation level that a database may set for all.
func TestSavesAndRemovesAtOnce(t *testing.T) {
	t.Parallel()
	p := integration.StartPostgres(t)
	for _, level := range []string{"read committed", "repeatable read", "serializable"} {
		t.Run(level, func(t *testing.T) {
			where := p.Database(t)
			db := openDB(t, "pgx", where)
			if _, err := db.Exec("ALTER DATABASE " + filepath.Base(where[:len(where)-len("?sslmode=disable")]) + " SET default_transaction_isolation = '" + level + "'"); err != nil {
				t.Fatal(err)
			}
			accounts := []jid.JID{storetest.Account, jid.MustParse("nurse@capulet.lit")}
			var wg sync.WaitGroup
			for worker := range uint64(8) {
				s := newSQLStore(t, openDB(t, "pgx", where))
				wg.Go(func() {
					r := rand.New(rand.NewPCG(worker, 8))
					for i := range 40 {
						account := accounts[r.IntN(2)]
						var err error
						switch i % 10 {
						case 8:
							err = s.Remove(t.Context(), account)
						case 9:
							err = s.Edit(t.Context(), account, func(r roster.Record) (roster.Record, bool) { r.Name = ""; return r, r.Ask })
						default:
							err = s.Save(t.Context(), account, storetest.Changes(r))
						}
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			s := newSQLStore(t, db)
			for _, account := range accounts {
				if err := s.Remove(t.Context(), account); err != nil {
					t.Error(err)
				}
				if got, err := s.Load(t.Context(), account); err != nil || !storetest.Equal(got, roster.Saved{}) {
					t.Errorf("removed: %+v, %v", got, err)
				}
			}
			var left int
			if err := db.QueryRow("SELECT (SELECT count(*) FROM lastpresence_accounts) + (SELECT count(*) FROM lastpresence_contacts)").Scan(&left); err != nil || left != 0 {
				t.Errorf("%d rows are left, %v", left, err)
			}
		})
	}
}

// TestABusySQLiteFileIsTriedAgain writes with a driver that does not wait.
func TestABusySQLiteFileIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, journal := range []string{"WAL", "DELETE"} {
		t.Run(journal, func(t *testing.T) {
			where := "file:" + filepath.Join(t.TempDir(), "presence.db") + "?_pragma=busy_timeout(0)&_pragma=journal_mode(" + journal + ")"
			s := newSQLStore(t, openDB(t, "sqlite", where))
			other, err := openDB(t, "sqlite", where).Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			exec := func(statement string) {
				t.Helper()
				if _, err := other.ExecContext(context.Background(), statement); err != nil {
					t.Fatal(err)
				}
			}
			exec("BEGIN IMMEDIATE")
			done := make(chan error)
			saved := details(3)
			go func() { done <- s.Save(t.Context(), storetest.Account, saved) }()
			select {
			case err := <-done:
				t.Fatalf("Save = %v while another wrote", err)
			case <-time.After(100 * time.Millisecond):
			}
			exec("COMMIT")
			if err := <-done; err != nil {
				t.Errorf("Save = %v", err)
			}
			exec("BEGIN IMMEDIATE")
			began := time.Now()
			if err := s.Save(t.Context(), storetest.Account, roster.Saved{Version: "v2", Synced: time.Now()}); err == nil {
				t.Error("Save succeeded while another wrote")
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("Save gave up after %v", took)
			}
			exec("ROLLBACK")
			if got, err := s.Load(t.Context(), storetest.Account); err != nil || !storetest.Equal(got, saved) {
				t.Errorf("kept: %+v, %v", got, err)
			}
		})
	}
}

// TestManyAccountsShareTransactions has a thousand accounts save a change each,
// at the same time, in a database ten milliseconds away.
func TestManyAccountsShareTransactions(t *testing.T) {
	t.Parallel()
	const accounts = 1000
	p := integration.StartPostgres(t)
	db := p.Far(t, p.Database(t), 10*time.Millisecond)
	s := newSQLStore(t, db.DB)
	change := details(1)
	round := func() (trips int, took time.Duration) {
		before, began := db.Trips(), time.Now()
		var wg sync.WaitGroup
		for i := range accounts {
			wg.Go(func() {
				if err := s.Save(t.Context(), jid.MustParse(fmt.Sprintf("account%d@capulet.lit", i)), change); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		return db.Trips() - before, time.Since(began)
	}
	trips, took := round()
	t.Logf("first: %d round trips, %v", trips, took)
	change.Records[0].Seen.At = change.Records[0].Seen.At.Add(time.Second)
	change.Records[0].Seen.Heard = change.Records[0].Seen.At
	trips, took = round()
	t.Logf("a change: %d round trips, %v, %.0f changes a second", trips, took, accounts/took.Seconds())
	if trips > 40 {
		t.Errorf("saving a change of each of %d accounts took %d round trips", accounts, trips)
	}
	for _, i := range []int{0, 500, 999} {
		if got, err := s.Load(t.Context(), jid.MustParse(fmt.Sprintf("account%d@capulet.lit", i))); err != nil || !storetest.Equal(got, change) {
			t.Errorf("account %d: %+v, %v", i, got, err)
		}
	}
}
