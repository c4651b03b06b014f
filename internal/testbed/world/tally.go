package world

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Nth returns story number n on a kind of server, going through all clock offsets
// and latencies.
func Nth(n uint64, kind Kind) Story {
	offset := Offsets[n%uint64(len(Offsets))]
	latency := Latencies[n/uint64(len(Offsets))%uint64(len(Latencies))]
	return Random(n, kind, offset, latency)
}

// Tally counts the verdicts of the stories on a kind of server.
type Tally struct {
	kind Kind
	rows map[row]*counts
}

type row struct{ offset, latency time.Duration }

type counts struct {
	stories, claims, known, wrong int
	excused                       map[Reason]int
}

// NewTally returns an empty Tally.
func NewTally(kind Kind) *Tally {
	return &Tally{kind: kind, rows: make(map[row]*counts)}
}

// Add counts a story.
func (t *Tally) Add(s Story, v Verdict) {
	key := row{s.Theirs, s.Near}
	c := t.rows[key]
	if c == nil {
		c = &counts{excused: make(map[Reason]int)}
		t.rows[key] = c
	}
	c.stories++
	c.claims += v.Claims
	c.known += v.Known
	if v.Rule != "" {
		c.wrong++
	}
	for r, n := range v.Excused {
		c.excused[r] += n
	}
}

// String returns the rows of a table in Markdown.
func (t *Tally) String() string {
	var b strings.Builder
	b.WriteString("| server | clock | latency | stories | claims | known | wrong stories | excused claims |\n|---|---|---|---|---|---|---|---|\n")
	keys := slices.SortedFunc(maps.Keys(t.rows), func(a, b row) int {
		if a.offset != b.offset {
			return int(a.offset - b.offset)
		}
		return int(a.latency - b.latency)
	})
	for _, key := range keys {
		c := t.rows[key]
		var excused []string
		for _, r := range slices.Sorted(maps.Keys(c.excused)) {
			excused = append(excused, fmt.Sprintf("%d %s", c.excused[r], r))
		}
		fmt.Fprintf(&b, "| %s | %v | %v | %d | %d | %d | %d | %s |\n", t.kind.Name, key.offset, key.latency, c.stories, c.claims, c.known, c.wrong, strings.Join(excused, "; "))
	}
	return b.String()
}
