package responder

import (
	"sync"
	"time"

	"mellium.im/xmpp/jid"
)

// Limits on the lookups that are queued: for one prober, which are enough for two
// devices that log in with a roster of 5,000; for one domain; and in all. And on the
// questions of one lookup.
const (
	maxOfProber  = 10_000
	maxOfDomain  = 30_000
	maxOfAll     = 40_000
	maxQuestions = 16
)

// queue holds questions about contacts and decides which are answered next. Domains
// take turns, as do the probers of a domain, so that none of them occupies all
// workers. All questions of one resource about one contact are one lookup. They are
// answered in order: the answer to a query that follows a probe then shows that the
// probe's answer has arrived.
type queue struct {
	workers int
	run     func(*lookup) // in a goroutine of its own

	mu      sync.Mutex
	lookups map[string]*lookup
	askers  map[string]*asker // probers by bare JID, and domains by @domain
	ready   []*asker          // domains that may start another lookup
	running int
	late    int // calls that timed out and gave up their worker
	waiting int
}

// lateShare is how many calls that timed out there may be for each worker, in
// addition to those that are running.
const lateShare = 15

// lookup is all that one resource asks about one contact.
type lookup struct {
	key         string
	from, asked jid.JID // the prober, in full, and the contact, as it was addressed

	questions []question
	prober    *asker
	domain    *asker
	paced     bool // it has waited for its pace
	slow      bool // its wait is too long for queries
	urgent    bool
	called    bool // the gateway's function is running
	late      bool // and has timed out
	freed     bool // and has given up its worker
}

// asker is a prober or a domain.
type asker struct {
	key     string
	most    int // limit of running
	running int
	waiting int       // lookups that are not finished
	urgent  []*lookup // of a prober
	normal  []*lookup // of a prober
	ready   []*asker  // of a domain: its probers that may start another lookup
	listed  bool      // it is in a list of those that are ready
}

// admission says whether the queue has accepted a question.
type admission uint8

const (
	accepted admission = iota
	full               // too much is queued
	timedOut           // the gateway's function has timed out for this lookup
)

// add queues a question.
func (q *queue) add(asks question) admission {
	q.mu.Lock()
	defer q.mu.Unlock()
	key := asks.prober.String() + " " + asks.asked.String()
	l := q.lookups[key]
	if l != nil {
		switch {
		case len(l.questions) >= maxQuestions || l.slow && asks.last:
			return full
		case l.late:
			return timedOut
		}
		l.questions = append(l.questions, asks)
		q.prioritize(l)
		return accepted
	}
	l = &lookup{key: key, from: asks.prober, asked: asks.asked, questions: []question{asks}}
	l.prober = q.asker(asks.prober.Bare().String(), max(q.workers/4, 1))
	l.domain = q.asker("@"+asks.prober.Domainpart(), max(q.workers*3/4, 1)) // no bare JID begins so
	if l.prober.waiting >= maxOfProber || l.domain.waiting >= maxOfDomain || q.waiting >= maxOfAll {
		q.forget(l.prober)
		q.forget(l.domain)
		return full
	}
	if q.lookups == nil {
		q.lookups = make(map[string]*lookup)
	}
	q.lookups[key] = l
	l.prober.waiting++
	l.domain.waiting++
	q.waiting++
	q.enqueue(l)
	q.start()
	return accepted
}

func (q *queue) asker(key string, most int) *asker {
	a := q.askers[key]
	if a == nil {
		if q.askers == nil {
			q.askers = make(map[string]*asker)
		}
		a = &asker{key: key, most: most}
		q.askers[key] = a
	}
	return a
}

func (q *queue) forget(a *asker) {
	if a.waiting == 0 && a.running == 0 {
		delete(q.askers, a.key)
	}
}

// enqueue adds a lookup to its prober's list.
func (q *queue) enqueue(l *lookup) {
	if l.urgent {
		l.prober.urgent = append(l.prober.urgent, l)
	} else {
		l.prober.normal = append(l.prober.normal, l)
	}
	q.schedule(l.prober, l.domain)
}

// prioritize moves a lookup in front of its prober's others. Somebody who asks
// again, or sends a query after the probe, is probably looking at this contact.
func (q *queue) prioritize(l *lookup) {
	if l.urgent {
		return
	}
	l.urgent = true
	for i, other := range l.prober.normal {
		if other == l {
			l.prober.normal = append(l.prober.normal[:i:i], l.prober.normal[i+1:]...)
			l.prober.urgent = append(l.prober.urgent, l)
			return
		}
	}
}

// schedule adds a prober and its domain to the lists of those that are ready, if
// they may start another lookup.
func (q *queue) schedule(prober, domain *asker) {
	if !prober.listed && prober.running < prober.most && len(prober.urgent)+len(prober.normal) > 0 {
		prober.listed = true
		domain.ready = append(domain.ready, prober)
	}
	if !domain.listed && domain.running < domain.most && len(domain.ready) > 0 {
		domain.listed = true
		q.ready = append(q.ready, domain)
	}
}

// start starts lookups while there are free workers.
func (q *queue) start() {
	for q.running < q.workers && len(q.ready) > 0 {
		domain := q.ready[0]
		q.ready, domain.listed = q.ready[1:], false
		prober := domain.ready[0]
		domain.ready, prober.listed = domain.ready[1:], false
		from := &prober.urgent
		if len(*from) == 0 {
			from = &prober.normal
		}
		l := (*from)[0]
		(*from)[0], *from = nil, (*from)[1:]
		q.running++
		prober.running++
		domain.running++
		q.schedule(prober, domain)
		q.run(l)
	}
}

// release gives a lookup's worker back.
func (q *queue) release(l *lookup) {
	q.running--
	l.prober.running--
	l.domain.running--
	q.schedule(l.prober, l.domain)
	q.start()
}

// calling marks that the gateway's functions are called for a lookup.
func (q *queue) calling(l *lookup) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l.called = true
}

// returned marks that they have returned, and reports whether that was in time.
func (q *queue) returned(l *lookup) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	l.called = false
	return !l.late
}

// timeOut stops waiting for the call of a lookup, and returns its questions. The
// worker is free for others, unless too many calls have timed out.
func (q *queue) timeOut(l *lookup) []question {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !l.called {
		return nil
	}
	questions := l.questions
	l.late, l.questions = true, nil
	if q.late < lateShare*q.workers {
		q.late++
		l.freed = true
		q.release(l)
	}
	return questions
}

// takeQuestions takes the questions out of a lookup, to be answered now.
func (q *queue) takeQuestions(l *lookup) []question {
	q.mu.Lock()
	defer q.mu.Unlock()
	questions := l.questions
	l.questions = nil
	return questions
}

// finish ends a lookup, or queues it again if there are new questions.
func (q *queue) finish(l *lookup) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(l.questions) > 0 {
		l.paced, l.slow, l.urgent = false, false, false
		q.enqueue(l)
	} else {
		delete(q.lookups, l.key)
		l.prober.waiting--
		l.domain.waiting--
		q.waiting--
	}
	if l.freed {
		q.late--
	} else {
		q.release(l)
	}
	q.forget(l.prober)
	q.forget(l.domain)
}

// postpone gives up the worker of a lookup that has to wait for its pace. If the
// wait is longer than patience, it removes the queries and returns them.
func (q *queue) postpone(l *lookup, wait, patience time.Duration) (queries []question) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l.paced = true
	if wait > patience {
		l.slow = true
		var probes []question
		for _, asks := range l.questions {
			if asks.last {
				queries = append(queries, asks)
			} else {
				probes = append(probes, asks)
			}
		}
		l.questions = probes
	}
	q.release(l)
	return queries
}

// resume queues a postponed lookup again.
func (q *queue) resume(l *lookup) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l.slow = false
	q.enqueue(l)
	q.start()
}
