package judge_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"example.org/lastpresence/roster/internal/judge"
)

// history makes up lines for a teller.
func history(r *rand.Rand) []string {
	var lines []string
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	for range 1 + r.IntN(12) {
		at := fmt.Sprintf("@%d", r.IntN(30)-10)
		words := pick("", " bye", " gone", " Disconnected: closed")
		stamp := pick("", "", " "+at)
		lines = append(lines, pick(
			"session", "settled", "inactive", "active", "wait 3", "U .", "E forbidden", "alive 2",
			"A "+pick("orchard", "balcony", ".")+words+stamp,
			"U "+pick("orchard", "balcony", ".")+words+stamp,
			"u ."+words+stamp,
			fmt.Sprintf("U orchard%s held %d", words, r.IntN(20)),
			fmt.Sprintf("F %d%s%s", r.IntN(900), words, stamp),
		))
	}
	return append([]string{"session"}, lines...)
}

// FuzzKeeping holds for every history: what is kept is what was known, and
// restoring it changes nothing of it. Nothing lies in the future, and whoever is
// online has no last time.
func FuzzKeeping(f *testing.F) {
	for seed := range uint64(2000) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		lines := history(rand.New(rand.NewPCG(seed, 318)))
		s := teller{now: dawn}
		s.play(t, lines...)
		now := judge.MomentOf(s.now)
		s.horizon.Now = now
		v := s.View(s.horizon)
		if v.Online && (v.LastSeen != 0 || v.Cause != 0) || v.LastSeen > now || v.OnlineAt > now {
			t.Fatalf("%q: known %+v at %v", lines, v, now)
		}
		if v.Lack == judge.Nothing && !v.Online && v.LastSeen == 0 && v.Cause != judge.NeverLoggedIn {
			t.Fatalf("%q: nothing is missing of %+v", lines, v)
		}
		kept := s.Keep()
		var next judge.Knowledge
		next.Restore(kept, now)
		if again := next.Keep(); !reflect.DeepEqual(again, kept) {
			t.Fatalf("%q:\nkept  %+v\nagain %+v", lines, kept, again)
		}
		old := next.View(judge.Horizon{Now: now, Epoch: 1})
		if old.Lack == judge.Nothing {
			t.Fatalf("%q: nothing is missing after a restart: %+v", lines, old)
		}
		if !v.Online && old.LastSeen != v.LastSeen && v.LastSeen != v.OnlineAt {
			t.Fatalf("%q:\nknown    %+v\nrestored %+v", lines, v, old)
		}
	})
}

func TestMomentsAreTimes(t *testing.T) {
	for _, at := range []time.Time{{}, dawn, time.Date(1999, 1, 1, 0, 0, 0, 1000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)} {
		if got := judge.MomentOf(at).Time(); !got.Equal(at) {
			t.Errorf("%v came back as %v", at, got)
		}
	}
}
