package filestore

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/storetest"
	"example.org/lastpresence/roster"
)

func TestNamesThatEveryFileSystemAccepts(t *testing.T) {
	for local, want := range map[string]string{
		"az09._-": "az09._-",
		"`":       "%60", // before a
		"{":       "%7b", // behind z
		"+":       "%2b",
		";":       "%3b",
		"ä":       "%c3%a4",
	} {
		if got := fileName(jid.MustParse(local + "@b/resource")); got != want+"@b" {
			t.Errorf("%s: %q, want %q", local, got, want+"@b")
		}
	}
	at := func(n int) string { return fileName(jid.MustParse(strings.Repeat("a", n-2) + "@b")) }
	if got := at(200); got != strings.Repeat("a", 198)+"@b" {
		t.Errorf("200 bytes: %q", got)
	}
	if got := at(201); len(got) != 64 || strings.Contains(got, "@") {
		t.Errorf("201 bytes: %q", got)
	}
}

func TestAStoreStartsOverAHundredTimes(t *testing.T) {
	s, err := New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	for _, tt := range []struct {
		err  error
		want int
	}{
		{fmt.Errorf("it came: %w", fs.ErrExist), 100},
		{fmt.Errorf("it went: %w", fs.ErrNotExist), 100},
		{broken, 1},
		{&DamagedError{Err: broken}, 1},
		{nil, 1},
	} {
		n := 0
		err := s.locked(t.Context(), storetest.Account, func(string, bool) error { n++; return tt.err })
		if n != tt.want || !errors.Is(err, tt.err) || tt.err == nil && err != nil {
			t.Errorf("%v: %d times, %v", tt.err, n, err)
		}
	}
}

func TestAnAddressMayBeEscaped(t *testing.T) {
	const head = `{"format":"lastpresence roster","version":2,"account":"juliet@capulet.lit"}`
	for _, address := range []string{`\u0061@b`, `a\u0040b`, `a@b`} {
		l := &lines{version: 2, rest: []byte(`{"jid":"` + address + `"}` + "\n")}
		if !l.next() || l.record().JID.String() != "a@b" || l.err != nil {
			t.Errorf("%s is read as %q, %v", address, l.address, l.err)
		}
	}
	saved, err := decode(storetest.Account, encode(storetest.Account, roster.Saved{Version: "v1"}))
	if err != nil || saved.Records != nil || !strings.HasPrefix(string(encode(storetest.Account, roster.Saved{})), head) {
		t.Errorf("a roster without contacts: %+v, %v", saved, err)
	}
}

// What version 1 kept is upgraded alike on both sides of each boundary.
func TestUpgradesAtTheirBoundaries(t *testing.T) {
	const s = micros(1_000_000)
	stamped := departure{At: 100 * s, Heard: 200 * s}
	live := func(status string) departure { return departure{At: 100 * s, Heard: 100 * s, Status: status} }
	for _, tt := range []struct {
		name       string
		c          contact1
		seen, told departure
	}{
		{"last activity two seconds before", contact1{contact: contact{Seen: stamped}, Active: departure{At: 98 * s, Status: "Bye"}},
			departure{}, departure{At: 100 * s, Heard: 200 * s, Stamp: 100 * s, Status: "Bye"}},
		{"words of its own", contact1{contact: contact{Seen: departure{At: 100 * s, Heard: 200 * s, Status: "Own"}}, Active: departure{At: 99 * s, Status: "Bye"}},
			departure{}, departure{At: 100 * s, Heard: 200 * s, Stamp: 100 * s, Status: "Own"}},
		{"earlier", contact1{contact: contact{Seen: stamped}, Active: departure{At: 98*s - 1, Status: "Bye"}},
			departure{}, departure{At: 100 * s, Heard: 200 * s, Stamp: 100 * s}},
		{"two seconds behind", contact1{contact: contact{Seen: stamped}, Active: departure{At: 102 * s, Heard: 300 * s}},
			departure{}, departure{At: 100 * s, Heard: 200 * s, Stamp: 100 * s}},
		{"later", contact1{contact: contact{Seen: stamped}, Active: departure{At: 102*s + 1, Heard: 300 * s}},
			departure{}, departure{At: 102*s + 1, Heard: 300 * s, Ours: true}},
		{"words as it left", contact1{contact: contact{Seen: stamped}, Said: departure{Heard: 100 * s, Status: "Bye"}},
			departure{}, departure{At: 100 * s, Heard: 200 * s, Stamp: 100 * s, Status: "Bye"}},
		{"words before it left", contact1{contact: contact{Seen: stamped}, Said: departure{Heard: 100*s - 1, Status: "Bye"}},
			departure{}, departure{At: 100 * s, Heard: 200 * s, Stamp: 100 * s}},
		{"words as it was last here", contact1{contact: contact{Seen: stamped, Online: 100 * s}, Said: departure{Heard: 100 * s, Status: "Bye"}},
			departure{}, departure{At: 100 * s, Heard: 200 * s, Stamp: 100 * s}},
		{"asked as it left", contact1{contact: contact{Seen: stamped}, Asked: 100 * s},
			departure{}, departure{At: 100 * s, Heard: 200 * s, Stamp: 100 * s, Settled: true}},
		{"asked before", contact1{contact: contact{Seen: stamped}, Asked: 100*s - 1},
			departure{}, departure{At: 100 * s, Heard: 200 * s, Stamp: 100 * s}},
		{"a server's words in presence", contact1{contact: contact{Seen: live("Stream error: x")}},
			departure{At: 100 * s, Heard: 100 * s, Text: "Stream error: x", Ours: true}, departure{}},
		{"no server has those in presence", contact1{contact: contact{Seen: live("Stream closed by peer")}},
			departure{At: 100 * s, Heard: 100 * s, Status: "Stream closed by peer", Ours: true}, departure{}},
	} {
		if got := tt.c.upgrade(); got.Seen != tt.seen || got.Told != tt.told {
			t.Errorf("%s:\nseen %+v\nwant %+v\ntold %+v\nwant %+v", tt.name, got.Seen, tt.seen, got.Told, tt.told)
		}
	}
}
