package roster_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/roster"
)

// picker makes records of few different values, so that two of them often
// agree in some of their parts.
type picker struct{ *rand.Rand }

func pick[T any](p picker, from ...T) T { return from[p.IntN(len(from))] }

func (p picker) time() time.Time {
	return pick(p, time.Time{}, time.UnixMicro(1).UTC(), time.UnixMicro(2).UTC(), time.UnixMicro(3).UTC())
}

func (p picker) departure() roster.Departure {
	return roster.Departure{
		Heard:    p.time(),
		At:       p.time(),
		Stamp:    p.time(),
		Resource: pick(p, "", "orchard", "balcony"),
		Status:   pick(p, "", "Bye", "Gone"),
		Text:     pick(p, "", "Stream reset by peer"),
		Cause:    pick(p, roster.CauseUnknown, roster.Goodbye),
		Settled:  pick(p, false, true),
		Ours:     pick(p, false, true),
		Bounded:  pick(p, false, true),
	}
}

func (p picker) record(j jid.JID) roster.Record {
	return roster.Record{
		JID:          j,
		Listed:       p.time(),
		Name:         pick(p, "", "Romeo"),
		Groups:       pick(p, nil, []string{"Friends"}, []string{"Friends", "Verona"}),
		Subscription: pick(p, "both", "from", "remove"),
		Ask:          pick(p, false, true),
		Approved:     pick(p, false, true),
		Since:        p.time(),
		Seen:         p.departure(),
		Told:         p.departure(),
		Online:       p.time(),
		Words:        pick(p, nil, []string{"Here."}, []string{"Here.", "Busy."}),
		Learnt:       p.time(),
	}
}

func (p picker) saved() roster.Saved {
	s := roster.Saved{Version: pick(p, "", "a", "b"), Synced: p.time()}
	for _, j := range []jid.JID{romeo, juliet, jid.MustParse("nurse@capulet.lit")} {
		for range p.IntN(3) {
			s.Records = append(s.Records, p.record(j))
		}
	}
	p.Shuffle(len(s.Records), func(i, j int) { s.Records[i], s.Records[j] = s.Records[j], s.Records[i] })
	return s
}

// laws checks what any way of merging must keep, for processes that share a
// store to end with the same, in whichever order they write.
func laws[T any](t *testing.T, merge func(a, b T) T, a, b, c T) {
	t.Helper()
	for law, sides := range map[string][2]T{
		"order":      {merge(a, b), merge(b, a)},
		"grouping":   {merge(merge(a, b), c), merge(a, merge(b, c))},
		"repetition": {merge(merge(a, b), b), merge(a, b)},
	} {
		if !reflect.DeepEqual(sides[0], sides[1]) {
			t.Fatalf("%s matters:\n%+v\n%+v\nof\n%+v\n%+v\n%+v", law, sides[0], sides[1], a, b, c)
		}
	}
}

func TestMergingRecordsIsTheSameInEveryOrder(t *testing.T) {
	for seed := range uint64(20_000) {
		p := picker{rand.New(rand.NewPCG(seed, 1))}
		laws(t, roster.Record.Merge, p.record(romeo), p.record(romeo), p.record(romeo))
	}
}

func TestMergingWhatIsSavedIsTheSameInEveryOrder(t *testing.T) {
	for seed := range uint64(5_000) {
		p := picker{rand.New(rand.NewPCG(seed, 2))}
		laws(t, roster.Saved.Merge, p.saved(), p.saved(), p.saved())
	}
}

func TestMergingChangesNeitherSide(t *testing.T) {
	p := picker{rand.New(rand.NewPCG(7, 3))}
	a, b := p.saved(), p.saved()
	x, y := slices.Clone(a.Records), slices.Clone(b.Records)
	a.Merge(b)
	if !reflect.DeepEqual(x, a.Records) || !reflect.DeepEqual(y, b.Records) {
		t.Error("Merge wrote into what it was given")
	}
}
