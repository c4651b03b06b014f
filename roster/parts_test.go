package roster

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/roster/internal/judge"
)

// The parts of a Cache, each without the others.

func TestItemsCountAndSumWhatIsListed(t *testing.T) {
	it, again := newItems(), newItems()
	both := details{subscription: subBoth}
	for _, n := range []int{2, 0, 1} {
		it.list(it.entry(contactNumber(n)), both, 1)
	}
	for _, n := range []int{0, 1, 2} {
		again.list(again.entry(contactNumber(n)), both, 2)
	}
	if it.listed != 3 || it.sum == 0 || it.sum != again.sum {
		t.Errorf("%d items with the sum %x; in another order %x", it.listed, it.sum, again.sum)
	}
	e := it.find(contactNumber(1))
	it.list(e, details{subscription: subBoth, name: "Nurse"}, 3)
	if it.listed != 3 || it.sum == again.sum {
		t.Errorf("after a change: %d items, the sum is the same: %t", it.listed, it.sum == again.sum)
	}
	it.unlist(e)
	it.list(e, both, 4)
	if it.sum != again.sum {
		t.Errorf("after the change is undone the sum is %x, want %x", it.sum, again.sum)
	}
	for _, e := range it.entries {
		it.unlist(e)
	}
	if it.listed != 0 || it.sum != 0 {
		t.Errorf("of nothing: %d items, the sum is %x", it.listed, it.sum)
	}
}

func TestItemsAreInOrderAndStrangersAreNotAmongThem(t *testing.T) {
	it := newItems()
	stranger := it.entry(jid.MustParse("a@montague.lit/orchard"))
	for _, n := range []int{2, 0, 1} {
		it.list(it.entry(contactNumber(n)), details{subscription: subBoth}, 1)
	}
	addresses := func() (all []string) {
		for _, j := range it.directory().addresses {
			all = append(all, j.String())
		}
		return all
	}
	want := []string{contactNumber(0).String(), contactNumber(1).String(), contactNumber(2).String()}
	if got := addresses(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if made := it.directory(); made != it.directory() {
		t.Error("the order is worked out although nothing has changed")
	}
	if it.find(jid.MustParse("a@montague.lit")) != stranger || it.entry(jid.MustParse("a@montague.lit")) != stranger {
		t.Error("the resource of an address counts")
	}
	it.list(stranger, details{subscription: subTo}, 2)
	if got := addresses(); !slices.Equal(got, append([]string{"a@montague.lit"}, want...)) {
		t.Errorf("with one more: %q", got)
	}
}

func TestAnItemThatWasRemovedCountsFromThenOn(t *testing.T) {
	it := newItems()
	it.removed[contactNumber(0).String()] = 42
	if since := it.entry(contactNumber(0)).Since(); since != 42 {
		t.Errorf("what is known of it counts from %d on", since)
	}
}

func TestAKeeperHandsOutWhatIsNotSavedOnce(t *testing.T) {
	var k keeper
	if k.pending() {
		t.Error("nothing is pending")
	}
	old, other := &entry{key: "a"}, &entry{key: "b"}
	k.keep(old)
	k.keep(other)
	k.roster = true
	entries, roster := k.take()
	if len(entries) != 2 || !roster || k.pending() {
		t.Errorf("taken: %v, %t; pending: %t", entries, roster, k.pending())
	}
	newer := &entry{key: "a"}
	k.keep(newer)
	k.giveBack(entries, roster)
	entries, roster = k.take()
	if want := map[string]*entry{"a": newer, "b": other}; !maps.Equal(entries, want) || !roster {
		t.Errorf("given back: %v, %t; want %v", entries, roster, want)
	}
	k.giveBack(nil, false)
	if k.pending() {
		t.Error("nothing was given back")
	}
}

func TestAKeeperWritesOnTheBeatAndLessOftenAfterFailures(t *testing.T) {
	var k keeper
	now := time.Date(2012, 9, 10, 12, 0, 0, int(130*time.Millisecond), time.UTC)
	var delays []time.Duration
	for range 9 {
		delays = append(delays, k.delay(now))
		k.ended(errors.New("busy"))
	}
	k.ended(nil)
	delays = append(delays, k.delay(now))
	off := 130 * time.Millisecond
	want := []time.Duration{time.Second - off, 2*time.Second - off, 4*time.Second - off, 8*time.Second - off, 16*time.Second - off,
		32*time.Second - off, time.Minute - off, time.Minute - off, time.Minute - off, time.Second - off}
	if !slices.Equal(delays, want) {
		t.Errorf("%v\nwant %v", delays, want)
	}
}

func TestChangesOfOneContactAreCoalesced(t *testing.T) {
	var n news
	if n.wanted() {
		t.Error("nobody watches")
	}
	w := &watcher{pending: make(map[string]*Contact), wake: make(chan struct{}, 1)}
	n.watchers = append(n.watchers, w)
	first := &Contact{Name: "first"}
	n.add("a", first)
	n.add("b", nil)
	n.add("a", &Contact{Name: "second"})
	for _, want := range []struct {
		key    string
		before *Contact
	}{{"a", first}, {"b", nil}} {
		if key, before, ok := w.next(); !ok || key != want.key || before != want.before {
			t.Errorf("%q, %v, %t; want %q, %v", key, before, ok, want.key, want.before)
		}
	}
	if _, _, ok := w.next(); ok {
		t.Error("there is more")
	}
	n.remove(w)
	if n.add("a", first); n.wanted() || len(w.order) != 0 {
		t.Error("who was removed is told")
	}
}

func TestASessionThatIsOverHearsNothingLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		l := &link{epoch: 7}
		if h := l.hear(began, Probe); l.stale() || h != (judge.Hearing{At: judge.MomentOf(began), Epoch: 7, Source: judge.Probe, Login: true}) {
			t.Errorf("stale: %t; heard %+v", l.stale(), h)
		}
		l.settled = true
		if h := l.hear(began, Live); h.Login {
			t.Errorf("after the login: %+v", h)
		}
		l.settled = false
		time.Sleep(time.Minute)
		l.end()
		ended := judge.MomentOf(time.Now())
		time.Sleep(time.Minute)
		l.end()
		if h := l.hear(time.Now(), Live); !l.stale() || h != (judge.Hearing{At: ended, Epoch: 7, Source: judge.Live, Filtered: ended, Login: true}) {
			t.Errorf("after its end: stale: %t; heard %+v", l.stale(), h)
		}
	})
}
