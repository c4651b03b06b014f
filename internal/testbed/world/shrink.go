package world

import (
	"slices"
	"testing"
	"time"
)

// Shrink shortens a story that breaks a rule. It returns the shortest story it finds
// that still breaks the same rule, and its Verdict.
func Shrink(t *testing.T, s Story) (Story, Verdict) {
	v := Play(t, s, true)
	rule := v.Rule
	if rule == "" {
		return s, v
	}
	try := func(shorter Story) bool {
		got := Play(t, shorter, true)
		if got.Rule != rule {
			return false
		}
		s, v = shorter, got
		return true
	}
	var meant []Step
	for i, step := range s.Steps {
		if v.Applied[i] {
			meant = append(meant, step)
		} else if len(meant) > 0 || i+1 < len(s.Steps) {
			meant = append(meant, Step{ID: step.ID, After: step.After, Op: Pass})
		}
	}
	try(s.with(meant))
	for again := true; again; {
		again = false
		for n := max(len(s.Steps)/2, 1); n >= 1; n /= 2 {
			for i := 0; i+n <= len(s.Steps); {
				if !try(s.without(i, n, false)) && !try(s.without(i, n, true)) {
					i++
					continue
				}
				again = true
			}
		}
	}
	s.simpler(try)
	return s, v
}

func (s Story) with(steps []Step) Story {
	s.Steps = steps
	return s
}

// without leaves out n steps, and the time before them or not.
func (s Story) without(i, n int, keepTime bool) Story {
	steps := slices.Delete(slices.Clone(s.Steps), i, i+n)
	if keepTime && i < len(steps) {
		for _, gone := range s.Steps[i : i+n] {
			steps[i].After += gone.After
		}
	}
	return s.with(steps)
}

// simpler tries a plainer setting and plainer steps.
func (s Story) simpler(try func(Story) bool) {
	change := func(f func(*Story)) {
		plain := s
		plain.Steps = slices.Clone(s.Steps)
		f(&plain)
		if try(plain) {
			s = plain
		}
	}
	change(func(s *Story) { s.Ours = 0 })
	change(func(s *Story) { s.Theirs = 0 })
	change(func(s *Story) { s.Near, s.Across = time.Millisecond, time.Millisecond })
	change(func(s *Story) { s.Store = false })
	change(func(s *Story) { s.Hangs = false })
	for i := range s.Steps {
		if s.Steps[i].Resource != "" {
			change(func(s *Story) { s.Steps[i].Resource = "orchard" })
		}
		change(func(s *Story) { s.Steps[i].Show = "" })
		change(func(s *Story) { s.Steps[i].Marked = false })
		change(func(s *Story) { s.Steps[i].Silent = true })
		change(func(s *Story) { s.Steps[i].Flag = false })
		change(func(s *Story) { s.Steps[i].After = s.Steps[i].After.Truncate(time.Second) + 10*time.Millisecond })
	}
}
