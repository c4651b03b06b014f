package responder

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"
)

// model drives a queue in a random order, and knows what must be true of it.
type model struct {
	*testing.T
	*rand.Rand
	queue
	asked     int
	open      map[string]bool // ids of the questions that are not answered
	working   []*lookup       // in a call, with a worker
	late      []*lookup       // in a call that timed out
	postponed []*lookup
}

// Whatever happens in whatever order, each question is answered once, no limit is
// exceeded, and no worker is idle that somebody might use.
func TestTheQueueAnswersEachQuestionOnce(t *testing.T) {
	for seed := range uint64(20) {
		m := &model{T: t, Rand: rand.New(rand.NewPCG(seed, 318)), open: make(map[string]bool)}
		m.workers = 1 + m.IntN(12)
		m.run = func(running *lookup) { m.working = append(m.working, running) }
		for range 1000 {
			if m.IntN(3) == 0 {
				m.ask()
			} else {
				m.proceed()
			}
			if m.check(); m.Failed() {
				t.Fatalf("with seed %d", seed)
			}
		}
		for len(m.working)+len(m.late)+len(m.postponed) > 0 {
			m.proceed()
			m.check()
		}
		if len(m.open) > 0 || m.running+m.waiting+m.queue.late+len(m.lookups)+len(m.askers)+len(m.ready) > 0 {
			t.Errorf("with seed %d: %d questions are not answered; left behind: %+v", seed, len(m.open), &m.queue)
		}
	}
}

func (m *model) ask() {
	m.asked++
	q := question{
		prober: jid.MustParse(fmt.Sprintf("u%d@d%d.lit/%d", m.IntN(3), m.IntN(3), m.IntN(2))),
		asked:  jid.MustParse(fmt.Sprintf("c%d@gate.capulet.lit", m.IntN(8))),
		id:     fmt.Sprint(m.asked),
		last:   m.IntN(2) == 0,
	}
	if m.add(q) == accepted {
		m.open[q.id] = true
	}
}

// proceed lets one call return or time out, or the wait of a postponed lookup end.
func (m *model) proceed() {
	switch m.IntN(6) {
	case 0:
		if p := m.pick(&m.postponed); p != nil {
			m.resume(p)
		}
	case 1:
		if l := m.pick(&m.late); l != nil {
			if m.returned(l) {
				m.Error("a call that timed out returned in time")
			}
			m.finish(l)
		}
	case 2:
		if w := m.pick(&m.working); w != nil {
			m.calling(w)
			m.late = append(m.late, w)
			m.answered(m.timeOut(w))
		}
	default:
		w := m.pick(&m.working)
		if w == nil {
			return
		}
		m.calling(w)
		if !m.returned(w) {
			m.Error("a call that returned has timed out")
		}
		if len(m.timeOut(w)) > 0 {
			m.Error("a call that returned times out")
		}
		if !w.paced && m.IntN(3) == 0 {
			m.postponed = append(m.postponed, w)
			m.answered(m.postpone(w, time.Duration(m.IntN(20)), 10))
			return
		}
		m.answered(m.takeQuestions(w))
		if m.IntN(3) == 0 {
			m.ask() // perhaps about the same
		}
		m.finish(w)
	}
}

// pick takes one out of a list.
func (m *model) pick(list *[]*lookup) *lookup {
	if len(*list) == 0 {
		return nil
	}
	i := m.IntN(len(*list))
	one := (*list)[i]
	*list = slices.Delete(*list, i, i+1)
	return one
}

func (m *model) answered(questions []question) {
	for _, q := range questions {
		if !m.open[q.id] {
			m.Errorf("question %s is answered again", q.id)
		}
		delete(m.open, q.id)
	}
}

func (m *model) check() {
	m.Helper()
	held := m.working // those that have a worker
	for _, l := range m.late {
		if !l.freed {
			held = append(held[:len(held):len(held)], l)
		}
	}
	if len(held) > m.workers || len(held) != m.running {
		m.Errorf("%d of %d workers are held, counted %d", len(held), m.workers, m.running)
	}
	if freed := len(m.late) - (len(held) - len(m.working)); freed != m.queue.late || freed > 15*m.workers {
		m.Errorf("%d calls are late and gave up their worker, counted %d", freed, m.queue.late)
	}
	of := func(p *asker) (n int) {
		for _, h := range held {
			if h.prober == p || h.domain == p {
				n++
			}
		}
		return n
	}
	for _, queued := range m.lookups {
		p, d := of(queued.prober), of(queued.domain)
		quarter, three := max(m.workers/4, 1), max(m.workers*3/4, 1)
		if p > quarter || d > three {
			m.Errorf("of %d workers a prober has %d, and its domain %d", m.workers, p, d)
		}
		idle := !slices.Contains(m.working, queued) && !slices.Contains(m.late, queued) && !slices.Contains(m.postponed, queued)
		if idle && p < quarter && d < three && len(held) < m.workers {
			m.Errorf("%s waits, but %d of %d workers are free", queued.key, m.workers-len(held), m.workers)
		}
	}
}

// served returns the contacts in the order in which a queue with one worker serves
// them.
func served(t *testing.T, ask func(d *queue)) string {
	t.Helper()
	var running *lookup
	d := queue{workers: 1, run: func(m *lookup) { running = m }}
	ask(&d)
	var contacts []string
	for running != nil {
		m := running
		running = nil
		contacts = append(contacts, m.asked.Localpart())
		d.takeQuestions(m)
		d.finish(m)
	}
	return strings.Join(contacts, " ")
}

func TestInWhichOrderTheQueueServes(t *testing.T) {
	ask := func(d *queue, prober string, contacts ...string) {
		for _, c := range contacts {
			d.add(question{prober: jid.MustParse(prober), asked: jid.MustParse(c + "@gate.capulet.lit")})
		}
	}
	for name, tt := range map[string]struct {
		ask  func(d *queue)
		want string
	}{
		"of one prober in order": {func(d *queue) {
			ask(d, "romeo@montague.lit/x", "a", "b", "c")
		}, "a b c"},
		"domains and their probers take turns": {func(d *queue) {
			ask(d, "romeo@montague.lit/x", "a", "b", "c")
			ask(d, "benvolio@montague.lit/x", "d", "e")
			ask(d, "juliet@capulet.lit/x", "f", "g")
		}, "a f d g b e c"},
		"what is asked again goes first": {func(d *queue) {
			ask(d, "romeo@montague.lit/x", "a", "b", "c", "d", "e")
			ask(d, "romeo@montague.lit/x", "d")
		}, "a d b c e"},
		"two that are asked again, in that order": {func(d *queue) {
			ask(d, "romeo@montague.lit/x", "a", "b", "c", "d", "e")
			ask(d, "romeo@montague.lit/x", "e", "c", "e", "c")
		}, "a e c b d"},
		"what is being served is not served again": {func(d *queue) {
			ask(d, "romeo@montague.lit/x", "a", "b")
			ask(d, "romeo@montague.lit/x", "a")
		}, "a b"},
	} {
		if got := served(t, tt.ask); got != tt.want {
			t.Errorf("%s: served %s, want %s", name, got, tt.want)
		}
	}
}

func TestWhatIsAskedAgainWhileItWaitsForItsPaceGoesFirst(t *testing.T) {
	got := served(t, func(d *queue) {
		for _, c := range []string{"a", "b", "c"} {
			d.add(question{prober: jid.MustParse("romeo@montague.lit/x"), asked: jid.MustParse(c + "@gate.capulet.lit")})
		}
		a := d.lookups["romeo@montague.lit/x a@gate.capulet.lit"]
		d.postpone(a, time.Second, time.Minute) // b runs
		d.add(question{prober: a.from, asked: a.asked})
		d.resume(a)
	})
	if got != "b a c" {
		t.Errorf("served %s", got)
	}
}
