package roster

import (
	"context"
	"errors"
	"fmt"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster/internal/judge"
)

// Open returns what is known about a contact whose chat the user opens. If
// something is missing or stale, it first asks the contact's server and waits
// for the answer. It ignores the resource of the address, which must not be the
// zero JID.
//
// The Contact is valid even if the error is not nil. The errors are
//
//   - [ErrNotSynced]: the roster has not been fetched yet;
//   - [probe.ErrNotSubscribed]: the contact is not in the roster, its
//     subscription is not to or both (servers and components need none), or
//     its server refuses to answer;
//   - [probe.ErrBlocked]: we block the contact;
//   - [probe.ErrBudget]: too many probes were sent recently;
//   - [probe.ErrNoAnswer]: no answer said anything about the contact;
//   - [probe.ErrClosed]: the session is over;
//   - the error of the session, or that of ctx.
//
// If the answer was a stanza error, [errors.As] finds the [stanza.Error] in any
// of these. A contact that was asked recently (see [probe.CoolDown]) is not asked
// again; that is not an error. Your own account and rooms are never asked.
func (c *Cache) Open(ctx context.Context, contact jid.JID) (Contact, error) {
	return c.open(ctx, contact, false)
}

// Refresh is like [Cache.Open], but asks even if nothing seems to be missing.
// For example, a contact whose server crashed seems online until somebody asks.
// The cool-down and the budget apply.
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

// ask asks about a contact if that is allowed and useful.
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

// answer returns what is known about the contact right after it was asked. What
// the answer said is certain at this moment, even while the server holds other
// presence back.
func (c *Cache) answer(contact jid.JID, a probe.Answer, err error) Contact {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e := c.items.find(contact)
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

// ourselves returns what is known about the session's own account.
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

// verdict returns the error for an answer from which nothing was learnt.
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

// withReason combines an error with the server's reason for it.
func withReason(err, reason error) error {
	if reason == nil {
		return err
	}
	return fmt.Errorf("%w: %w", err, reason)
}
