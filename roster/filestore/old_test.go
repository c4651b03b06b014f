package filestore_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/lastpresence/internal/testbed/storetest"
	"example.org/lastpresence/roster"
)

// second is a time in the files of earlier versions.
func second(n float64) time.Time {
	return time.Date(2012, 9, 10, 23, 40, 0, 0, time.UTC).Add(time.Duration(n * float64(time.Second)))
}

// TestFilesOfVersion1 loads a file as version 1 wrote it, and merges into it.
func TestFilesOfVersion1(t *testing.T) {
	type d = roster.Departure
	want := map[string]struct{ seen, told d }{
		"live":    {seen: d{Heard: second(10), At: second(10), Resource: "orchard", Status: "Bye", Settled: true, Ours: true}},
		"lost":    {seen: d{Heard: second(10), At: second(10), Resource: "orchard", Text: "Disconnected: connection closed", Settled: true, Ours: true}},
		"stamped": {told: d{Heard: second(30), At: second(10), Stamp: second(10), Status: "Out of battery", Settled: true}},
		"later":   {told: d{Heard: second(30), At: second(20), Text: "Stream reset by peer", Ours: true}},
		"earlier": {told: d{Heard: second(22), At: second(20), Stamp: second(20)}},
		"both": {
			seen: d{Heard: second(10), At: second(10), Resource: "orchard", Settled: true, Ours: true},
			told: d{Heard: second(40), At: second(9), Status: "Bye", Settled: true, Ours: true},
		},
		"said":    {told: d{Heard: second(30), Status: "Gone fishing"}},
		"words":   {told: d{Heard: second(30), At: second(10), Stamp: second(10), Status: "Gone fishing", Settled: true}},
		"stale":   {told: d{Heard: second(30), At: second(10), Stamp: second(10)}},
		"removed": {},
		"groups":  {},
	}
	for _, how := range []string{"loaded", "merged", "edited"} {
		t.Run(how, func(t *testing.T) {
			dir := t.TempDir()
			old, err := os.ReadFile(filepath.Join("testdata", "version1-facts.roster"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "juliet@capulet.lit.roster"), old, 0o600); err != nil {
				t.Fatal(err)
			}
			s := openStore(t, dir)
			switch how {
			case "merged":
				err = s.Save(t.Context(), storetest.Account, roster.Saved{Records: []roster.Record{romeo}})
			case "edited":
				err = s.Edit(t.Context(), storetest.Account, func(r roster.Record) (roster.Record, bool) { return r, true })
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Load(t.Context(), storetest.Account)
			if err != nil {
				t.Fatal(err)
			}
			if got.Version != "v1" || !got.Synced.Equal(second(50)) {
				t.Errorf("the roster is %q as of %v", got.Version, got.Synced)
			}
			found := 0
			for _, r := range got.Records {
				want, ok := want[r.JID.Localpart()]
				if !ok {
					continue
				}
				found++
				if r.Seen != want.seen || r.Told != want.told {
					t.Errorf("%s: seen %+v\nwant %+v\ntold %+v\nwant %+v", r.JID, r.Seen, want.seen, r.Told, want.told)
				}
			}
			if found != len(want) {
				t.Errorf("%d contacts, want %d", found, len(want))
			}
		})
	}
}
