package delay_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"example.org/lastpresence/delay"
	"example.org/lastpresence/internal/testbed/mutate"
)

// signers are all kinds of who can have signed an element. The first so many
// have some business with romeo's stanzas to juliet, the next ones are servers.
var signers = []string{"", "romeo@montague.lit", "romeo@montague.lit/orchard", "juliet@capulet.lit", "juliet@capulet.lit/balcony",
	"montague.lit", "capulet.lit", "verona.lit", "tybalt@montague.lit", "montague.lit/x"}

const (
	trusted     = 7
	firstServer = 5
)

// claims makes three bytes an element: its signer, its form and its stamp.
func claims(kinds []byte) []delay.Element {
	var elements []delay.Element
	for kinds = kinds[:min(len(kinds), 60)]; len(kinds) >= 3; kinds = kinds[3:] {
		// From 40 years before the receipt to 40 years after it, with
		// more of them near it.
		n := time.Duration(int8(kinds[2]))
		e := claim(signers[int(kinds[0])%len(signers)], n*n*n*time.Minute*10)
		e.Legacy = kinds[1]&1 != 0
		if kinds[1]&2 != 0 {
			e.Err = delay.ErrNoStamp
		}
		elements = append(elements, e)
	}
	return elements
}

// FuzzBelieve checks the laws of Believe, none of which looks at its order of
// preference but for the two that users rely on.
func FuzzBelieve(f *testing.F) {
	f.Add([]byte{1, 0, 5, 3, 1, 9, 8, 0, 0}, int64(0))
	f.Add([]byte{0, 2, 5, 2, 0, 128, 6, 0, 255}, int64(-1))
	f.Add([]byte{5, 1, 3, 5, 0, 2, 1, 0, 1, 6, 0, 1, 0, 0, 127}, int64(time.Hour))
	f.Add([]byte{1, 0, 255, 1, 0, 255, 2, 0, 255}, int64(1<<63-1))
	check := func(t testing.TB, kinds []byte, skew int64) {
		rules := delay.Rules{Skew: time.Duration(skew)}
		elements := claims(kinds)
		before := slices.Clone(elements)
		d, doubts := rules.Believe(elements, romeo, juliet, received)
		if !slices.EqualFunc(elements, before, sameElement) {
			t.Fatalf("the elements were changed to %+v, from %+v", elements, before)
		}
		best := checkDoubts(t, rules, d, doubts, elements)

		slices.Reverse(before)
		if back, _ := rules.Believe(before, romeo, juliet, received); !back.Stamp.Equal(d.Stamp) {
			t.Fatalf("believed %v, and in reverse %v", d.Stamp, back.Stamp)
		}
		if best == nil {
			return
		}
		believable := []delay.Element{*best}
		for _, doubt := range doubts {
			if doubt.Why == delay.Superseded {
				believable = append(believable, doubt.Element)
			}
		}
		if again, _ := rules.Believe(believable, romeo, juliet, received); !again.Stamp.Equal(d.Stamp) {
			t.Fatalf("believed %v, and without those that nobody believes %v", d.Stamp, again.Stamp)
		}
		for _, e := range believable {
			if alone, rest := rules.Believe([]delay.Element{e}, romeo, juliet, received); alone.Stamp.IsZero() || rest != nil {
				t.Fatalf("%+v alone: believed %+v, doubts %+v", e, alone, rest)
			}
			switch server, bestServer := byServer(e), byServer(*best); {
			case heldBack(*best) && !heldBack(e):
				t.Fatalf("believed %+v, which bounds the time, over %+v", best, e)
			case heldBack(e):
			case server && !bestServer:
				t.Fatalf("believed %+v over the server's %+v", best, e)
			case server == bestServer && best.Legacy && !e.Legacy:
				t.Fatalf("believed the old form %+v over %+v", best, e)
			}
		}
	}
	mutate.Run(f, func(t testing.TB, r *rand.Rand) {
		kinds := make([]byte, 3*r.IntN(8))
		for i := range kinds {
			kinds[i] = byte(r.Uint32())
		}
		check(t, kinds, r.Int64()>>r.IntN(64))
	})
	f.Fuzz(func(t *testing.T, kinds []byte, skew int64) { check(t, kinds, skew) })
}

func byServer(e delay.Element) bool {
	return e.From.String() == signers[firstServer]
}

func heldBack(e delay.Element) bool {
	return delay.Held(e.Delay, romeo, juliet)
}

// checkDoubts makes sure that every element is either the believed one, which it
// returns, or passed over for a reason that is so.
func checkDoubts(t testing.TB, rules delay.Rules, d delay.Delay, doubts []delay.Doubt, elements []delay.Element) (best *delay.Element) {
	t.Helper()
	rest := elements
	if !d.Stamp.IsZero() {
		i := 0
		for i < len(doubts) && i < len(elements) && sameElement(doubts[i].Element, elements[i]) {
			i++
		}
		if i == len(elements) {
			t.Fatalf("believed %+v and doubted all", d)
		}
		best = &elements[i]
		stamp := best.Stamp
		if stamp.After(received) {
			stamp = received
		}
		if why := doubtOf(rules, *best); why != 0 || !d.Stamp.Equal(stamp) || !d.From.Equal(best.From) {
			t.Fatalf("believed %+v of %+v, which is %v", d, best, why)
		}
		rest = slices.Concat(elements[:i], elements[i+1:])
	}
	if len(rest) != len(doubts) {
		t.Fatalf("believed %+v of %d elements and doubted %d", d, len(elements), len(doubts))
	}
	for i, e := range rest {
		why := doubtOf(rules, e)
		if why == 0 && best != nil {
			why = delay.Superseded
		}
		if !sameElement(doubts[i].Element, e) || doubts[i].Why != why {
			t.Fatalf("%+v is %v, want %v of %+v", doubts[i].Element, doubts[i].Why, why, e)
		}
	}
	return best
}

// doubtOf is why e alone cannot be believed, or 0.
func doubtOf(rules delay.Rules, e delay.Element) delay.Why {
	skew := max(rules.Skew, 0)
	if rules.Skew == 0 {
		skew = 5 * time.Minute
	}
	switch {
	case e.Err != nil:
		return delay.Unreadable
	case !slices.Contains(signers[:trusted], e.From.String()):
		return delay.Forged
	case e.Stamp.Year() < 1999:
		return delay.Ancient
	case e.Stamp.After(received.Add(skew)):
		return delay.Future
	}
	return 0
}
