package suite

import (
	"fmt"
	"strings"

	"example.org/lastpresence/probe"
)

// Row is the result of one case: a row of the table of servers.
type Row struct {
	Case     string
	Outcome  probe.Outcome
	LastSeen bool // it is known when the contact went offline
	Status   bool // it is known what the contact said
	Source   string
}

// String returns the row's content in words.
func (r Row) String() string {
	parts := []string{r.Outcome.String()}
	if r.LastSeen {
		parts = append(parts, "time")
	}
	if r.Status {
		parts = append(parts, "status")
	}
	if r.Source != "none" {
		parts = append(parts, "by "+r.Source)
	}
	return strings.Join(parts, ", ")
}

// Markdown returns the table of results, with one column for each server.
func Markdown(servers []string, rows map[string][]Row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| contact | %s |\n|%s\n", strings.Join(servers, " | "), strings.Repeat(" --- |", len(servers)+1))
	for i, name := range Cases {
		fmt.Fprintf(&b, "| %s |", name)
		for _, s := range servers {
			if i < len(rows[s]) {
				fmt.Fprintf(&b, " %s |", rows[s][i])
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
