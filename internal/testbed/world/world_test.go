package world_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"example.org/lastpresence/internal/testbed/world"
)

// stories returns how many stories to play on each kind of server, which
// LASTPRESENCE_STORIES says.
func stories(t *testing.T) int {
	s := os.Getenv("LASTPRESENCE_STORIES")
	switch {
	case s == "" && testing.Short():
		return 30
	case s == "":
		return 300
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("LASTPRESENCE_STORIES: %v", err)
	}
	return n
}

// first returns the seed of the first story, which LASTPRESENCE_SEED says.
func first(t *testing.T) uint64 {
	s := os.Getenv("LASTPRESENCE_SEED")
	if s == "" {
		return 0
	}
	seed, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatalf("LASTPRESENCE_SEED: %v", err)
	}
	return seed
}

// ignored returns the rules that LASTPRESENCE_IGNORE lists, with semicolons
// between them.
func ignored() []string { return strings.Split(os.Getenv("LASTPRESENCE_IGNORE"), ";") }

func TestWhatIsShownIsTrue(t *testing.T) {
	n := stories(t)
	for _, kind := range world.Kinds {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			tally := world.NewTally(kind)
			broken := make(map[string][]uint64)
			for i := range uint64(n) {
				seed := first(t) + i
				s := world.Nth(seed, kind)
				s.Ignore = ignored()
				v := world.Play(t, s, false)
				tally.Add(s, v)
				if v.Rule == "" {
					continue
				}
				if broken[v.Rule] = append(broken[v.Rule], seed); len(broken[v.Rule]) > 1 {
					continue
				}
				s, v = world.Shrink(t, s)
				t.Errorf("%v\n%s%s", s, v.Trace, v.Fault)
			}
			for rule, seeds := range broken {
				t.Errorf("%s broke %q in the stories %d", kind.Name, rule, seeds)
			}
			t.Logf("\n%s", tally)
		})
	}
}

func TestTheSameSeedTellsTheSameStory(t *testing.T) {
	for _, kind := range world.Kinds {
		for seed := range uint64(5) {
			s := world.Nth(seed, kind)
			a, b := world.Play(t, s, true), world.Play(t, s, true)
			if a.Trace != b.Trace || a.Fault != b.Fault {
				t.Fatalf("%v: played twice:\n%s\n\n%s", s, a.Trace+a.Fault, b.Trace+b.Fault)
			}
		}
	}
}

// TestOne plays the one story that LASTPRESENCE_STORY names, as "kind seed".
func TestOne(t *testing.T) {
	name, number, ok := strings.Cut(os.Getenv("LASTPRESENCE_STORY"), " ")
	if !ok {
		t.Skip("LASTPRESENCE_STORY names a story: a kind of server and a seed")
	}
	seed, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range world.Kinds {
		if kind.Name != name {
			continue
		}
		s := world.Nth(seed, kind)
		s.Ignore = ignored()
		v := world.Play(t, s, true)
		fmt.Printf("%v\n%s%s\n%v\n", s, v.Trace, v.Fault, v.Excused)
	}
}
