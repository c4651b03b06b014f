package responder

import (
	"context"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/wire/request"
)

// maxPending limits the requests that wait for a decision; those beyond are
// refused.
const maxPending = 1000

// Start sends available presence, with the component's start time, to every
// buddy. Call it when the session is being served.
func (r *Responder) Start(ctx context.Context) error {
	return r.tell(ctx, func(b Buddy) xml.TokenReader { return r.available(b.JID, "") })
}

// Stop sends unavailable presence with the given status, which may be empty, to
// every buddy, and closes the Responder.
func (r *Responder) Stop(ctx context.Context, status string) error {
	err := r.tell(ctx, func(b Buddy) xml.TokenReader { return r.unavailable(b.JID, status) })
	_ = r.Close()
	return err
}

func (r *Responder) tell(ctx context.Context, presence func(Buddy) xml.TokenReader) error {
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

// Buddies returns the component's buddies, ordered by address.
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

// Befriend subscribes to the peer's presence, and accepts a request from the
// peer in return. Call it only at an administrator's explicit request (XEP-0267
// section 2).
func (r *Responder) Befriend(ctx context.Context, peer jid.JID) error {
	return r.change(ctx, peer, Buddy.befriend)
}

// Approve accepts a request that waits (see [Later]). If the peer was approved
// before, Approve sends the approval again. Otherwise it does nothing.
func (r *Responder) Approve(ctx context.Context, peer jid.JID) error {
	return r.change(ctx, peer, func(b Buddy) (Buddy, []stanza.PresenceType) {
		if !b.Pending && !b.From {
			return b, nil
		}
		return b.approve(false)
	})
}

// Unfriend ends the subscriptions between the component and the peer, and
// refuses a request that waits.
func (r *Responder) Unfriend(ctx context.Context, peer jid.JID) error {
	return r.change(ctx, peer, Buddy.unfriend)
}

// heard handles a presence about a subscription.
func (r *Responder) heard(from jid.JID, typ stanza.PresenceType) {
	decision := Refuse
	if typ == stanza.SubscribePresence && r.judged(from) {
		decision = r.cfg.requests(from) // may look at the Responder, so without its lock
	}
	err := r.change(r.ctx, from, func(b Buddy) (Buddy, []stanza.PresenceType) {
		after, send := b.hear(typ, decision)
		if after.Pending && !b.Pending && r.pending() >= maxPending {
			return b, []stanza.PresenceType{stanza.UnsubscribedPresence}
		}
		return after, send
	})
	if err != nil && r.ctx.Err() == nil {
		r.cfg.failed(err)
	}
}

// judged reports whether the policy has to decide a request of the peer.
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

// change changes a buddy, stores that, and sends it. Nothing is sent that was
// not stored.
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
	key := peer.String()
	before, ok := r.buddies[key]
	if !ok {
		before.JID = peer
	}
	after, send := f(before)
	if !after.equal(before) {
		if after.stranger() {
			delete(r.buddies, key)
		} else {
			r.buddies[key] = after
		}
		if err := r.cfg.store.Save(ctx, r.sorted()); err != nil {
			r.buddies[key] = before
			if before.stranger() {
				delete(r.buddies, key)
			}
			return fmt.Errorf("responder: store the buddy %s: %w", peer, err)
		}
	}
	if len(send) == 0 {
		return nil
	}
	stanzas := make([]xml.TokenReader, len(send))
	for i, typ := range send {
		stanzas[i] = r.about(peer, typ)
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
	buddies, err := r.cfg.store.Load(ctx)
	if err != nil {
		return fmt.Errorf("responder: load the buddies: %w", err)
	}
	r.loaded, r.buddies = true, make(map[string]Buddy)
	for _, b := range buddies {
		b.JID = b.JID.Bare()
		r.buddies[b.JID.String()] = b
	}
	return nil
}

func (r *Responder) sorted() []Buddy {
	buddies := make([]Buddy, 0, len(r.buddies))
	for _, key := range slices.Sorted(maps.Keys(r.buddies)) {
		buddies = append(buddies, r.buddies[key])
	}
	return buddies
}

func (r *Responder) pending() (n int) {
	for _, b := range r.buddies {
		if b.Pending {
			n++
		}
	}
	return n
}

// about returns a presence of the given type for a buddy.
func (r *Responder) about(to jid.JID, typ stanza.PresenceType) xml.TokenReader {
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
