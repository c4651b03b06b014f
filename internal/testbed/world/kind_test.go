package world_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/lastpresence/internal/testbed/world"
)

var update = flag.Bool("update", false, "write what the servers say to testdata")

// told plays a story, whatever the library makes of it, and returns what happens.
func told(t *testing.T, kind world.Kind, steps ...world.Step) string {
	s := world.Story{Kind: kind, Home: world.Homes[0], Near: time.Millisecond, Across: time.Millisecond, ServesItself: true, Ignore: []string{world.Everything}}
	for i, step := range steps {
		step.ID = i + 1
		step.After = max(step.After, 5*time.Second)
		s.Steps = append(s.Steps, step)
	}
	v := world.Play(t, s, true)
	if i := slices.Index(v.Applied, false); i >= 0 {
		t.Errorf("%s: step %d means nothing: %v", kind.Name, i+1, s.Steps[i])
	}
	lines := slices.DeleteFunc(strings.SplitAfter(v.Trace, "\n"), func(line string) bool {
		return strings.Contains(line, " returns ") // that is the library's
	})
	return strings.Join(lines, "")
}

// What each kind of server says in the same story, with what was seen on real ones
// written down beside it.
func TestServersSayWhatTheyWereSeenToSay(t *testing.T) {
	var all strings.Builder
	for _, kind := range world.Kinds {
		all.WriteString("# " + kind.Name + "\n")
		all.WriteString(told(t, kind,
			world.Step{Op: world.Login},
			world.Step{Op: world.Refresh},
			world.Step{Op: world.Come, Resource: "orchard", Show: "away", Marked: true},
			world.Step{Op: world.Refresh, After: time.Hour},
			world.Step{Op: world.Leave, Resource: "orchard", For: 3 * time.Second},
			world.Step{Op: world.Cut, After: time.Minute},
			world.Step{Op: world.Login},
			world.Step{Op: world.Refresh, After: time.Hour},
			world.Step{Op: world.Come, Resource: "orchard"},
			world.Step{Op: world.Crash, Resource: "orchard", For: time.Second},
			world.Step{Op: world.Refresh, After: time.Hour},
			world.Step{Op: world.Come, Resource: "orchard"},
			world.Step{Op: world.Die, For: time.Second},
			world.Step{Op: world.Refresh, After: time.Hour},
			world.Step{Op: world.Come, Resource: "orchard"},
			world.Step{Op: world.BlockUs},
			world.Step{Op: world.Refresh, After: time.Hour},
			world.Step{Op: world.UnblockUs},
			world.Step{Op: world.Revoke},
			world.Step{Op: world.Grant},
		))
	}
	const file = "testdata/kinds.golden"
	if *update {
		if err := os.WriteFile(file, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(all.String(), "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(got) || got[i] != line {
			t.Fatalf("line %d of %s: it is said\n%s\ninstead of\n%s", i+1, file, got[min(i, len(got)-1)], line)
		}
	}
}
