package integration_test

import (
	"bufio"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/storetest"
	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/filestore"
	"example.org/lastpresence/roster/sqlstore"
)

const (
	statements = "../../../roster/sqlstore/schema"
	oldFile    = "../../../roster/filestore/testdata/version1-facts.roster"
)

// run runs published statements, as somebody does who migrates by hand.
func run(t *testing.T, db *sql.DB, name string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(statements, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), string(text)); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// insertOld fills tables of version 1 with what a file of version 1 has.
func insertOld(t *testing.T, db *sql.DB) {
	t.Helper()
	f, err := os.Open(oldFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const never = "-62135596800000000"
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var line struct {
			Roster             string
			Synced             int64
			JID                string
			Name, Subscription string
			Groups             []string
			Ask, Approved      bool
			Seen, Active, Said struct {
				At, Heard        int64
				Resource, Status string
				Settled          bool
			}
			Listed, Since, Online, Asked, Learnt int64
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		text := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
		flag := map[bool]string{false: "0", true: "1"}
		when := func(n int64) string {
			if n == 0 {
				return never
			}
			return fmt.Sprint(n)
		}
		var insert string
		switch {
		case line.Roster != "":
			insert = fmt.Sprintf("INSERT INTO lastpresence_accounts (account, synced, version) VALUES (%s, %d, %s)", text(storetest.Account.String()), line.Synced, text(line.Roster))
		case line.JID == "":
			continue
		default:
			var groups strings.Builder
			for _, g := range line.Groups {
				groups.WriteString(g + "\x01")
			}
			values := map[string]string{
				"account": text(storetest.Account.String()), "jid": text(line.JID), "listed": when(line.Listed), "subscription": text(line.Subscription),
				"name": text(line.Name), "groups": text(groups.String()), "ask": flag[line.Ask], "approved": flag[line.Approved],
				"since": when(line.Since), "online": when(line.Online), "asked": when(line.Asked), "learnt": when(line.Learnt),
			}
			for name, s := range map[string]struct {
				At, Heard        int64
				Resource, Status string
				Settled          bool
			}{"seen": line.Seen, "active": line.Active, "said": line.Said} {
				values[name+"_at"], values[name+"_heard"], values[name+"_settled"] = when(s.At), when(s.Heard), flag[s.Settled]
				values[name+"_status"], values[name+"_resource"] = text(s.Status), text(s.Resource)
			}
			names := slices.Sorted(maps.Keys(values))
			ordered := make([]string, len(names))
			for i, name := range names {
				ordered[i] = values[name]
			}
			insert = fmt.Sprintf("INSERT INTO lastpresence_contacts (%s) VALUES (%s)", strings.Join(names, ", "), strings.Join(ordered, ", "))
		}
		if _, err := db.ExecContext(t.Context(), insert); err != nil {
			t.Fatal(err)
		}
	}
}

// expectOld wants of a store what a filestore makes of the old file.
func expectOld(t *testing.T, s roster.Store) {
	t.Helper()
	dir := t.TempDir()
	data, err := os.ReadFile(oldFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, storetest.Account.String()+".roster"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := filestore.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	want, err := files.Load(t.Context(), storetest.Account)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Load(t.Context(), storetest.Account)
	if err != nil || len(want.Records) == 0 || !storetest.Equal(got, want) {
		t.Errorf("the tables have, %v:\n%+v\nthe file has:\n%+v", err, got, want)
	}
}

func openDB(t *testing.T, kind, where string) *sql.DB {
	t.Helper()
	db, err := sql.Open(kind, where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// TestTablesOfVersion1AreUpgraded upgrades them by New, and by hand.
func TestTablesOfVersion1AreUpgraded(t *testing.T) {
	t.Parallel()
	p := integration.StartPostgres(t)
	for _, tc := range []struct{ kind, name string }{{"sqlite", "sqlite"}, {"pgx", "postgres"}} {
		for _, byHand := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, by hand: %v", tc.name, byHand), func(t *testing.T) {
				where := sqliteFile(t.TempDir())
				if tc.kind == "pgx" {
					where = p.Database(t)
				}
				db := openDB(t, tc.kind, where)
				run(t, db, tc.name+"-1.sql")
				insertOld(t, db)
				if byHand {
					run(t, db, tc.name+"-2.sql")
				}
				for range 2 {
					s, err := sqlstore.New(t.Context(), db)
					if err != nil {
						t.Fatal(err)
					}
					expectOld(t, s)
				}
			})
		}
	}
}

func TestNewerTablesAreLeftAlone(t *testing.T) {
	t.Parallel()
	db := openDB(t, "sqlite", sqliteFile(t.TempDir()))
	if _, err := sqlstore.New(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("INSERT INTO lastpresence_schema (version) VALUES (1000)"); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlstore.New(t.Context(), db); err == nil || !strings.Contains(err.Error(), "version 1000") {
		t.Errorf("New = %v, want that the tables are of version 1000", err)
	}
}

// TestARoleWithoutCreate uses tables that another role made.
func TestARoleWithoutCreate(t *testing.T) {
	t.Parallel()
	p := integration.StartPostgres(t)
	where := p.Database(t)
	owner := openDB(t, "pgx", where)
	exec := func(statement string) {
		t.Helper()
		if _, err := owner.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE ROLE gateway LOGIN")
	exec("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
	u, err := url.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User("gateway")
	gateway := openDB(t, "pgx", u.String())
	if _, err := sqlstore.New(t.Context(), gateway); err == nil || !strings.Contains(err.Error(), "postgres-1.sql") {
		t.Errorf("New without tables = %v, want that somebody runs postgres-1.sql", err)
	}
	run(t, owner, "postgres-1.sql")
	exec("GRANT SELECT ON lastpresence_schema TO gateway")
	exec("GRANT SELECT, INSERT, UPDATE, DELETE ON lastpresence_accounts, lastpresence_contacts TO gateway")
	if _, err := sqlstore.New(t.Context(), gateway); err == nil || !strings.Contains(err.Error(), "postgres-2.sql") {
		t.Errorf("New with tables of version 1 = %v, want that somebody runs postgres-2.sql", err)
	}
	run(t, owner, "postgres-2.sql")
	s, err := sqlstore.New(t.Context(), gateway)
	if err != nil {
		t.Fatal(err)
	}
	storetest.Run(t, func(t testing.TB) roster.Store {
		for _, table := range []string{"lastpresence_accounts", "lastpresence_contacts"} {
			if _, err := gateway.Exec("DELETE FROM " + table); err != nil {
				t.Fatal(err)
			}
		}
		return s
	})
}
