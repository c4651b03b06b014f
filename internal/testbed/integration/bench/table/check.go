package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// margin is how many times as slow as documented a comparison may be.
const margin = 2

// slack is by how much a count or a size may differ from the document.
const slack = 0.15

// document is where the tables are.
const document = "../../../docs/SPEED.md"

// documented are the tables of the document, each of rows of cells, without the
// line under the head.
func documented(file string) (tables [][][]string, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var table [][]string
	for line := range strings.Lines(string(text) + "\n\n") {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			if len(table) > 2 {
				tables = append(tables, slices.Delete(table, 1, 2))
			}
			table = nil
			continue
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		table = append(table, cells)
	}
	return tables, nil
}

// held is a cell of the document, and the figures that were measured for it.
type held struct {
	what     string
	cell     string
	measured []float64
	kind     kind
}

// kind is how a figure is held.
type kind uint8

const (
	time   kind = iota // a ratio of times: less is better
	speed              // how many times as fast: more is better
	count              // a number or size, the same each time
	trips              // round trips, in a busy machine's time
	absent             // a time of this machine alone: not held
)

// kind returns how a row's figure is held.
func (r row) kind() kind {
	switch {
	case r.ours.metric == "allocs/op" || strings.HasPrefix(r.ours.metric, "B/"):
		return count
	case r.faster:
		return speed
	case r.against != figure{} || strings.Contains(r.ours.metric, "/"):
		return time
	}
	return absent
}

var leading = regexp.MustCompile(`^[\d,]+(\.\d+)?`)

// wrong returns what is wrong with a documented figure, or "".
func (h held) wrong() string {
	if h.kind == absent {
		return ""
	}
	if len(h.measured) == 0 {
		return "was not measured"
	}
	want, err := strconv.ParseFloat(strings.ReplaceAll(leading.FindString(h.cell), ",", ""), 64)
	if err != nil {
		return "is no number: " + h.cell
	}
	// The best run is of the machine's quietest moment.
	least, most := slices.Min(h.measured), slices.Max(h.measured)
	ok := false
	switch h.kind {
	case time:
		ok = least < want*margin
	case speed:
		ok, least = most > want/margin, most
	case count:
		ok = least <= want*(1+slack)+0.005 && most >= want*(1-slack)-0.005
	case trips:
		ok = least <= want+0.5
	}
	if ok {
		return ""
	}
	return fmt.Sprintf("was measured as %s, and is documented as %s", number(least), h.cell)
}

// holdings returns which cells of the document are held, with what was measured.
func holdings(tables [][][]string, figures map[figure][]float64) (all []held, err error) {
	main, err := table(tables, "what")
	if err != nil {
		return nil, err
	}
	if len(main) != len(rows)+1 {
		return nil, fmt.Errorf("the table has %d rows, want %d", len(main)-1, len(rows))
	}
	for i, r := range rows {
		cells := main[i+1]
		if len(cells) != 4 || cells[0] != r.what || cells[1] != r.with || cells[2] != r.aim {
			return nil, fmt.Errorf("row %d of the table is %q, want %q, %q, %q", i+1, cells, r.what, r.with, r.aim)
		}
		all = append(all, held{r.what + ", " + r.with, cells[3], r.values(figures), r.kind()})
	}
	far, err := table(tables, "what the server sends")
	if err != nil {
		return nil, err
	}
	column := slices.Index(far[0], "50 ms")
	for _, cells := range far[1:] {
		f := figure{"Latency/" + strings.ReplaceAll(cells[0], " ", "_") + "/50ms", "trips"}
		all = append(all, held{cells[0], cells[column], figures[f], trips})
	}
	fleet, err := table(tables, "", "1,000 accounts")
	if err != nil {
		return nil, err
	}
	for _, cells := range fleet[1:] {
		if f, ok := ofFleet[cells[0]]; ok {
			measured := slices.Clone(figures[f])
			if strings.HasSuffix(cells[1], " kB") {
				for i := range measured {
					measured[i] /= 1e3
				}
			}
			all = append(all, held{cells[0], cells[1], measured, count})
		}
	}
	return all, nil
}

// ofFleet are the rows of the table of many accounts that are held.
var ofFleet = map[string]figure{
	"memory for an account, without its session":           {"Fleet", "B/account"},
	"memory for mellium's session and the pipe":            {"Fleet", "B/session"},
	"goroutines for an account, without its session's two": {"Fleet", "goroutines/account"},
}

// table returns the table whose head begins with these cells.
func table(tables [][][]string, head ...string) ([][]string, error) {
	for _, t := range tables {
		if len(t[0]) >= len(head) && slices.Equal(t[0][:len(head)], head) {
			return t, nil
		}
	}
	return nil, fmt.Errorf("%s has no table that begins with %q", document, head)
}

// check compares the document with what was measured, and returns what is wrong.
func check(figures map[figure][]float64) (wrong []string, err error) {
	tables, err := documented(document)
	if err != nil {
		return nil, err
	}
	all, err := holdings(tables, figures)
	if err != nil {
		return nil, err
	}
	for _, h := range all {
		if w := h.wrong(); w != "" {
			wrong = append(wrong, h.what+": "+w)
		}
	}
	return wrong, nil
}
