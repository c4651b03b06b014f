// Package mutate feeds fuzz targets with many more inputs than a fuzzer that
// measures coverage has time for. It runs them in the same process, one after
// the other.
package mutate

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// variable says how many inputs there are to be; there are none without it.
const variable = "LASTPRESENCE_MUTATIONS"

// Strings is a fuzz target of one text. It adds the seeds, lets check examine
// what [Run] makes of them, and then follows the fuzzer.
func Strings(f *testing.F, seeds []string, check func(t testing.TB, s string)) {
	f.Helper()
	for _, s := range seeds {
		f.Add(s)
	}
	Run(f, func(t testing.TB, r *rand.Rand) { check(t, Text(r, seeds)) })
	f.Fuzz(func(t *testing.T, s string) { check(t, s) })
}

// Run calls once with as many random sources as the environment variable
// LASTPRESENCE_MUTATIONS says, and logs how many there were. It stops at the
// first failure and names its seed.
func Run(f *testing.F, once func(t testing.TB, r *rand.Rand)) {
	f.Helper()
	s := os.Getenv(variable)
	if s == "" {
		return
	}
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		f.Fatalf("%s=%s: %v", variable, s, err)
	}
	var seed uint64
	defer func() {
		if f.Failed() {
			f.Logf("failed with the seed %d", seed)
		} else {
			f.Logf("%d mutations passed", n)
		}
	}()
	source := rand.NewPCG(0, 0)
	r := rand.New(source)
	for seed = range n {
		source.Seed(seed, 82)
		if once(f, r); f.Failed() {
			return
		}
	}
}

// Text returns a few random changes of one of the texts, which are not empty.
func Text(r *rand.Rand, texts []string) string {
	b := []byte(pick(r, texts))
	for range 1 + r.IntN(4) {
		from, to := span(r, len(b))
		var insert []byte
		switch r.IntN(6) {
		case 0: // a byte
			insert = []byte{byte(r.IntN(256))}
		case 1: // one like those that are there
			if len(b) > 0 {
				insert = []byte{b[r.IntN(len(b))] ^ 1<<r.IntN(7)}
			}
		case 2: // nothing
		case 3: // the same twice, or often
			for range 2 + r.IntN(3) {
				insert = append(insert, b[from:to]...)
			}
		case 4: // a part of another text
			other := pick(r, texts)
			start, end := span(r, len(other))
			insert = []byte(other[start:end])
			to = from
		case 5: // a part of the same elsewhere
			start, end := span(r, len(b))
			insert = append(insert, b[start:end]...)
		}
		b = append(append(b[:from:from], insert...), b[to:]...)
	}
	return string(b)
}

func pick(r *rand.Rand, texts []string) string {
	return texts[r.IntN(len(texts))]
}

// span returns a part of n, a short one more often than a long one.
func span(r *rand.Rand, n int) (from, to int) {
	from = r.IntN(n + 1)
	return from, min(from+r.IntN(1+r.IntN(32)), n)
}
