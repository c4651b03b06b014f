package responder

import (
	"sync"
	"time"

	"mellium.im/xmpp/jid"
)

// Bounds of what waits at the desk: of one prober's, two devices that log in
// with a roster of 5,000; of one domain's; of everybody's; and of the questions
// of one resource about one contact.
const (
	maxOfProber  = 10_000
	maxOfDomain  = 30_000
	maxOfAll     = 40_000
	maxQuestions = 16
)

// desk decides whose questions are answered next. Domains take turns, and the
// probers of a domain, so that none of them takes all the workers. All that one
// resource asks about one contact is one matter, which is answered in the order
// of the questions: the answer to a query that was sent behind a probe then shows
// that the probe's answer has arrived.
type desk struct {
	workers int
	run     func(*matter) // in a goroutine of its own

	mu      sync.Mutex
	matters map[string]*matter
	parties map[string]*party // probers by bare JID, and domains by @domain
	turn    []*party          // domains that may go on
	running int
	late    int // calls that have no worker any more
	waiting int
}

// lateShare is how many late calls there may be for each worker, beside those
// that are running.
const lateShare = 15

// matter is what one resource asks about one contact.
type matter struct {
	key         string
	from, asked jid.JID // the prober, in full, and the contact, as it was addressed

	questions []question
	prober    *party
	domain    *party
	paced     bool // it has waited for its pace
	slow      bool // it waits so long that queries are told to wait
	urgent    bool
	called    bool // the gateway's function is being called
	late      bool // and is left to itself
	freed     bool // without a worker
}

// party is a prober or a domain.
type party struct {
	key     string
	most    int // of running
	running int
	waiting int       // how many matters are not over
	urgent  []*matter // of a prober
	queue   []*matter // of a prober
	turn    []*party  // of a domain: its probers that may go on
	queued  bool      // it is in a turn
}

// reply is what becomes of a question at the desk.
type reply uint8

const (
	taken   reply = iota
	full          // there is no room
	unknown       // the gateway's function was left to itself with this matter
)

// take takes a question.
func (d *desk) take(q question) reply {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := q.prober.String() + " " + q.asked.String()
	m := d.matters[key]
	if m != nil {
		switch {
		case len(m.questions) >= maxQuestions || m.slow && q.last:
			return full
		case m.late:
			return unknown
		}
		m.questions = append(m.questions, q)
		d.hurry(m)
		return taken
	}
	m = &matter{key: key, from: q.prober, asked: q.asked, questions: make([]question, 0, 2)}
	m.questions = append(m.questions, q)
	m.prober = d.party(q.prober.Bare().String(), max(d.workers/4, 1))
	m.domain = d.party("@"+q.prober.Domainpart(), max(d.workers*3/4, 1)) // no bare JID begins so
	if m.prober.waiting >= maxOfProber || m.domain.waiting >= maxOfDomain || d.waiting >= maxOfAll {
		d.forget(m.prober)
		d.forget(m.domain)
		return full
	}
	if d.matters == nil {
		d.matters = make(map[string]*matter)
	}
	d.matters[key] = m
	m.prober.waiting++
	m.domain.waiting++
	d.waiting++
	d.line(m)
	d.next()
	return taken
}

func (d *desk) party(key string, most int) *party {
	p := d.parties[key]
	if p == nil {
		if d.parties == nil {
			d.parties = make(map[string]*party)
		}
		p = &party{key: key, most: most}
		d.parties[key] = p
	}
	return p
}

func (d *desk) forget(p *party) {
	if p.waiting == 0 && p.running == 0 {
		delete(d.parties, p.key)
	}
}

// line has a matter wait.
func (d *desk) line(m *matter) {
	if m.urgent {
		m.prober.urgent = append(m.prober.urgent, m)
	} else {
		m.prober.queue = append(m.prober.queue, m)
	}
	d.ready(m.prober, m.domain)
}

// hurry puts a matter before the others of its prober: whoever asks again, or
// with a query behind the probe, is a human who looks at this contact.
func (d *desk) hurry(m *matter) {
	if m.urgent {
		return
	}
	m.urgent = true
	for i, other := range m.prober.queue {
		if other == m {
			m.prober.queue = append(m.prober.queue[:i:i], m.prober.queue[i+1:]...)
			m.prober.urgent = append(m.prober.urgent, m)
			return
		}
	}
}

// ready gives a prober and its domain their turn, if they may go on.
func (d *desk) ready(prober, domain *party) {
	if !prober.queued && prober.running < prober.most && len(prober.urgent)+len(prober.queue) > 0 {
		prober.queued = true
		domain.turn = append(domain.turn, prober)
	}
	if !domain.queued && domain.running < domain.most && len(domain.turn) > 0 {
		domain.queued = true
		d.turn = append(d.turn, domain)
	}
}

// next has as many matters answered as there are workers.
func (d *desk) next() {
	for d.running < d.workers && len(d.turn) > 0 {
		domain := d.turn[0]
		d.turn, domain.queued = d.turn[1:], false
		prober := domain.turn[0]
		domain.turn, prober.queued = domain.turn[1:], false
		from := &prober.urgent
		if len(*from) == 0 {
			from = &prober.queue
		}
		m := (*from)[0]
		(*from)[0], *from = nil, (*from)[1:]
		d.running++
		prober.running++
		domain.running++
		d.ready(prober, domain)
		d.run(m)
	}
}

// free gives a matter's worker back.
func (d *desk) free(m *matter) {
	d.running--
	m.prober.running--
	m.domain.running--
	d.ready(m.prober, m.domain)
	d.next()
}

// call marks that the gateway's functions are called for a matter.
func (d *desk) call(m *matter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m.called = true
}

// returned marks that they have returned, and reports whether that was in time.
func (d *desk) returned(m *matter) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	m.called = false
	return !m.late
}

// abandon leaves calls that do not return to themselves, and returns the
// questions. Their worker is free for others, as long as not too many are late.
func (d *desk) abandon(m *matter) []question {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !m.called {
		return nil
	}
	questions := m.questions
	m.late, m.questions = true, nil
	if d.late < lateShare*d.workers {
		d.late++
		m.freed = true
		d.free(m)
	}
	return questions
}

// questions returns those of a matter, which are about to be answered.
func (d *desk) questions(m *matter) []question {
	d.mu.Lock()
	defer d.mu.Unlock()
	questions := m.questions
	m.questions = make([]question, 0, 2)
	return questions
}

// over ends a matter, unless something was asked meanwhile, which is then
// answered in its turn.
func (d *desk) over(m *matter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(m.questions) > 0 {
		m.paced, m.slow, m.urgent = false, false, false
		d.line(m)
	} else {
		delete(d.matters, m.key)
		m.prober.waiting--
		m.domain.waiting--
		d.waiting--
	}
	if m.freed {
		d.late--
	} else {
		d.free(m)
	}
	d.forget(m.prober)
	d.forget(m.domain)
}

// park has a matter wait for its pace without a worker. It returns the queries
// among its questions if they are not to wait so long.
func (d *desk) park(m *matter, wait, patience time.Duration) (queries []question) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m.paced = true
	if wait > patience {
		m.slow = true
		var probes []question
		for _, q := range m.questions {
			if q.last {
				queries = append(queries, q)
			} else {
				probes = append(probes, q)
			}
		}
		m.questions = probes
	}
	d.free(m)
	return queries
}

// resume has a matter that was parked answered in its turn.
func (d *desk) resume(m *matter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m.slow = false
	d.line(m)
	d.next()
}
