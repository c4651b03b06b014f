package responder

import (
	"sync"
	"time"

	"mellium.im/xmpp/jid"
)

// Limits on the matters that wait at the desk: of one prober, which are enough for
// two devices that log in with a roster of 5,000; of one domain; and of all. And on
// the questions of one matter.
const (
	maxOfProber  = 10_000
	maxOfDomain  = 30_000
	maxOfAll     = 40_000
	maxQuestions = 16
)

// desk queues questions and decides which are answered next. Domains take turns, as
// do the probers of a domain, so that none of them occupies all workers. All
// questions of one resource about one contact are one matter. They are answered in
// order: the answer to a query that follows a probe then shows that the probe's
// answer has arrived.
type desk struct {
	workers int
	run     func(*matter) // in a goroutine of its own

	mu      sync.Mutex
	matters map[string]*matter
	parties map[string]*party // probers by bare JID, and domains by @domain
	turn    []*party          // domains that may run another matter
	running int
	late    int // calls that timed out and gave up their worker
	waiting int
}

// lateShare is how many calls that timed out there may be for each worker, in
// addition to those that are running.
const lateShare = 15

// matter is all that one resource asks about one contact.
type matter struct {
	key         string
	from, asked jid.JID // the prober, in full, and the contact, as it was addressed

	questions []question
	prober    *party
	domain    *party
	paced     bool // it has waited for its pace
	slow      bool // its wait is too long for queries
	urgent    bool
	called    bool // the gateway's function is running
	late      bool // and has timed out
	freed     bool // and has given up its worker
}

// party is a prober or a domain.
type party struct {
	key     string
	most    int // limit of running
	running int
	waiting int       // matters that are not over
	urgent  []*matter // of a prober
	queue   []*matter // of a prober
	turn    []*party  // of a domain: its probers that may run another matter
	queued  bool      // it is in a turn list
}

// reply is whether the desk takes a question.
type reply uint8

const (
	taken   reply = iota
	full          // too much is queued
	unknown       // the gateway's function has timed out for this matter
)

// take queues a question.
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
	m = &matter{key: key, from: q.prober, asked: q.asked, questions: []question{q}}
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

// line adds a matter to its prober's queue.
func (d *desk) line(m *matter) {
	if m.urgent {
		m.prober.urgent = append(m.prober.urgent, m)
	} else {
		m.prober.queue = append(m.prober.queue, m)
	}
	d.ready(m.prober, m.domain)
}

// hurry moves a matter to the front of its prober's queue. Somebody who asks again,
// or sends a query after the probe, is probably looking at this contact.
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

// ready adds a prober and its domain to the turn lists, if they may run another
// matter.
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

// next starts matters while there are free workers.
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

// abandon stops waiting for the call of a matter, and returns its questions. The
// worker is free for others, unless too many calls have timed out.
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

// questions takes the questions out of a matter, to be answered now.
func (d *desk) questions(m *matter) []question {
	d.mu.Lock()
	defer d.mu.Unlock()
	questions := m.questions
	m.questions = nil
	return questions
}

// over ends a matter, or queues it again if there are new questions.
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

// park gives up the worker of a matter that has to wait for its pace. If the wait is
// longer than patience, it removes the queries and returns them.
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

// resume queues a parked matter again.
func (d *desk) resume(m *matter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m.slow = false
	d.line(m)
	d.next()
}
