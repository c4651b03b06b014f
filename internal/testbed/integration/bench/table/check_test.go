package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const fromHere = "../../../../../docs/SPEED.md"

// The document has a row for each comparison, with its target, and a figure.
func TestTheDocumentHasTheRowsThatAreMeasured(t *testing.T) {
	tables, err := documented(fromHere)
	if err != nil {
		t.Fatal(err)
	}
	all, err := holdings(tables, nil)
	if err != nil {
		t.Fatal(err)
	}
	kinds := make(map[kind]int)
	for _, h := range all {
		kinds[h.kind]++
		if h.kind == absent {
			continue
		}
		if w := h.wrong(); w != "was not measured" {
			t.Errorf("%s: %s", h.what, w)
		}
		h.measured = []float64{1e9}
		if w := h.wrong(); h.kind != speed && !strings.HasPrefix(w, "was measured as") {
			t.Errorf("%s: %s", h.what, w)
		}
	}
	if kinds[time] < 10 || kinds[speed] != 3 || kinds[count] < 7 || kinds[trips] != 11 {
		t.Errorf("of each kind are held: %v", kinds)
	}
}

func TestWhatCountsAsWrong(t *testing.T) {
	for name, tc := range map[string]struct {
		h    held
		want bool
	}{
		"a ratio, as documented":            {held{"", "1.29 (1.28 to 1.41)", []float64{1.3}, time}, false},
		"almost twice as slow":              {held{"", "1.29", []float64{2.57}, time}, false},
		"twice as slow":                     {held{"", "1.29", []float64{2.58}, time}, true},
		"twice as slow, but once":           {held{"", "1.29", []float64{2.58, 1.4, 9}, time}, false},
		"faster":                            {held{"", "1.29", []float64{0.1}, time}, false},
		"how many times as fast":            {held{"", "5.37 (5.05 to 5.45)", []float64{4, 2.7}, speed}, false},
		"half as many times":                {held{"", "5.37", []float64{2, 2.68}, speed}, true},
		"the same allocations":              {held{"", "6", []float64{6, 6}, count}, false},
		"one more":                          {held{"", "6", []float64{7}, count}, true},
		"one less":                          {held{"", "6", []float64{5}, count}, true},
		"none":                              {held{"", "0", []float64{0}, count}, false},
		"one where there was none":          {held{"", "0", []float64{1}, count}, true},
		"a size":                            {held{"", "270 bytes", []float64{300}, count}, false},
		"a size by a fifth larger":          {held{"", "270 bytes", []float64{324}, count}, true},
		"thousands":                         {held{"", "1,200 bytes", []float64{1200}, count}, false},
		"a round trip":                      {held{"", "1.0", []float64{1.4}, trips}, false},
		"one more round trip":               {held{"", "1.0", []float64{2}, trips}, true},
		"a time alone":                      {held{"", "176 ns", []float64{1000}, absent}, false},
		"what was not measured":             {held{"", "6", nil, count}, true},
		"a figure that is not there":        {held{"", "not measured", []float64{6}, count}, true},
		"a time alone that is not measured": {held{"", "176 ns", nil, absent}, false},
	} {
		if w := tc.h.wrong(); (w != "") != tc.want {
			t.Errorf("%s: %q", name, w)
		}
	}
}

func TestADocumentOfOtherRowsIsRefused(t *testing.T) {
	text, err := os.ReadFile(fromHere)
	if err != nil {
		t.Fatal(err)
	}
	for old, other := range map[string]string{
		"| encoding a probe |":                            "| encoding something |",
		"| 8 times as fast |":                             "| 9 times as fast |",
		"| login with 10,000 contacts on Prosody |":       "login",
		"| what the server sends |":                       "| what |",
		"| the same, allocations |  | 6 | 6 |\n":          "",
		"| | 1,000 accounts | 10,000 accounts |\n| --- |": "| --- |",
	} {
		file := filepath.Join(t.TempDir(), "SPEED.md")
		if err := os.WriteFile(file, []byte(strings.Replace(string(text), old, other, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		tables, err := documented(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := holdings(tables, nil); err == nil {
			t.Errorf("accepted with %q in place of %q", other, old)
		}
	}
}

func TestFiguresOfBenchmarksAreRead(t *testing.T) {
	figures := make(map[figure][]float64)
	read([]byte("BenchmarkStanza/ours-2 \t 100 \t 200.0 ns/op \t 11 allocs/op\nBenchmarkStanza/wrapped-2 \t 100 \t 400 ns/op\nPASS\n"), figures)
	r := row{ours: figure{benchmark: "Stanza/ours"}, against: figure{benchmark: "Stanza/wrapped"}}
	if got := r.measured(figures); got != "0.50" {
		t.Errorf("the ratio is %q", got)
	}
	if r.faster = true; r.measured(figures) != "2" {
		t.Errorf("faster by %q", r.measured(figures))
	}
	if got := (row{ours: figure{"Stanza/ours", "allocs/op"}}).measured(figures); got != "11" {
		t.Errorf("%q allocations", got)
	}
}
