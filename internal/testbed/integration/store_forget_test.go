package integration_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/storetest"
	"example.org/lastpresence/roster"
)

// everything returns the bytes of every file in a folder.
func everything(t *testing.T, dir string) []byte {
	t.Helper()
	var all []byte
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all = append(append(all, path...), data...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// rows returns all that the tables have, as text.
func rows(t *testing.T, where string) []byte {
	t.Helper()
	db := openDB(t, "pgx", where)
	defer db.Close()
	var all []byte
	for _, table := range []string{"lastpresence_accounts", "lastpresence_contacts"} {
		found, err := db.Query("SELECT to_json(t)::text FROM " + table + " AS t")
		if err != nil {
			t.Fatal(err)
		}
		for found.Next() {
			var row string
			if err := found.Scan(&row); err != nil {
				t.Fatal(err)
			}
			all = append(all, row...)
		}
		if err := found.Err(); err != nil {
			t.Fatal(err)
		}
		_ = found.Close()
	}
	return all
}

// TestWhatIsForgottenIsNotThere looks into the files, and into the tables.
func TestWhatIsForgottenIsNotThere(t *testing.T) {
	t.Parallel()
	files, sqlite := t.TempDir(), t.TempDir()
	postgres := integration.StartPostgres(t).Database(t)
	for _, tc := range []struct {
		kind, where string
		content     func() []byte
	}{
		{"file", files, func() []byte { return everything(t, files) }},
		{"sqlite", "file:" + filepath.Join(sqlite, "presence.db") + "?_pragma=secure_delete(1)", func() []byte { return everything(t, sqlite) }},
		{"pgx", postgres, func() []byte { return rows(t, postgres) }},
	} {
		t.Run(tc.kind, func(t *testing.T) {
			s, done, err := openStore(t.Context(), tc.kind, tc.where)
			if err != nil {
				t.Fatal(err)
			}
			closed := false
			end := func() {
				if !closed {
					done()
				}
				closed = true
			}
			defer end()
			saved := roster.Saved{Version: "v1", Synced: time.Now().Add(-200 * 24 * time.Hour)}
			for i := range 4 {
				r := details(4).Records[i]
				r.Seen.Status, r.Told = fmt.Sprintf("words of %d", i), roster.Departure{Heard: r.Seen.Heard, Status: fmt.Sprintf("more of %d", i)}
				saved.Records = append(saved.Records, r)
			}
			removed := saved.Synced.UTC().Truncate(time.Microsecond)
			saved.Records[3] = roster.Record{JID: saved.Records[3].JID, Listed: removed, Since: removed, Subscription: "remove"}
			if err := s.Save(t.Context(), storetest.Account, saved); err != nil {
				t.Fatal(err)
			}
			if tc.kind == "file" {
				litter := append(everything(t, files), "words of 1"...)
				for _, name := range []string{"123.new", "new", "damaged-20120910T234107.000000000"} {
					if err := os.WriteFile(filepath.Join(files, storetest.Account.String()+".roster."+name), litter, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			look := func(when string, there, gone []string) {
				t.Helper()
				content := tc.content()
				for _, text := range there {
					if !bytes.Contains(content, []byte(text)) {
						t.Errorf("%s: %q is not there", when, text)
					}
				}
				for _, text := range gone {
					if bytes.Contains(content, []byte(text)) {
						t.Errorf("%s: %q is there", when, text)
					}
				}
			}
			open := func(opts ...roster.Option) *roster.Cache {
				t.Helper()
				c := roster.Offline(storetest.Account, append(opts, roster.Persist(s, nil))...)
				if err := c.Load(t.Context()); err != nil {
					t.Fatal(err)
				}
				return c
			}
			look("at first", []string{"words of 1", "more of 2", "contact3@"}, nil)
			c := open()
			if err := c.Forget(t.Context(), saved.Records[1].JID); err != nil {
				t.Fatal(err)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			look("a contact forgotten, and another removed long ago", []string{"words of 0", "more of 2", "contact1@"}, []string{"words of 1", "more of 1", "contact3@"})
			if err := open(roster.WithoutStatus()).Close(); err != nil {
				t.Fatal(err)
			}
			look("without status texts", []string{"contact0@", "contact1@"}, []string{"words of", "more of"})
			if err := s.Remove(t.Context(), storetest.Account); err != nil {
				t.Fatal(err)
			}
			end() // SQLite writes nothing behind it
			look("removed", nil, []string{"juliet@", "contact0@", "contact1@"})
			if kept := names(t, tc.kind, files); len(kept) > 0 {
				t.Errorf("the folder has %q", kept)
			}
		})
	}
}

// names returns the files of a file store.
func names(t *testing.T, kind, dir string) (names []string) {
	t.Helper()
	if kind != "file" {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
