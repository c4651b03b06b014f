package roster

import (
	"context"
	"errors"
	"fmt"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/probe"
)

// Open returns what is known of the contact whose chat a human opens, and asks
// the network first where the contact seems offline and something is lacking.
// The contact's resource does not count.
//
// Whatever the error, the Contact is what is known. The errors:
// [probe.ErrNotSubscribed] where the contact is not in the roster, its
// subscription is not to or both, or its server refuses; [probe.ErrBudget]
// where too many probes were sent lately; [probe.ErrNoAnswer] where nothing
// came back; [probe.ErrClosed]; what the session failed with; the context's
// error; and a [stanza.Error], for [errors.As], where the contact's server
// returned one. A contact that was asked a moment ago is not asked again, and
// that is no error.
func (c *Cache) Open(ctx context.Context, contact jid.JID) (Contact, error) {
	known, ok := c.Contact(contact)
	if !ok || !known.subscribed() {
		return known, fmt.Errorf("roster: open %s: %w", known.JID, probe.ErrNotSubscribed)
	}
	if known.Lack == Nothing {
		return known, nil
	}
	answer, err := c.Client().Probe(ctx, known.JID)
	known, _ = c.Contact(contact)
	switch {
	case errors.Is(err, probe.ErrCoolDown):
		return known, nil
	case err != nil && known.Lack == Nothing:
		return known, nil // it came meanwhile, by itself
	case err == nil:
		err = verdict(answer)
	}
	if err != nil {
		return known, fmt.Errorf("roster: open %s: %w", known.JID, err)
	}
	return known, nil
}

// verdict is the error of an answer from which nothing was learnt.
func verdict(a probe.Answer) error {
	switch a.Outcome {
	case probe.Unauthorized:
		if a.Err != nil {
			return fmt.Errorf("%w: %w", probe.ErrNotSubscribed, a.Err)
		}
		return probe.ErrNotSubscribed
	case probe.Error:
		if a.Err != nil {
			return a.Err
		}
		return stanza.Error{Condition: stanza.UndefinedCondition}
	case probe.Unanswered:
		return probe.ErrNoAnswer
	}
	return nil
}
