package responder

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/wire/request"
)

// Limits on the number of buddies and of undecided requests. Requests beyond them
// are refused.
const (
	maxBuddies = 10_000
	maxPending = 1000
)

var errManyBuddies = fmt.Errorf("responder: there are %d buddies, and no room for more", maxBuddies)

// Start sends available presence, with the component's start time, to every
// buddy. Call it when the session is being served.
func (r *Responder) Start(ctx context.Context) error {
	return r.sendAll(ctx, false, func(b Buddy) xml.TokenReader { return r.available(b.JID, "") })
}

// Stop handles the subscription stanzas that are queued, sends unavailable presence
// with the given status, which may be empty, to every buddy, and closes the
// Responder. It spends at most half of the time that ctx has left, or 5 seconds
// without a deadline, on the queue; what remains is dropped and reported to the
// function of [Failed].
func (r *Responder) Stop(ctx context.Context, status string) error {
	until := closeTimeout
	if end, ok := ctx.Deadline(); ok {
		until = time.Until(end) / 2
	}
	soon, cancel := context.WithTimeout(ctx, until)
	defer cancel()
	_ = r.inbox.requests.wait(soon)
	_ = r.inbox.others.wait(soon)
	err := r.sendAll(ctx, true, func(b Buddy) xml.TokenReader { return r.unavailable(b.JID, status) })
	return errors.Join(err, r.close(ctx))
}

// sendAll sends a presence to every buddy. After a call with last, nothing more is
// sent to buddies.
func (r *Responder) sendAll(ctx context.Context, last bool, presence func(Buddy) xml.TokenReader) error {
	if err := r.lock(ctx); err != nil {
		return err
	}
	defer r.unlock()
	if r.ctx.Err() != nil {
		return ErrClosed
	}
	if last {
		defer r.end() // before others get the lock
	}
	if err := r.load(ctx); err != nil {
		return err
	}
	for _, b := range r.sorted() {
		if !b.From {
			continue
		}
		if err := request.Send(ctx, r.s, presence(b)); err != nil {
			return fmt.Errorf("responder: tell %s: %w", b.JID, err)
		}
	}
	return nil
}

// Buddies returns the component's buddies, ordered by JID.
func (r *Responder) Buddies(ctx context.Context) ([]Buddy, error) {
	if err := r.lock(ctx); err != nil {
		return nil, err
	}
	defer r.unlock()
	if err := r.load(ctx); err != nil {
		return nil, err
	}
	return r.sorted(), nil
}

// Befriend subscribes to the peer's presence, and accepts the peer's own request,
// now or when it arrives. Call it only at an administrator's explicit request
// (XEP-0267 section 2).
func (r *Responder) Befriend(ctx context.Context, peer jid.JID) error {
	full := false
	err := r.change(ctx, peer, func(b Buddy) (Buddy, []stanza.PresenceType) {
		if full = b.none() && len(r.buddies) >= maxBuddies; full {
			return b, nil
		}
		return b.befriend()
	})
	if full {
		return errManyBuddies
	}
	return err
}

// Approve accepts a request that was put off (see [Later]). If the peer is already
// subscribed, Approve sends the approval again. Otherwise it does nothing.
func (r *Responder) Approve(ctx context.Context, peer jid.JID) error {
	return r.change(ctx, peer, func(b Buddy) (Buddy, []stanza.PresenceType) {
		if !b.Pending && !b.From {
			return b, nil
		}
		return b.approve(false)
	})
}

// Unfriend ends the subscriptions between the component and the peer, and refuses
// a request that was put off.
func (r *Responder) Unfriend(ctx context.Context, peer jid.JID) error {
	return r.change(ctx, peer, Buddy.unfriend)
}

// change changes a buddy, stores the change, and sends the stanzas for it. If the
// change cannot be stored, nothing is sent.
func (r *Responder) change(ctx context.Context, peer jid.JID, f func(Buddy) (Buddy, []stanza.PresenceType)) error {
	if r.ctx.Err() != nil {
		return ErrClosed
	}
	peer = peer.Bare()
	if peer.Equal(jid.JID{}) || peer.Equal(r.host) {
		return fmt.Errorf("responder: %q is not a buddy (XEP-0267 section 2)", peer)
	}
	if err := r.lock(ctx); err != nil {
		return err
	}
	defer r.unlock()
	if r.ctx.Err() != nil {
		return ErrClosed
	}
	if err := r.load(ctx); err != nil {
		return err
	}
	before, ok := r.buddies[peer.String()]
	if !ok {
		before.JID = peer
	}
	after, send := f(before)
	if !after.equal(before) {
		r.put(after)
		if err := r.keep(ctx, after); err != nil {
			r.put(before)
			return fmt.Errorf("responder: store the buddy %s: %w", peer, err)
		}
	}
	if len(send) == 0 {
		return nil
	}
	stanzas := make([]xml.TokenReader, len(send))
	for i, typ := range send {
		stanzas[i] = r.presenceFor(peer, typ)
	}
	if err := request.Send(ctx, r.s, stanzas...); err != nil {
		return fmt.Errorf("responder: tell %s: %w", peer, err)
	}
	return nil
}

// load reads the store, once.
func (r *Responder) load(ctx context.Context) error {
	if r.loaded {
		return nil
	}
	var buddies []Buddy
	err := guard("the store", func() (err error) {
		buddies, err = r.cfg.store.Load(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("responder: load the buddies: %w", err)
	}
	r.loaded, r.buddies, r.pending = true, make(map[string]Buddy), 0
	for _, b := range buddies {
		b.JID = b.JID.Bare()
		r.put(b)
	}
	return nil
}

// put sets the state of a buddy in memory.
func (r *Responder) put(b Buddy) {
	if r.buddies[b.JID.String()].Pending {
		r.pending--
	}
	if b.Pending {
		r.pending++
	}
	put(r.buddies, b)
}

// keep stores the state of a buddy.
func (r *Responder) keep(ctx context.Context, b Buddy) error {
	return guard("the store", func() error {
		if c, ok := r.cfg.store.(Changer); ok {
			return c.Change(ctx, b)
		}
		return r.cfg.store.Save(ctx, r.sorted())
	})
}

func (r *Responder) sorted() []Buddy {
	buddies := make([]Buddy, 0, len(r.buddies))
	for _, key := range slices.Sorted(maps.Keys(r.buddies)) {
		buddies = append(buddies, r.buddies[key])
	}
	return buddies
}

// presenceFor returns a presence of the given type for a buddy.
func (r *Responder) presenceFor(to jid.JID, typ stanza.PresenceType) xml.TokenReader {
	switch typ {
	case stanza.AvailablePresence:
		return r.available(to, "")
	case stanza.UnavailablePresence:
		return r.unavailable(to, "")
	}
	return stanza.Presence{From: r.host, To: to, Type: typ}.Wrap(nil)
}

func (r *Responder) unavailable(to jid.JID, status string) xml.TokenReader {
	var child xml.TokenReader
	if status != "" {
		child = xmlstream.Wrap(text(status), xml.StartElement{Name: xml.Name{Local: "status"}})
	}
	return stanza.Presence{From: r.host, To: to, Type: stanza.UnavailablePresence}.Wrap(child)
}
