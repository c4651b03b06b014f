package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/storetest"
	"example.org/lastpresence/roster"
)

var dialects = []dialect{postgres, sqlite}

func newStore(t testing.TB, db *sql.DB) *Store {
	t.Helper()
	s, err := New(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			storetest.Run(t, func(t testing.TB) roster.Store {
				_, db := play(t, d)
				return newStore(t, db)
			})
		})
	}
}

// Each statement of each call fails once: the error reaches the caller, the
// transaction takes no effect, and what had been saved can still be read.
func TestAStatementThatFails(t *testing.T) {
	broken := errors.New("no space left on device")
	change := roster.Saved{Version: "v2", Synced: time.Unix(2, 0).UTC(), Records: []roster.Record{
		{JID: jid.MustParse("nurse@capulet.lit"), Listed: time.Unix(2, 0).UTC(), Name: "Angelica", Subscription: "both"},
		{JID: jid.MustParse("tybalt@capulet.lit"), Listed: time.Unix(2, 0).UTC(), Subscription: "both"}}}
	for name, tt := range map[string]struct {
		statements int
		call       func(s *Store, ctx context.Context) error
	}{
		"New":  {3, func(s *Store, ctx context.Context) error { _, err := New(ctx, s.db); return err }},
		"Load": {2, func(s *Store, ctx context.Context) error { _, err := s.Load(ctx, storetest.Account); return err }},
		"Save": {6, func(s *Store, ctx context.Context) error { return s.Save(ctx, storetest.Account, change) }},
		"Edit, changed": {5, func(s *Store, ctx context.Context) error {
			return s.Edit(ctx, storetest.Account, func(r roster.Record) (roster.Record, bool) { r.Name = "X"; return r, true })
		}},
		"Edit, erased": {5, func(s *Store, ctx context.Context) error {
			return s.Edit(ctx, storetest.Account, func(r roster.Record) (roster.Record, bool) { return r, false })
		}},
		"Remove": {5, func(s *Store, ctx context.Context) error { return s.Remove(ctx, storetest.Account) }},
	} {
		for at := range tt.statements + 1 {
			t.Run(fmt.Sprintf("%s, statement %d", name, at), func(t *testing.T) {
				p, db := play(t, postgres)
				s := newStore(t, db)
				if err := s.Save(t.Context(), storetest.Account, nurse); err != nil {
					t.Fatal(err)
				}
				before, err := s.Load(t.Context(), storetest.Account)
				if err != nil {
					t.Fatal(err)
				}
				n := 0
				p.fails = func(string) error {
					if n++; n == at+1 {
						return broken
					}
					return nil
				}
				err = tt.call(s, t.Context())
				p.fails = nil
				if at == tt.statements {
					if err != nil || n != tt.statements {
						t.Errorf("%d statements, and it ended with %v", n, err)
					}
					return
				}
				if name == "New" && at == 0 {
					return // it looks for the other database then
				}
				if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "sqlstore: ") {
					t.Errorf("it ended with %v", err)
				}
				if after, err := s.Load(t.Context(), storetest.Account); err != nil || !reflect.DeepEqual(after, before) {
					t.Errorf("kept afterwards: %+v, %v", after, err)
				}
			})
		}
	}
}

// What does not change is not written again.
func TestOnlyChangesAreWritten(t *testing.T) {
	p, db := play(t, postgres)
	s := newStore(t, db)
	two := roster.Saved{Version: "v1", Synced: time.Unix(1, 0).UTC(), Records: []roster.Record{nurse.Records[0],
		{JID: jid.MustParse("tybalt@capulet.lit"), Name: "Tybalt", Subscription: "both"}}}
	writes := func(call func() error) (n []string) {
		p.told = nil
		if err := call(); err != nil {
			t.Fatal(err)
		}
		for _, s := range p.told {
			switch s {
			case postgres.saveAccounts():
				n = append(n, "accounts")
			case postgres.saveContacts():
				n = append(n, "contacts")
			case postgres.deleteContacts():
				n = append(n, "gone")
			}
		}
		return n
	}
	same := func(r roster.Record) (roster.Record, bool) { return r, true }
	for _, step := range []struct {
		name string
		call func() error
		want []string
	}{
		{"all is new", func() error { return s.Save(t.Context(), storetest.Account, two) }, []string{"accounts", "contacts"}},
		{"saved again", func() error { return s.Save(t.Context(), storetest.Account, two) }, nil},
		{"edited without a change", func() error { return s.Edit(t.Context(), storetest.Account, same) }, nil},
		{"one contact", func() error {
			return s.Save(t.Context(), storetest.Account, roster.Saved{Records: []roster.Record{{JID: nurse.Records[0].JID, Listed: time.Unix(3, 0).UTC(), Subscription: "to"}}})
		}, []string{"contacts"}},
		{"the version", func() error {
			return s.Save(t.Context(), storetest.Account, roster.Saved{Version: "v2", Synced: time.Unix(2, 0).UTC()})
		}, []string{"accounts"}},
		{"a contact erased", func() error {
			return s.Edit(t.Context(), storetest.Account, func(r roster.Record) (roster.Record, bool) { return r, r.Name != "Tybalt" })
		}, []string{"gone"}},
	} {
		if got := writes(step.call); !slices.Equal(got, step.want) {
			t.Errorf("%s: written %q, want %q", step.name, got, step.want)
		}
	}
	if got, err := s.Load(t.Context(), storetest.Account); err != nil || len(got.Records) != 1 || got.Version != "v2" {
		t.Errorf("kept: %+v, %v", got, err)
	}
}

func TestALargeRosterIsSavedInParts(t *testing.T) {
	for n, want := range map[int][]int{0: {0}, 1: {1}, 1000: {1000}, 1001: {1000, 1}, 2500: {1000, 1000, 500}} {
		whole := roster.Saved{At: time.Unix(5, 0), Version: "v1", Synced: time.Unix(4, 0), Records: make([]roster.Record, n)}
		var got []int
		divided := parts(whole)
		for i, part := range divided {
			got = append(got, len(part.Records))
			last := i == len(divided)-1
			if (part.Version == "v1") != last || part.Synced.Equal(whole.Synced) != last || !part.At.Equal(whole.At) {
				t.Errorf("%d records, part %d: %q as of %v, at %v", n, i, part.Version, part.Synced, part.At)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d records in parts of %v, want %v", n, got, want)
		}
	}
}

func TestTheStatementsOfGroups(t *testing.T) {
	for got, want := range map[string]string{
		sqlite.deleteContacts(): "DELETE FROM lastpresence_contacts WHERE (account, jid) IN (SELECT json_extract(value, '$.account') AS account, " +
			"json_extract(value, '$.jid') AS jid FROM json_each(?))",
		postgres.deleteContacts(): "DELETE FROM lastpresence_contacts WHERE (account, jid) IN (SELECT x.account, x.jid FROM json_to_recordset($1) " +
			`AS x (account TEXT COLLATE "C", jid TEXT COLLATE "C"))`,
		postgres.saveAccounts(): "INSERT INTO lastpresence_accounts (account, synced, version)\nSELECT * FROM (SELECT x.account, x.synced, x.version " +
			"FROM json_to_recordset($1) AS x (account TEXT COLLATE \"C\", synced BIGINT, version TEXT COLLATE \"C\")) AS given WHERE true\n" +
			"ON CONFLICT (account) DO UPDATE SET account = excluded.account, synced = excluded.synced, version = excluded.version",
		postgres.loadVersion():      "SELECT synced, version FROM lastpresence_accounts WHERE account = $1",
		sqlite.remove(contacts):     "DELETE FROM lastpresence_contacts WHERE account = ?",
		sqlite.selectContacts()[:9]: "SELECT c.",
	} {
		if got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	}
	given := "SELECT x.account, x.jid FROM json_to_recordset($1) AS x (account TEXT COLLATE \"C\", jid TEXT COLLATE \"C\")"
	if s := postgres.selectContacts(); !strings.Contains(s, "FROM ("+given+") AS given") {
		t.Error(s)
	}
}

func TestRowsAreJSON(t *testing.T) {
	var r rows
	if !r.none() {
		t.Error("rows from the beginning")
	}
	for _, account := range []string{"a", `b"`} {
		if err := r.add(versionColumns, account, moment(time.UnixMicro(7)), "v"); err != nil {
			t.Fatal(err)
		}
	}
	const want = `[{"account":"a","synced":7,"version":"v"},{"account":"b\"","synced":7,"version":"v"}]`
	if got := r.text(); got != want || r.none() {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if err := r.add(versionColumns, "c", func() {}, "v"); err == nil {
		t.Error("a function was written")
	}
}

func TestWhichCharactersAGroupMayHave(t *testing.T) {
	for c := range rune(0x30) {
		err := check(roster.Record{Groups: []string{"ok", "a" + string(c)}})
		if allowed := c >= ' ' || c == '\t' || c == '\n' || c == '\r'; (err == nil) != allowed {
			t.Errorf("%q: %v", c, err)
		}
	}
	_, db := play(t, sqlite)
	err := newStore(t, db).Save(t.Context(), storetest.Account, roster.Saved{Records: []roster.Record{{JID: jid.MustParse("a@b"), Groups: []string{groupEnd}}}})
	if err == nil || !strings.HasPrefix(err.Error(), "sqlstore: save a@b: the group ") {
		t.Errorf("Save = %v", err)
	}
}

// One that does not fit waits, and so does all of its account behind it.
func TestWhatFitsIntoATransaction(t *testing.T) {
	q := &queue{}
	add := func(account string, records int) {
		q.waiting = append(q.waiting, &save{ctx: t.Context(), account: account, changes: roster.Saved{Records: make([]roster.Record, records)}})
	}
	add("a", 600)
	add("b", 401) // does not fit
	add("b", 1)   // must not overtake
	add("c", 400) // just fits
	add("a", 0)   // behind the first of its account
	add("d", 0)
	add("e", 1)
	for i, want := range []string{"a600 c400 d0", "b401 a0 e1", "b1", ""} {
		var got []string
		for _, s := range q.next() {
			got = append(got, fmt.Sprint(s.account, len(s.changes.Records)))
		}
		if strings.Join(got, " ") != want || q.writing != (want != "") {
			t.Errorf("transaction %d: %q, want %q", i, got, want)
		}
	}
	add("large", 5000)
	if got := q.next(); len(got) != 1 {
		t.Errorf("more than fits: %v", got)
	}
}

func TestOneGoroutineWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at, most atomic.Int64
		q := &queue{}
		q.write = func(context.Context, []*save) error {
			if n := at.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(time.Second)
			at.Add(-1)
			return nil
		}
		for i := range 5 {
			go func() { _ = q.do(t.Context(), fmt.Sprint(i), roster.Saved{}) }()
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		q.mu.Lock()
		defer q.mu.Unlock()
		if most.Load() != 1 || q.writing {
			t.Errorf("%d wrote at once, and it goes on: %v", most.Load(), q.writing)
		}
	})
}

// A save that fails alone is not tried twice.
func TestASaveThatFailedAloneIsNotRetried(t *testing.T) {
	n := 0
	q := &queue{write: func(context.Context, []*save) error { n++; return errors.New("broken") }}
	if err := q.do(t.Context(), "a", roster.Saved{}); err == nil || n != 1 {
		t.Errorf("tried %d times, %v", n, err)
	}
}

func TestARowThatCannotBeReadHoldsNoConnection(t *testing.T) {
	p, db := play(t, sqlite)
	db.SetMaxOpenConns(1)
	s := newStore(t, db)
	if err := s.Save(t.Context(), storetest.Account, nurse); err != nil {
		t.Fatal(err)
	}
	for _, r := range p.tables[contacts] {
		r["jid"] = "@"
	}
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if got, err := s.Load(ctx, storetest.Account); err == nil || ctx.Err() != nil || len(got.Records) != 0 {
			t.Errorf("Load = %+v, %v", got, err)
		}
		if err := s.Edit(ctx, storetest.Account, func(r roster.Record) (roster.Record, bool) { return r, true }); err == nil || ctx.Err() != nil {
			t.Errorf("Edit = %v", err)
		}
	}
}

func TestTheFileOfAStatementThatFailsIsNamed(t *testing.T) {
	for found, want := range map[int64]string{0: "tables of version 1 (their owner can run schema/postgres-1.sql): refused", 1: "tables of version 2 (their owner can run schema/postgres-2.sql): refused"} {
		answer := tables(found)
		f := &fake{answer: func(statement string) (driver.Value, error) {
			if s := strings.TrimSpace(statement); strings.Contains(s, "CREATE ") || strings.Contains(s, "ALTER ") {
				return nil, errors.New("refused")
			}
			return answer(statement)
		}}
		if _, err := New(t.Context(), f.open(t)); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("New = %v", err)
		}
	}
}
