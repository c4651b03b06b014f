package responder

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
)

// How long the policy may take, and how many of its calls may have timed out.
const (
	policyTimeout = 10 * time.Second
	maxLate       = 16
)

// errManyLate is returned instead of calling the policy.
var errManyLate = errors.New("responder: too many calls of the policy have not returned")

// hearing handles subscription stanzas, those of one peer in order of arrival.
// Requests wait for the policy in a line of their own.
type hearing struct {
	requests, others line

	mu   sync.Mutex
	with map[string]*attention

	policy sync.Mutex // held by one call of the policy, until it is late
	late   atomic.Int32
}

// attention is the line in which the stanzas of a peer wait, and their number.
type attention struct {
	*line
	waiting int
}

// add runs f after everything that the peer has waiting. It returns false if too
// much waits.
func (h *hearing) add(peer string, request bool, f func()) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := h.with[peer]
	if a == nil {
		a = &attention{line: &h.others}
		if request {
			a.line = &h.requests
		}
	}
	added := a.line.add(func() {
		defer h.done(peer)
		f()
	})
	if added {
		if h.with == nil {
			h.with = make(map[string]*attention)
		}
		h.with[peer] = a
		a.waiting++
	}
	return added
}

func (h *hearing) done(peer string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := h.with[peer]
	if a.waiting--; a.waiting == 0 {
		delete(h.with, peer)
	}
}

// subscription queues a presence about a subscription. Requests are paced, because
// they are answered to any sender; the others are answered to buddies only.
func (r *Responder) subscription(from jid.JID, typ stanza.PresenceType) {
	request := typ == stanza.SubscribePresence
	if request && !r.pace.allow(from, time.Now()) {
		return
	}
	added := r.hearing.add(from.String(), request, func() {
		if r.ctx.Err() != nil {
			r.fail(fmt.Errorf("%w before %s from %s was heard", ErrClosed, typ, from))
			return
		}
		if err := r.heard(from, typ); err != nil {
			r.fail(err)
		}
	})
	if !added {
		r.fail(fmt.Errorf("responder: %s from %s is dropped: too many others are queued", typ, from))
	}
}

// heard handles a presence about a subscription.
func (r *Responder) heard(from jid.JID, typ stanza.PresenceType) error {
	decision := Refuse
	if typ == stanza.SubscribePresence && r.judged(from) {
		var err error
		if decision, err = r.decide(from); err != nil {
			return fmt.Errorf("responder: the request of %s is not answered: %w", from, err)
		}
	}
	var refused error
	err := r.change(r.ctx, from, func(b Buddy) (Buddy, []stanza.PresenceType) {
		after, send := b.hear(typ, decision)
		switch {
		case after.Pending && !b.Pending && r.pending >= maxPending:
			refused = fmt.Errorf("responder: the request of %s is refused: %d others wait for a decision", from, r.pending)
		case b.stranger() && !after.stranger() && len(r.buddies) >= maxBuddies:
			refused = fmt.Errorf("responder: the request of %s is refused: %w", from, errManyBuddies)
		default:
			return after, send
		}
		return b, []stanza.PresenceType{stanza.UnsubscribedPresence}
	})
	return errors.Join(refused, err)
}

// judged reports whether the policy has to decide a peer's request.
func (r *Responder) judged(peer jid.JID) bool {
	if r.lock(r.ctx) != nil {
		return false
	}
	defer r.unlock()
	if r.load(r.ctx) != nil {
		return false // change says why
	}
	return r.buddies[peer.String()].judged()
}

// decide calls the policy, without the Responder's lock because the policy may call
// Buddies. It does not wait longer than policyTimeout.
func (r *Responder) decide(from jid.JID) (Decision, error) {
	h := &r.hearing
	h.policy.Lock()
	defer h.policy.Unlock()
	if h.late.Load() >= maxLate {
		return Refuse, errManyLate
	}
	type verdict struct {
		Decision
		err error
	}
	told := make(chan verdict, 1)
	h.late.Add(1) // until it returns
	r.begin(func() {
		defer h.late.Add(-1)
		var v verdict
		v.err = guard("the policy", func() error {
			v.Decision = r.cfg.requests(from)
			if v.Decision > Later {
				return fmt.Errorf("responder: %d is not a Decision", v.Decision)
			}
			return nil
		})
		told <- v
	})
	timer := time.NewTimer(policyTimeout)
	defer timer.Stop()
	select {
	case v := <-told:
		return v.Decision, v.err
	case <-timer.C:
		return Refuse, fmt.Errorf("the policy did not decide within %v", policyTimeout)
	case <-r.ctx.Done():
		return Refuse, ErrClosed
	}
}
