package responder

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mellium.im/xmpp/jid"
)

var (
	romeoAsks = question{prober: jid.MustParse("romeo@montague.lit/x"), asked: jid.MustParse("skeleton@gate.capulet.lit")}
	withQuery = question{prober: romeoAsks.prober, asked: romeoAsks.asked, last: true}
)

func TestQueriesWaitAsLongAsTheirPatience(t *testing.T) {
	const patience = 10 * time.Second
	for wait, told := range map[time.Duration]int{patience: 0, patience + 1: 1} {
		var m *lookup
		d := queue{workers: 1, run: func(running *lookup) { m = running }}
		d.add(romeoAsks)
		d.add(withQuery)
		if got := d.postpone(m, wait, patience); len(got) != told || m.slow != (told == 1) || len(m.questions) != 2-told || d.running != 0 {
			t.Errorf("of a wait of %v %d queries are told; %+v", wait, len(got), m)
		}
		if got := d.add(withQuery); (got == full) != (told == 1) {
			t.Errorf("another query comes to %d", got)
		}
		if d.resume(m); m.slow || d.running != 1 {
			t.Errorf("resumed: %+v", m)
		}
	}
}

func TestWhatIsAskedMeanwhileIsANewLookup(t *testing.T) {
	runs := 0
	var m *lookup
	d := queue{workers: 1, run: func(running *lookup) { m, runs = running, runs+1 }}
	d.add(romeoAsks)
	d.takeQuestions(m)
	m.paced, m.slow = true, false
	d.add(romeoAsks)
	m.slow = true
	if d.finish(m); runs != 2 || m.paced || m.slow || m.urgent || d.running != 1 || len(d.lookups) != 1 {
		t.Errorf("%d runs, %+v", runs, m)
	}
	d.takeQuestions(m)
	if d.finish(m); len(d.lookups) != 0 || d.running != 0 {
		t.Errorf("%d lookups are left, %d run", len(d.lookups), d.running)
	}
}

func TestAFileThatCouldNotBeWrittenIsReadAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f := &file{path: filepath.Join(dir, "buddies")}
	buddy := Buddy{JID: romeoAsks.prober.Bare(), To: true}
	if err := f.Save(t.Context(), []Buddy{buddy}); err != nil || !f.read {
		t.Fatal(err, f.read)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(t.Context(), []Buddy{buddy}); err == nil || f.read {
		t.Errorf("a folder that is gone: %v; read: %t", err, f.read)
	}
}

func TestAProberTakesAQuarterOfTheWorkers(t *testing.T) {
	for workers, want := range map[int]int{1: 1, 4: 1, 8: 2, 64: 16} {
		ran := 0
		d := queue{workers: workers, run: func(*lookup) { ran++ }}
		for range 100 {
			q := romeoAsks
			q.asked, _ = q.asked.WithResource(string(rune('a' + len(d.lookups)))) // another lookup
			d.add(q)
		}
		if ran != want {
			t.Errorf("of %d workers a prober takes %d, want %d", workers, ran, want)
		}
	}
}

func TestTheNextOfAProberRunsBesideTheFirst(t *testing.T) {
	var asked []string
	d := queue{workers: 8, run: func(m *lookup) { asked = append(asked, m.key) }}
	d.running = 8 // all of them are taken
	for _, resource := range []string{"a", "b", "c"} {
		q := romeoAsks
		q.asked, _ = q.asked.WithResource(resource)
		d.add(q)
	}
	if len(asked) != 0 {
		t.Fatalf("%q run without a worker", asked)
	}
	d.mu.Lock()
	d.running = 0
	d.start()
	d.mu.Unlock()
	if len(asked) != 2 || d.running != 2 {
		t.Errorf("%q run, want two of the three", asked)
	}
}

func TestACallThatReturnedInTimeIsNotReportedAsLate(t *testing.T) {
	r := &Responder{cfg: config{failed: func(err error) { t.Error(err) }}}
	r.giveUp(new(lookup))
	if err := r.reports.wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTheLastPresenceIsTheLast(t *testing.T) {
	r := &Responder{mu: make(chan struct{}, 1), cfg: config{store: memory{}}}
	r.ctx, r.cancel = context.WithCancel(t.Context())
	for _, last := range []bool{false, false, true} {
		if err := r.sendAll(t.Context(), last, nil); err != nil {
			t.Errorf("sendAll = %v", err)
		}
	}
	if err := r.sendAll(t.Context(), false, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("after the last, sendAll = %v", err)
	}
	if err := r.Befriend(t.Context(), romeoAsks.prober); !errors.Is(err, ErrClosed) {
		t.Errorf("after the last, Befriend = %v", err)
	}
}
