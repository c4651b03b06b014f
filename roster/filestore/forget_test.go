package filestore_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/storetest"
	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/filestore"
)

// The files that may lie beside juliet's: from processes that were killed, from
// earlier versions of the package, and what was set aside.
var leftovers = []string{
	"juliet@capulet.lit.roster.new",
	"juliet@capulet.lit.roster.1234567.new",
	"juliet@capulet.lit.roster.lock",
	"juliet@capulet.lit.roster.damaged-20120910T234107.000000000",
}

// neighbours are files of other accounts, and of others.
var neighbours = []string{
	"juliet@capulet.lit.roster.damaged-1.roster",
	"juliet@capulet.lit.roster.damaged-1.roster.123.new",
	"juliet@capulet.lit.roster.com.roster",
	"juliet@capulet.lit.roster.org.roster.lock",
	"nurse@capulet.lit.roster",
	"nurse@capulet.lit.roster.1234567.new",
	"notes.txt",
}

const words = "<Bye> & …" // romeo's

// litter writes files, with romeo's words in each.
func litter(t *testing.T, dir string, names []string) {
	t.Helper()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(words), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestLeftoversChangeNothing(t *testing.T) {
	s, file, _ := saved(t)
	litter(t, filepath.Dir(file), leftovers)
	if err := s.Save(t.Context(), storetest.Account, roster.Saved{Version: "v2", Synced: at(10)}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Load(t.Context(), storetest.Account)
	if err != nil || got.Version != "v2" || len(got.Records) != 1 {
		t.Errorf("kept: %+v, %v", got, err)
	}
}

func TestRemoveDeletesEveryFileOfTheAccount(t *testing.T) {
	s, file, _ := saved(t)
	dir := filepath.Dir(file)
	litter(t, dir, append(leftovers, neighbours...))
	if err := s.Remove(t.Context(), storetest.Account); err != nil {
		t.Fatal(err)
	}
	if got, want := names(t, dir), slices.Sorted(slices.Values(neighbours)); !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

func TestNoFileHasWhatEditErased(t *testing.T) {
	s, file, _ := saved(t)
	dir := filepath.Dir(file)
	litter(t, dir, leftovers)
	err := s.Edit(t.Context(), storetest.Account, func(r roster.Record) (roster.Record, bool) {
		r.Seen.Status = ""
		return r, true
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names(t, dir) {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err != nil || bytes.Contains(data, []byte(words)) {
			t.Errorf("%s has %q, %v", name, data, err)
		}
	}
	want := romeo
	want.Seen.Status = ""
	if got, err := s.Load(t.Context(), storetest.Account); err != nil || !storetest.Equal(got, roster.Saved{Version: "v1", Synced: at(9), Records: []roster.Record{want}}) {
		t.Errorf("kept: %+v, %v", got, err)
	}
}

func TestNewDeletesWhatWasAbandoned(t *testing.T) {
	dir := t.TempDir()
	litter(t, dir, append(leftovers, neighbours...))
	if _, err := filestore.New(dir); err != nil {
		t.Fatal(err)
	}
	if n := len(names(t, dir)); n != len(leftovers)+len(neighbours) {
		t.Errorf("of young files %d are left, want all", n)
	}
	ago := time.Now().Add(-2 * time.Hour)
	for _, name := range names(t, dir) {
		if err := os.Chtimes(filepath.Join(dir, name), ago, ago); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := filestore.New(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range names(t, dir) {
		if filepath.Ext(name) == ".new" {
			t.Errorf("%s is still there", name)
		}
	}
	if n := len(names(t, dir)); n != len(leftovers)+len(neighbours)-4 {
		t.Errorf("%d files are left: %q", n, names(t, dir))
	}
}

// TestConcurrentFirstSavesLoseNothing has several stores create a file at the same
// time, while somebody deletes lock files and files that look abandoned.
func TestConcurrentFirstSavesLoseNothing(t *testing.T) {
	for range 15 {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		var cleaner, writers sync.WaitGroup
		cleaner.Go(func() {
			// A save starts over after each, though not forever.
			for deleted := 0; ctx.Err() == nil && deleted < 20; runtime.Gosched() {
				for _, pattern := range []string{"*.lock", "*.new"} {
					found, _ := filepath.Glob(filepath.Join(dir, pattern))
					for _, name := range found {
						if os.Remove(name) == nil {
							deleted++
						}
					}
				}
			}
		})
		const contacts = 8
		for i := range contacts {
			s := openStore(t, dir)
			r := romeo
			r.JID = jid.MustParse(string(rune('a'+i)) + "@montague.lit")
			writers.Go(func() {
				if err := s.Save(ctx, storetest.Account, roster.Saved{Records: []roster.Record{r}}); err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		cancel()
		cleaner.Wait()
		if got, err := openStore(t, dir).Load(t.Context(), storetest.Account); err != nil || len(got.Records) != contacts {
			t.Fatalf("%d contacts are kept, %v, want %d", len(got.Records), err, contacts)
		}
	}
}
