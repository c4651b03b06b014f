package mutate

import (
	"math/rand/v2"
	"testing"
)

func TestTextIsMostlyNewAndNeverLong(t *testing.T) {
	texts := []string{"2012-09-10T23:41:07Z", ""}
	seen := make(map[string]bool)
	for seed := range uint64(10_000) {
		s := Text(rand.New(rand.NewPCG(seed, 0)), texts)
		seen[s] = true
		if again := Text(rand.New(rand.NewPCG(seed, 0)), texts); again != s {
			t.Fatalf("seed %d gives %q and %q", seed, s, again)
		}
		if len(s) > 1000 {
			t.Fatalf("seed %d gives %d bytes", seed, len(s))
		}
	}
	if len(seen) < 5_000 {
		t.Errorf("only %d of 10,000 texts are different", len(seen))
	}
}
