package filestore_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/storetest"
	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/filestore"
)

func newStore(t testing.TB) *filestore.Store {
	t.Helper()
	return openStore(t, filepath.Join(t.TempDir(), "presence"))
}

func openStore(t testing.TB, dir string) *filestore.Store {
	t.Helper()
	s, err := filestore.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t testing.TB) roster.Store { return newStore(t) })
}

// romeo is a record with something in every field.
var romeo = roster.Record{
	JID: jid.MustParse("romeo@montague.lit"), Listed: at(1), Name: "Romeo", Groups: []string{"Friends", ""}, Subscription: "both",
	Ask: true, Approved: true, Since: at(2),
	Seen:   roster.Departure{At: at(3), Heard: at(4), Resource: "orchard", Status: "<Bye> & …", Settled: true, Ours: true, Cause: roster.Goodbye},
	Told:   roster.Departure{At: at(5), Heard: at(5), Stamp: at(6), Bounded: true, Cause: roster.TimedOut, Text: "Hibernating"},
	Online: at(6), Words: []string{"Here."}, Learnt: at(8),
}

func at(second int) time.Time { return time.Date(2012, 9, 10, 23, 41, second, 1000*second, time.UTC) }

// saved returns a folder in which romeo is kept, and the file.
func saved(t *testing.T) (s *filestore.Store, file string, content []byte) {
	t.Helper()
	dir := t.TempDir()
	s, err := filestore.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Save(t.Context(), storetest.Account, roster.Saved{Version: "v1", Synced: at(9), Records: []roster.Record{romeo}}); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(dir, "juliet@capulet.lit.roster")
	content, err = os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return s, file, content
}

func TestTheFormatStaysAsItIs(t *testing.T) {
	_, _, content := saved(t)
	golden, err := os.ReadFile(filepath.Join("testdata", "version2.roster"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(content, golden) {
		t.Errorf("the file:\n%s\nwant:\n%s", content, golden)
	}
}

func TestOnlyTheOwnerMayRead(t *testing.T) {
	_, file, _ := saved(t)
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %v", e.Name(), info.Mode())
		}
	}
}

func TestADamagedFileIsSetAside(t *testing.T) {
	_, _, content := saved(t)
	damages := map[string][]byte{
		"empty":                        {},
		"another file":                 []byte("Dear diary\n"),
		"another account":              bytes.Replace(content, []byte("juliet"), []byte("nurse"), 1),
		"a changed letter":             bytes.Replace(content, []byte("Romeo"), []byte("Romeo!"), 1),
		"a second foot":                append(bytes.Clone(content), content[bytes.LastIndexByte(content[:len(content)-1], '\n')+1:]...),
		"an empty line at its end":     append(bytes.Clone(content), '\n'),
		"a head and an empty line":     append(bytes.Clone(content[:bytes.IndexByte(content, '\n')+1]), '\n'),
		"no foot":                      content[:bytes.LastIndexByte(content[:len(content)-1], '\n')+1],
		"zeros, as after a power cut":  make([]byte, len(content)),
		"a version that never existed": bytes.Replace(content, []byte(`"version":2`), []byte(`"version":0`), 1),
	}
	for i := 1; i < len(content); i += 7 {
		damages["cut short "+string(rune('0'+i%10))] = content[:len(content)-i]
	}
	for name, damage := range damages {
		for _, how := range []string{"Load", "Save"} {
			t.Run(name+", found by "+how, func(t *testing.T) {
				s, file, _ := saved(t)
				if err := os.WriteFile(file, damage, 0o600); err != nil {
					t.Fatal(err)
				}
				var err error
				if how == "Load" {
					_, err = s.Load(t.Context(), storetest.Account)
				} else {
					err = s.Save(t.Context(), storetest.Account, roster.Saved{Records: []roster.Record{romeo}})
				}
				var damaged *filestore.DamagedError
				if !errors.As(err, &damaged) || damaged.Path != file || !strings.HasPrefix(err.Error(), "filestore: "+file+" is damaged and was set aside") {
					t.Fatalf("%v, want a DamagedError", err)
				}
				if kept, err := os.ReadFile(damaged.Aside); err != nil || !bytes.Equal(kept, damage) {
					t.Errorf("set aside: %q, %v", kept, err)
				}
				if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("the damaged file is still there: %v", err)
				}
				if err := s.Save(t.Context(), storetest.Account, roster.Saved{Records: []roster.Record{romeo}}); err != nil {
					t.Errorf("saving afterwards: %v", err)
				}
				if again, err := s.Load(t.Context(), storetest.Account); err != nil || len(again.Records) != 1 {
					t.Errorf("loading afterwards: %+v, %v", again, err)
				}
				if err := os.WriteFile(file, []byte("damaged again"), 0o600); err != nil {
					t.Fatal(err)
				}
				first := damaged.Aside
				if _, err := s.Load(t.Context(), storetest.Account); !errors.As(err, &damaged) || damaged.Aside == first {
					t.Errorf("damaged again: %v", err)
				}
				if kept, err := os.ReadFile(first); err != nil || !bytes.Equal(kept, damage) {
					t.Errorf("what was set aside first: %q, %v", kept, err)
				}
			})
		}
	}
}

func TestANewerFormatIsLeftAlone(t *testing.T) {
	s, file, content := saved(t)
	newer := bytes.Replace(content, []byte(`"version":2`), []byte(`"version":3`), 1)
	if err := os.WriteFile(file, newer, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context(), storetest.Account); err == nil || !strings.Contains(err.Error(), "version 3") || strings.Contains(err.Error(), "damaged") {
		t.Errorf("Load = %v", err)
	}
	if err := s.Save(t.Context(), storetest.Account, roster.Saved{}); err == nil {
		t.Error("Save overwrote a newer format")
	}
	if kept, err := os.ReadFile(file); err != nil || !bytes.Equal(kept, newer) {
		t.Errorf("the file has changed: %q, %v", kept, err)
	}
}

func TestLongAddressesHaveFiles(t *testing.T) {
	s := newStore(t)
	long := jid.MustParse(strings.Repeat("ä", 300) + "@capulet.lit")
	if err := s.Save(t.Context(), long, roster.Saved{Records: []roster.Record{romeo}}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Load(t.Context(), long); err != nil || len(got.Records) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAContextThatHasEndedWritesNothing(t *testing.T) {
	s, file, content := saved(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Save(ctx, storetest.Account, roster.Saved{Version: "v2", Synced: at(10)}); !errors.Is(err, context.Canceled) {
		t.Errorf("Save = %v", err)
	}
	if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, content) {
		t.Errorf("the file has changed: %v", err)
	}
}

func TestNewNeedsAFolder(t *testing.T) {
	_, file, _ := saved(t)
	for _, dir := range []string{"", file} {
		if _, err := filestore.New(dir); err == nil {
			t.Errorf("New(%q) succeeded", dir)
		}
	}
}

func TestSavingInPartsWritesWhatSavingAtOnceDoes(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 5))
		var files [2][]byte
		dirs := []string{t.TempDir(), t.TempDir()}
		whole, parts := openStore(t, dirs[0]), openStore(t, dirs[1])
		var all roster.Saved
		for range 1 + r.IntN(5) {
			var some roster.Saved
			for range r.IntN(20) {
				rec := romeo
				rec.JID = jid.MustParse(fmt.Sprintf(`contact%d\2fx@montague.lit`, r.IntN(30)))
				rec.Seen.At, rec.Listed, rec.Name = at(r.IntN(60)), at(r.IntN(60)), fmt.Sprint(r.IntN(9))
				some.Records = append(some.Records, rec)
			}
			if err := parts.Save(t.Context(), storetest.Account, some); err != nil {
				t.Fatal(err)
			}
			all = all.Merge(some)
		}
		if err := whole.Save(t.Context(), storetest.Account, all); err != nil {
			t.Fatal(err)
		}
		for i, dir := range dirs {
			var err error
			if files[i], err = os.ReadFile(filepath.Join(dir, "juliet@capulet.lit.roster")); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(files[0], files[1]) {
			t.Fatalf("at once:\n%s\nin parts:\n%s", files[0], files[1])
		}
	}
}

// signed ends lines with the foot that they need.
func signed(lines ...string) []byte {
	text := strings.Join(lines, "\n") + "\n"
	return fmt.Appendf(nil, "%s{\"sha256\":\"%x\"}\n", text, sha256.Sum256([]byte(text)))
}

func TestLinesThatNoStoreWroteAreDamage(t *testing.T) {
	head := `{"format":"lastpresence roster","version":2,"account":"juliet@capulet.lit"}`
	tests := map[string]struct {
		lines []string
		want  string
	}{
		"twice the same":      {[]string{`{"jid":"a@b"}`, `{"jid":"a@b"}`}, `line 3: "a@b" does not come after "a@b"`},
		"not in order":        {[]string{`{"jid":"c@b"}`, `{"jid":"a@b"}`}, `line 3: "a@b" does not come after "c@b"`},
		"no address":          {[]string{`{"name":"Romeo"}`}, `line 2: "" does not come after ""`},
		"two addresses":       {[]string{`{"jid":"a@b","jid":"c@d"}`}, `line 2: "c@d" is not a bare address in its usual form`},
		"full address":        {[]string{`{"jid":"a@b/c"}`}, `line 2: "a@b/c" is not a bare address in its usual form`},
		"upper case":          {[]string{`{"jid":"A@b"}`}, `line 2: "A@b" is not a bare address in its usual form`},
		"not an address":      {[]string{`{"jid":"@"}`}, `line 2: "@": `},
		"not JSON":            {[]string{`{"jid":"a@b",`}, "line 2: unexpected end of JSON input"},
		"an empty line":       {[]string{``}, "line 2: unexpected end of JSON input"},
		"a time out of range": {[]string{`{"jid":"a@b","listed":"yesterday"}`}, "line 2: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, file, _ := saved(t)
			if err := os.WriteFile(file, signed(append([]string{head}, tt.lines...)...), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := s.Load(t.Context(), storetest.Account)
			var damaged *filestore.DamagedError
			if !errors.As(err, &damaged) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want a DamagedError with %q", err, tt.want)
			}
		})
	}
}

// BenchmarkSaveAndLoad keeps 10,000 contacts, beside encoding/json alone with
// the same values, which touches no disk.
func BenchmarkSaveAndLoad(b *testing.B) {
	s := newStore(b)
	r := rand.New(rand.NewPCG(1, 2))
	var all roster.Saved
	for len(all.Records) < 10_000 {
		rec := romeo
		rec.JID = jid.MustParse(fmt.Sprintf("contact%d@montague.lit", len(all.Records)))
		rec.Seen.At = at(r.IntN(60))
		all.Records = append(all.Records, rec)
	}
	plain := make([]any, len(all.Records))
	for i, r := range all.Records {
		plain[i] = struct {
			JID string
			roster.Record
		}{r.JID.String(), r}
	}
	encoded, err := json.Marshal(plain)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encoding json", func(b *testing.B) {
		for b.Loop() {
			if _, err := json.Marshal(plain); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decoding json", func(b *testing.B) {
		for b.Loop() {
			var got []struct {
				JID                string
				Listed, Since      time.Time
				Name, Subscription string
				Groups             []string
				Ask, Approved      bool
				Seen, Told         roster.Departure
				Online, Learnt     time.Time
			}
			if err := json.Unmarshal(encoded, &got); err != nil || len(got) != len(all.Records) {
				b.Fatal(len(got), err)
			}
		}
	})
	b.Run("save", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			if err := s.Remove(b.Context(), storetest.Account); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			if err := s.Save(b.Context(), storetest.Account, all); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("save again", func(b *testing.B) {
		for b.Loop() {
			if err := s.Save(b.Context(), storetest.Account, all); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("save a change", func(b *testing.B) {
		change := roster.Saved{Records: all.Records[5000:5001]}
		for b.Loop() {
			if err := s.Save(b.Context(), storetest.Account, change); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			if got, err := s.Load(b.Context(), storetest.Account); err != nil || len(got.Records) != len(all.Records) {
				b.Fatal(len(got.Records), err)
			}
		}
	})
}
