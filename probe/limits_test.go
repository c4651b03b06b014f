package probe_test

import (
	"testing"

	"example.org/lastpresence/probe"
)

// Callers rely on the limits: a larger one takes more memory of theirs, and a
// smaller one loses what peers send.
func TestLimits(t *testing.T) {
	for name, limit := range map[string][2]int{
		"MaxTokens":   {probe.MaxTokens, 4096},
		"MaxBytes":    {probe.MaxBytes, 262144},
		"MaxChildren": {probe.MaxChildren, 256},
		"MaxDepth":    {probe.MaxDepth, 64},
		"MaxStatus":   {probe.MaxStatus, 4096},
		"MaxStatuses": {probe.MaxStatuses, 16},
		"MaxDelays":   {probe.MaxDelays, 8},
		"MaxKept":     {probe.MaxKept, 16384},
	} {
		if limit[0] != limit[1] {
			t.Errorf("%s is %d, want %d", name, limit[0], limit[1])
		}
	}
}
