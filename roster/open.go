package roster

import (
	"context"
	"errors"
	"fmt"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster/internal/judge"
)

// Open returns what is known of the contact whose chat a human opens, and asks
// the network first where something is lacking. The contact's resource does not
// count.
//
// Whatever the error, the Contact is what is known. The errors: [ErrNotSynced]
// before the roster was fetched; [probe.ErrNotSubscribed] where the contact is
// not in the roster, its subscription is not to or both, or its server refuses;
// [probe.ErrBlocked] where we block it; [probe.ErrBudget] where too many probes
// were sent lately; [probe.ErrNoAnswer] where nothing came back that tells
// anything; [probe.ErrClosed] where the session is over; what the session failed
// with; the context's error; and a [stanza.Error], for [errors.As], where one
// came back, beside any of these. A contact that was asked a moment ago is not
// asked again, and that is no error. Your own account and rooms are not asked.
func (c *Cache) Open(ctx context.Context, contact jid.JID) (Contact, error) {
	return c.open(ctx, contact, false)
}

// Refresh is Open, but asks even if nothing seems lacking: a contact whose server
// crashed seems online until somebody asks. Cool-down and budget hold as ever.
func (c *Cache) Refresh(ctx context.Context, contact jid.JID) (Contact, error) {
	return c.open(ctx, contact, true)
}

func (c *Cache) open(ctx context.Context, contact jid.JID, again bool) (Contact, error) {
	contact = contact.Bare()
	if contact.Equal(jid.JID{}) {
		return Contact{Lack: NeverHeard}, errors.New("roster: open: the address is empty")
	}
	if contact.Equal(c.account) {
		return c.ourselves(), nil
	}
	known, err := c.ask(ctx, contact, again)
	if err != nil {
		return known, fmt.Errorf("roster: open %s: %w", contact, err)
	}
	return known, nil
}

// ask asks about a contact where that is allowed and of use.
func (c *Cache) ask(ctx context.Context, contact jid.JID, again bool) (Contact, error) {
	known, ok := c.Contact(contact)
	l := c.current()
	switch {
	case !ok && !c.isSynced():
		return known, ErrNotSynced
	case !ok || !known.subscribed() && !known.host():
		return known, probe.ErrNotSubscribed
	case known.Blocked:
		return known, probe.ErrBlocked
	case known.Room:
		return known, nil
	case l == nil || c.lost(ctx):
		known, _ = c.Contact(contact)
		return known, probe.ErrClosed
	case known.Lack == Nothing && !again && !(known.host() && known.Up.IsZero()):
		return known, nil
	}
	answer, err := l.client.Probe(ctx, contact)
	known = c.answer(contact, answer, err)
	switch {
	case errors.Is(err, probe.ErrCoolDown):
		return known, nil
	case errors.Is(err, probe.ErrClosed):
		c.disconnected(l)
		known, _ = c.Contact(contact)
	case err != nil && known.Lack == Nothing:
		return known, nil // it came meanwhile, by itself
	case err == nil:
		err = verdict(answer)
	}
	return known, err
}

// answer is what is known of the contact right after it was asked. What was just
// told holds at this moment even while the server holds other presence back.
func (c *Cache) answer(contact jid.JID, a probe.Answer, err error) Contact {
	var buf [128]byte
	key := address.AppendBare(buf[:0], contact)
	c.mu.RLock()
	defer c.mu.RUnlock()
	e := c.contacts[string(key)]
	if e == nil || e.listed == 0 {
		return Contact{JID: contact, Lack: NeverHeard}
	}
	h := c.horizon()
	if l := c.link; err == nil && l != nil && !l.over && !l.hidden && e.ToldAt() >= judge.MomentOf(a.Received.Add(-a.RoundTrip)) {
		h.Stale = false
	}
	return c.view(e, h)
}

func (c *Cache) isSynced() bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.items.synced
}

// ourselves is what is known of the session's own account.
func (c *Cache) ourselves() Contact {
	contact, ok := c.Contact(c.account)
	if !ok {
		contact = Contact{JID: c.account}
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	contact.describe(c.own.View(c.horizon()))
	return contact
}

// verdict is the error of an answer from which nothing was learnt.
func verdict(a probe.Answer) error {
	switch a.Outcome {
	case probe.Unauthorized:
		return withReason(probe.ErrNotSubscribed, a.Err)
	case probe.Error:
		if a.Err != nil {
			return a.Err
		}
		return stanza.Error{Condition: stanza.UndefinedCondition}
	case probe.Unanswered:
		return withReason(probe.ErrNoAnswer, a.Err)
	}
	return nil
}

// withReason adds why a server said so to what it means.
func withReason(err, reason error) error {
	if reason == nil {
		return err
	}
	return fmt.Errorf("%w: %w", err, reason)
}
