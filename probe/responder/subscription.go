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

// inbox handles subscription stanzas, those of one peer in order of arrival.
// Requests wait for the policy apart from the others.
type inbox struct {
	requests, others serial

	mu    sync.Mutex
	peers map[string]*peerQueue

	policy sync.Mutex // held by one call of the policy, until it is late
	late   atomic.Int32
}

// peerQueue is where the stanzas of a peer wait, and their number.
type peerQueue struct {
	*serial
	waiting int
}

// add runs f after everything that the peer has waiting. It returns false if too
// much waits.
func (in *inbox) add(peer string, request bool, f func()) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	p := in.peers[peer]
	if p == nil {
		p = &peerQueue{serial: &in.others}
		if request {
			p.serial = &in.requests
		}
	}
	added := p.serial.add(func() {
		defer in.done(peer)
		f()
	})
	if added {
		if in.peers == nil {
			in.peers = make(map[string]*peerQueue)
		}
		in.peers[peer] = p
		p.waiting++
	}
	return added
}

func (in *inbox) done(peer string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	p := in.peers[peer]
	if p.waiting--; p.waiting == 0 {
		delete(in.peers, peer)
	}
}

// subscription queues a presence about a subscription. Requests are paced, because
// they are answered to any sender; the others are answered to buddies only.
func (r *Responder) subscription(from jid.JID, typ stanza.PresenceType) {
	request := typ == stanza.SubscribePresence
	if request && !r.pace.allow(from, time.Now()) {
		return
	}
	added := r.inbox.add(from.String(), request, func() {
		if r.ctx.Err() != nil {
			r.fail(fmt.Errorf("%w before %s from %s was handled", ErrClosed, typ, from))
			return
		}
		if err := r.received(from, typ); err != nil {
			r.fail(err)
		}
	})
	if !added {
		r.fail(fmt.Errorf("responder: %s from %s is dropped: too many others are queued", typ, from))
	}
}

// received handles a presence about a subscription.
func (r *Responder) received(from jid.JID, typ stanza.PresenceType) error {
	decision := Refuse
	if typ == stanza.SubscribePresence && r.needsDecision(from) {
		var err error
		if decision, err = r.decide(from); err != nil {
			return fmt.Errorf("responder: the request of %s is not answered: %w", from, err)
		}
	}
	var refused error
	err := r.change(r.ctx, from, func(b Buddy) (Buddy, []stanza.PresenceType) {
		after, send := b.receive(typ, decision)
		switch {
		case after.Pending && !b.Pending && r.pending >= maxPending:
			refused = fmt.Errorf("responder: the request of %s is refused: %d others wait for a decision", from, r.pending)
		case b.none() && !after.none() && len(r.buddies) >= maxBuddies:
			refused = fmt.Errorf("responder: the request of %s is refused: %w", from, errManyBuddies)
		default:
			return after, send
		}
		return b, []stanza.PresenceType{stanza.UnsubscribedPresence}
	})
	return errors.Join(refused, err)
}

// needsDecision reports whether the policy has to decide a peer's request.
func (r *Responder) needsDecision(peer jid.JID) bool {
	if r.lock(r.ctx) != nil {
		return false
	}
	defer r.unlock()
	if r.load(r.ctx) != nil {
		return false // change says why
	}
	return r.buddies[peer.String()].needsDecision()
}

// decide calls the policy, without the Responder's lock because the policy may call
// Buddies. It does not wait longer than policyTimeout.
func (r *Responder) decide(from jid.JID) (Decision, error) {
	in := &r.inbox
	in.policy.Lock()
	defer in.policy.Unlock()
	if in.late.Load() >= maxLate {
		return Refuse, errManyLate
	}
	type verdict struct {
		Decision
		err error
	}
	decided := make(chan verdict, 1)
	in.late.Add(1) // until it returns
	r.begin(func() {
		defer in.late.Add(-1)
		var v verdict
		v.err = guard("the policy", func() error {
			v.Decision = r.cfg.requests(from)
			if v.Decision > Later {
				return fmt.Errorf("responder: %d is not a Decision", v.Decision)
			}
			return nil
		})
		decided <- v
	})
	timer := time.NewTimer(policyTimeout)
	defer timer.Stop()
	select {
	case v := <-decided:
		return v.Decision, v.err
	case <-timer.C:
		return Refuse, fmt.Errorf("the policy did not decide within %v", policyTimeout)
	case <-r.ctx.Done():
		return Refuse, ErrClosed
	}
}
