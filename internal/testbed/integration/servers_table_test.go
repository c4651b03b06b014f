package integration_test

import (
	"slices"
	"strings"
	"testing"

	"example.org/lastpresence/internal/testbed/suite"
)

// tableOf returns the rows of the document's table that has a row with these
// cells at the top.
func tableOf(t *testing.T, name string, head ...string) (rows [][]string) {
	t.Helper()
	for line := range strings.Lines(document(t, name)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			if rows != nil {
				break
			}
			continue
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		switch {
		case rows != nil:
			rows = append(rows, cells)
		case len(cells) >= len(head) && slices.Equal(cells[:len(head)], head):
			rows = [][]string{cells}
		}
	}
	if len(rows) < 3 {
		t.Fatalf("%s has no table that begins with %q", name, head)
	}
	return slices.Delete(rows, 1, 2) // without the line under the head
}

// TestBehaviour holds on each server what is expected of it. This holds that the
// README says the same.
func TestTheReadmesTableIsWhatIsExpectedOfTheServers(t *testing.T) {
	table := tableOf(t, "README.md", "contact")
	head, rows := table[0], table[1:]
	all := plainFirst()
	if len(head) != len(all)+1 {
		t.Fatalf("the columns are %q", head)
	}
	if len(rows) != len(suite.Cases) {
		t.Fatalf("%d rows, want %d", len(rows), len(suite.Cases))
	}
	for i, s := range all {
		if head[i+1] != s.name {
			t.Errorf("column %d is %q, want %q", i+1, head[i+1], s.name)
		}
		for j, row := range rows {
			if len(row) != len(head) || row[0] != suite.Cases[j] || row[i+1] != s.expect[row[0]] {
				t.Errorf("row %d, %s: %q, want %q: %q", j+1, s.name, row, suite.Cases[j], s.expect[suite.Cases[j]])
			}
		}
	}
}
