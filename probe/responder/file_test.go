package responder_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/probe/responder"
)

func user(i int) jid.JID { return jid.MustParse(fmt.Sprintf("u%05d@verona.lit", i)) }

// filled returns a file with so many buddies.
func filled(t testing.TB, n int) (path string, store responder.Changer) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "buddies.json")
	store = responder.File(path).(responder.Changer)
	all := make([]responder.Buddy, n)
	for i := range all {
		all[i] = responder.Buddy{JID: user(i), From: true}
	}
	if err := store.Save(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	return path, store
}

func load(t testing.TB, path string) []responder.Buddy {
	t.Helper()
	got, err := responder.File(path).Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAChangeWritesOneLine(t *testing.T) {
	path, store := filled(t, 4000)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Change(t.Context(), responder.Buddy{JID: romeo.Bare(), To: true}); err != nil {
		t.Fatal(err)
	}
	if err := store.Change(t.Context(), responder.Buddy{JID: user(7)}); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(after), string(before)) || len(after)-len(before) > 100 {
		t.Errorf("%d bytes became %d, %v", len(before), len(after), err)
	}
	got := load(t, path)
	if len(got) != 4000 || !got[0].JID.Equal(romeo.Bare()) {
		t.Errorf("%d buddies, the first is %v", len(got), got[0])
	}
}

func TestAFileDoesNotGrowForever(t *testing.T) {
	path, store := filled(t, 11)
	if err := store.Change(t.Context(), responder.Buddy{JID: user(10)}); err != nil {
		t.Fatal(err)
	}
	for i := range 1100 {
		if err := store.Change(t.Context(), responder.Buddy{JID: user(i % 10), From: true, To: i%2 == 0}); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if n := strings.Count(string(data), "\n"); err != nil || n > 1000 {
		t.Errorf("%d lines, %v", n, err)
	}
	if got := load(t, path); len(got) != 10 || !got[0].To || got[1].To {
		t.Errorf("%+v", got)
	}
}

// Wherever a crash cuts off the last line, the buddies are those before the
// change or those after it, and the next change is kept.
func TestAnIncompleteLastLineIsIgnored(t *testing.T) {
	path, store := filled(t, 3)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Change(t.Context(), responder.Buddy{JID: romeo.Bare(), To: true}); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := len(before); n <= len(after); n++ {
		if err := os.WriteFile(path, after[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		want := 3
		if n == len(after) {
			want = 4
		}
		if got := load(t, path); len(got) != want {
			t.Errorf("cut off at %d: %d buddies, want %d", n, len(got), want)
		}
		again := responder.File(path).(responder.Changer)
		if err := again.Change(t.Context(), responder.Buddy{JID: juliet.Bare(), To: true}); err != nil {
			t.Fatal(err)
		}
		if got := load(t, path); len(got) != want+1 {
			t.Errorf("cut off at %d, then a change: %d buddies, want %d", n, len(got), want+1)
		}
	}
}

func TestAFileOfTheFirstVersionIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "buddies.json")
	if err := os.WriteFile(path, []byte(`{"version":1,"buddies":[{"jid":"montague.lit","to":true},{"jid":"verona.lit","pending":true}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	store := responder.File(path).(responder.Changer)
	if err := store.Change(t.Context(), responder.Buddy{JID: jid.MustParse("verona.lit"), From: true}); err != nil {
		t.Fatal(err)
	}
	if got := load(t, path); len(got) != 2 || !got[0].To || !got[1].From || got[1].Pending {
		t.Errorf("%+v", got)
	}
}

// What one change costs, with few buddies and with many.
func BenchmarkChange(b *testing.B) {
	for _, n := range []int{100, 1000, 4000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			_, store := filled(b, n)
			i := 0
			for b.Loop() {
				i++
				if err := store.Change(b.Context(), responder.Buddy{JID: user(i % n), From: true, To: i%2 == 0}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
