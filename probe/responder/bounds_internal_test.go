package responder

import (
	"encoding/xml"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"golang.org/x/time/rate"
	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
)

func TestTheQueueTakesNoMoreThanItsLimits(t *testing.T) {
	about := jid.MustParse("skeleton@gate.capulet.lit")
	asks := func(from string) question { return question{prober: jid.MustParse(from), asked: about} }
	for _, tc := range []struct {
		name string
		from func(i int) string
		room int
	}{
		{"of a resource about a contact", func(int) string { return "romeo@montague.lit/orchard" }, 16},
		{"of a prober", func(i int) string { return fmt.Sprintf("romeo@montague.lit/%d", i) }, 10_000},
		{"of a domain", func(i int) string { return fmt.Sprintf("u%d@montague.lit/x", i) }, 30_000},
		{"of everybody", func(i int) string { return fmt.Sprintf("romeo@d%d.lit/x", i) }, 40_000},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := queue{run: func(*lookup) {}} // nobody works
			for i := range tc.room {
				if got := d.add(asks(tc.from(i))); got != accepted {
					t.Fatalf("question %d came to %d", i+1, got)
				}
			}
			askers := len(d.askers)
			if got := d.add(asks(tc.from(tc.room))); got != full {
				t.Errorf("one more came to %d", got)
			}
			if len(d.askers) != askers {
				t.Errorf("one that was refused is remembered: %d askers, before %d", len(d.askers), askers)
			}
		})
	}
}

func TestTheQueueForgetsAskersThatWereAnswered(t *testing.T) {
	var running []*lookup
	d := queue{workers: 4, run: func(m *lookup) { running = append(running, m) }}
	for i := range 4 {
		d.add(question{prober: jid.MustParse(fmt.Sprintf("romeo@d%d.lit/x", i)), asked: jid.MustParse("skeleton@gate.capulet.lit")})
	}
	if len(running) != 4 || d.running != 4 || d.waiting != 4 {
		t.Fatalf("%d lookups run, counted %d, of %d", len(running), d.running, d.waiting)
	}
	for _, m := range running {
		d.takeQuestions(m)
		d.finish(m)
	}
	if d.running != 0 || d.waiting != 0 || len(d.askers) != 0 || len(d.lookups) != 0 || len(d.ready) != 0 {
		t.Errorf("left behind: %d running, %d waiting, %d askers, %d lookups", d.running, d.waiting, len(d.askers), len(d.lookups))
	}
}

func TestASerialTakesNoMoreThanItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l serial
		began, goOn := make(chan struct{}), make(chan struct{})
		l.add(func() { close(began); <-goOn })
		<-began
		done := 0
		for i := range 256 {
			if !l.add(func() { done++ }) {
				t.Fatalf("no room for %d", i+1)
			}
		}
		if l.add(func() { done++ }) {
			t.Error("there is room for more")
		}
		close(goOn)
		if err := l.wait(t.Context()); err != nil || done != 256 {
			t.Errorf("%d were done, %v", done, err)
		}
		l.close()
		if l.add(func() {}) {
			t.Error("there is room in one that is closed")
		}
	})
}

func TestTheOldestFormsAreDropped(t *testing.T) {
	var f forms
	var ids []string
	romeo := jid.MustParse("romeo@montague.lit")
	for range 65 {
		ids = append(ids, f.give(romeo))
	}
	if f.take(ids[0], romeo) {
		t.Error("the oldest of 65 is kept")
	}
	if f.take(ids[1], romeo.Domain()) {
		t.Error("another one may fill the form")
	}
	for i, id := range ids[1:] {
		if !f.take(id, romeo) || f.take(id, romeo) {
			t.Errorf("form %d was not taken once", i+1)
		}
	}
}

func TestCommandLengthLimit(t *testing.T) {
	for text, long := range map[string]bool{"": false, "x": true} { // 249 elements of two tokens, and two of the command
		_, err := readCommand(xml.NewDecoder(strings.NewReader("<command xmlns='http://jabber.org/protocol/commands'>" + strings.Repeat("<x/>", 249) + text + "</command>")))
		if errors.Is(err, errTooLong) != long {
			t.Errorf("of 500 tokens and %q: %v", text, err)
		}
	}
}

func TestLimitersKeepThePreviousGeneration(t *testing.T) {
	var l limiters
	made := 0
	create := func() *rate.Limiter { made++; return rate.NewLimiter(1, 1) }
	of := func(i int) *rate.Limiter { return l.get(fmt.Sprint(i), create) }
	first := of(0)
	for i := range 4096 {
		of(i)
	}
	if len(l.recent) != 4096 || l.older != nil || made != 4096 {
		t.Fatalf("%d are remembered of %d", len(l.recent), made)
	}
	of(4096)
	if len(l.recent) != 1 || len(l.older) != 4096 {
		t.Errorf("%d and %d are remembered", len(l.recent), len(l.older))
	}
	if of(0) != first || len(l.recent) != 2 {
		t.Error("one that was used before starts over")
	}
	for i := range 2 * 4096 {
		of(10_000 + i)
	}
	if before := made; of(0) == first || made != before+1 {
		t.Error("one that was not used for long is remembered")
	}
}

func TestADomainNeverTakesBothOfTwoWorkers(t *testing.T) {
	ran := 0
	d := queue{workers: 2, run: func(*lookup) { ran++ }}
	for i := range 3 {
		d.add(question{prober: jid.MustParse(fmt.Sprintf("u%d@montague.lit/x", i)), asked: jid.MustParse("skeleton@gate.capulet.lit")})
	}
	if ran != 1 {
		t.Errorf("%d of one domain run", ran)
	}
	d.add(question{prober: jid.MustParse("juliet@capulet.lit/x"), asked: jid.MustParse("skeleton@gate.capulet.lit")})
	if ran != 2 {
		t.Errorf("%d run", ran)
	}
}

func TestTheWorkerOfALateCallIsFreedOnce(t *testing.T) {
	var running *lookup
	d := queue{workers: 1, run: func(m *lookup) { running = m }}
	d.add(question{prober: jid.MustParse("romeo@montague.lit/x"), asked: jid.MustParse("skeleton@gate.capulet.lit")})
	m := running
	d.calling(m)
	if got := d.timeOut(m); len(got) != 1 || d.running != 0 || d.late != 1 {
		t.Errorf("%d questions are answered; %d run, %d are late", len(got), d.running, d.late)
	}
	if d.returned(m) {
		t.Error("it returned in time")
	}
	d.finish(m)
	if d.running != 0 || d.late != 0 || m.prober.running != 0 || m.domain.running != 0 || len(d.askers) != 0 {
		t.Errorf("afterwards %d run, %d are late, %d askers are known", d.running, d.late, len(d.askers))
	}
}

func TestBuddiesThatWaitAreCountedOnce(t *testing.T) {
	r := &Responder{buddies: make(map[string]Buddy)}
	romeo, juliet := jid.MustParse("romeo@montague.lit"), jid.MustParse("juliet@capulet.lit")
	for i, tc := range []struct {
		buddy Buddy
		want  int
	}{
		{Buddy{JID: romeo, Pending: true}, 1},
		{Buddy{JID: romeo, Pending: true, To: true}, 1},
		{Buddy{JID: juliet, To: true}, 1},
		{Buddy{JID: juliet, Pending: true}, 2},
		{Buddy{JID: romeo, From: true}, 1},
		{Buddy{JID: juliet}, 0},
	} {
		if r.put(tc.buddy); r.pending != tc.want {
			t.Errorf("after step %d: %d wait, want %d", i+1, r.pending, tc.want)
		}
	}
	if len(r.buddies) != 1 {
		t.Errorf("%d are known, want one", len(r.buddies))
	}
}

func TestFifteenLateCallsOfAWorkerAreLeft(t *testing.T) {
	var running []*lookup
	d := queue{workers: 1, run: func(m *lookup) { running = append(running, m) }}
	for i := range 17 {
		d.add(question{prober: jid.MustParse(fmt.Sprintf("romeo@d%d.lit/x", i)), asked: jid.MustParse("skeleton@gate.capulet.lit")})
	}
	for i := 0; i < len(running); i++ { // each that is left lets the next one run
		d.calling(running[i])
		d.timeOut(running[i])
	}
	if len(running) != 16 || d.late != 15 || d.running != 1 {
		t.Errorf("%d were run, %d are late, %d keep their worker", len(running), d.late, d.running)
	}
}

func TestARefusalSaysWhyIfThereIsAReason(t *testing.T) {
	for why, want := range map[string]bool{"": false, "no form": true} {
		var b strings.Builder
		e := xml.NewEncoder(&b)
		if _, err := xmlstream.Copy(e, refuse(stanza.IQ{ID: "i"}, "bad-payload", why)); err != nil {
			t.Fatal(err)
		}
		if err := e.Flush(); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "<text") != want || want && !strings.Contains(b.String(), why) {
			t.Errorf("with %q: %s", why, b.String())
		}
	}
}

func TestAFileIsRewrittenAtAThousandObsoleteLines(t *testing.T) {
	f := &file{path: filepath.Join(t.TempDir(), "buddies")}
	most := 0
	for i := range 1100 {
		if err := f.Change(t.Context(), Buddy{JID: jid.MustParse("romeo@montague.lit"), To: true, From: i%2 == 0}); err != nil {
			t.Fatal(err)
		}
		most = max(most, f.lines)
	}
	if most != 1002 || f.lines >= 1000 {
		t.Errorf("it had %d lines at most, and %d at the end", most, f.lines)
	}
}
