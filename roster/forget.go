package roster

import (
	"context"
	"fmt"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/address"
)

// WithoutStatus leaves status texts out of what [Persist] keeps. Texts that
// were saved before are erased from the store soon after [Cache.Load].
func WithoutStatus() Option {
	return func(cfg *config) { cfg.silent = true }
}

// retention is the default of [Retention].
const retention = 90 * 24 * time.Hour

// Retention sets how long the store of [Persist] remembers that a contact was
// removed from the roster. It keeps only the address and the time of removal.
// Other processes need the entry to drop what they know, so d must be longer
// than any process may go without saving. Older entries are erased soon after
// [Cache.Load]. If d is not positive, the default of 90 days applies.
func Retention(d time.Duration) Option {
	return func(cfg *config) { cfg.retention = d }
}

// Forget drops everything known about a contact, in the Cache and in the store
// of [Persist]. It ignores the resource of the address. The roster item stays;
// RFC 6121 section 2.5 describes how to remove it. Other processes cannot
// restore what was dropped, but the Cache keeps learning from what the server
// sends later. If the contact is not in the roster, its address is erased from
// the store, too.
//
// Forget returns the error of the store. The Cache has then dropped its
// knowledge nevertheless. For a contact in the roster, the next successful save
// drops it from the store, too.
func (c *Cache) Forget(ctx context.Context, contact jid.JID) error {
	key := string(address.AppendBare(nil, contact))
	c.mu.Lock()
	at := c.stamp()
	e := c.items.entries[key]
	listed := e != nil && e.listed != 0
	if listed {
		before := c.before(e)
		e.Forget(at)
		c.changed(e, before)
	} else {
		delete(c.items.entries, key)
		delete(c.keeper.changed, key)
	}
	c.mu.Unlock()
	store, ok := c.cfg.store.(Editor)
	if !ok {
		return nil
	}
	c.keeper.saving.Lock()
	defer c.keeper.saving.Unlock()
	err := store.Edit(ctx, c.account, func(r Record) (Record, bool) {
		if string(address.AppendBare(nil, r.JID)) != key {
			return r, true
		}
		r.Since, r.Seen, r.Told = at.Time(), Departure{}, Departure{}
		r.Online, r.Words, r.Learnt = time.Time{}, nil, time.Time{}
		return r, listed
	})
	if err != nil {
		return fmt.Errorf("roster: forget %s: %w", contact.Bare(), err)
	}
	return nil
}

// tidied returns what a store is to keep of a record at the time now, and
// whether it is to keep the record at all.
func (cfg *config) tidied(r Record, now time.Time) (Record, bool) {
	keep := cfg.retention
	if keep <= 0 {
		keep = retention
	}
	if r.Subscription == subRemove.String() && now.Sub(later(r.Listed, r.Since)) > keep {
		return Record{}, false
	}
	if cfg.silent {
		r = r.withoutTexts()
	}
	return r, true
}

// tidy returns the records that a store is to keep. If they differ from those
// it has, tidy schedules an edit of the store.
func (c *Cache) tidy(records []Record, now time.Time) []Record {
	kept := make([]Record, 0, len(records))
	untidy := false
	for _, r := range records {
		tidied, keep := c.cfg.tidied(r, now)
		untidy = untidy || !keep || tidied.Seen != r.Seen || tidied.Told != r.Told || len(tidied.Words) != len(r.Words)
		if keep {
			kept = append(kept, tidied)
		}
	}
	if untidy {
		c.keeper.untidy = true
		c.schedule()
	}
	return kept
}

// saveTidy makes the store erase what it must not keep.
func (c *Cache) saveTidy(ctx context.Context) error {
	c.mu.Lock()
	untidy := c.keeper.untidy
	c.keeper.untidy = false
	c.mu.Unlock()
	store, ok := c.cfg.store.(Editor)
	if !untidy || !ok {
		return nil
	}
	now := time.Now()
	err := store.Edit(ctx, c.account, func(r Record) (Record, bool) { return c.cfg.tidied(r, now) })
	if err == nil {
		return nil
	}
	c.mu.Lock()
	c.keeper.untidy = true
	c.mu.Unlock()
	return fmt.Errorf("roster: tidy up: %w", err)
}
