package roster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/roster/internal/judge"
)

// Persist keeps what is known in a store. [Cache.Load], or else the first Sync,
// reads it back. Changes are saved together, about a second after the first of
// them and by [Cache.Close]; saving never blocks the session. If the store
// fails, the changes are kept and saved again later.
//
// The function failed is called with the store's errors; it may be nil, and
// must not call or wait for the Cache.
func Persist(store Store, failed func(error)) Option {
	return func(cfg *config) { cfg.store, cfg.failed = store, failed }
}

// Load reads what the store of [Persist] kept, so that contacts can be shown
// before there is a network. It merges that with what the session has reported
// meanwhile. Sync calls Load if you have not. It returns the error of the
// store, for example that a file is damaged.
func (c *Cache) Load(ctx context.Context) error {
	c.mu.RLock()
	done := c.cfg.store == nil || c.keeper.loaded
	c.mu.RUnlock()
	if done {
		return nil
	}
	saved, err := c.cfg.store.Load(ctx, c.account)
	if err != nil {
		return fmt.Errorf("roster: load: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keeper.loaded {
		return nil
	}
	c.keeper.loaded = true
	now := c.stamp()
	for _, r := range c.tidy(saved.Records, time.Now()) {
		c.restore(r, now)
	}
	if synced := judge.MomentOf(saved.Synced); !c.items.synced && synced <= now {
		c.items.version, c.items.asOf = marked(saved.Version, c.items.sum), synced
	}
	return nil
}

// restore applies a record of the store. A roster that was fetched takes
// precedence over the store on who is a contact. Facts in the future are
// ignored: our clock was wrong when they were saved.
func (c *Cache) restore(r Record, now judge.Moment) {
	key := string(address.AppendBare(nil, r.JID))
	known := c.items.entries[key]
	removed := r.Subscription == subRemove.String()
	since := judge.MomentOf(r.Since)
	if removed && since <= now {
		c.items.removed[key] = max(c.items.removed[key], since)
	}
	switch {
	case known == nil && removed:
		return
	case known == nil && c.items.synced:
		c.gone(key, now, nil)
		return
	}
	e := c.items.entry(r.JID)
	before := c.before(e)
	listed := judge.MomentOf(r.Listed)
	if listed > now {
		listed = 1 // some time, and earlier than whatever is told now
	}
	if !c.items.synced && (e.subscription == 0 || listed > e.listed) {
		c.items.list(e, r.details(), listed)
	}
	switch {
	case e.listed == 0 || e.ours():
		e.Restore(r.kept(), now)
	case since <= now && since > e.Since() && !e.Room():
		e.Forget(since) // so that what is learnt once it shares its presence again counts
	}
	switch {
	case e.subscription == subRemove:
		c.forget(e)
		return
	case e.listed != 0 && r.ahead(now.Time()):
		c.keep(e) // so that the store drops it before it seems to be of the past
	}
	switch {
	case known != nil:
		c.changed(e, before)
	case e.listed != 0:
		c.news.add(e.key, before)
	}
}

// keep marks an entry as not saved yet.
func (c *Cache) keep(e *entry) {
	if c.cfg.store != nil {
		c.keeper.keep(e)
		c.schedule()
	}
}

// schedule arranges that changes are saved soon.
func (c *Cache) schedule() {
	k := &c.keeper
	if c.cfg.store == nil || k.timer != nil {
		return
	}
	select {
	case <-c.closed:
		return // Close writes it
	default:
	}
	k.timer = time.AfterFunc(k.delay(time.Now()), c.keepSoon)
}

func (c *Cache) keepSoon() {
	c.mu.Lock()
	k := &c.keeper
	ctx, cancel := context.WithTimeout(context.Background(), saveTimeout+time.Duration(len(k.changed))*saveEach)
	defer cancel()
	select {
	case <-c.closed:
		c.mu.Unlock()
		return // Close writes it
	default:
	}
	k.stop = cancel
	c.mu.Unlock()
	err := c.save(ctx)
	c.mu.Lock()
	if k.ended(err); k.pending() {
		c.schedule()
	}
	c.mu.Unlock()
	if err != nil && c.cfg.failed != nil {
		c.cfg.failed(err)
	}
}

// save writes the changes, and lets the store erase what it must not keep. What
// fails is tried again later.
func (c *Cache) save(ctx context.Context) error {
	c.keeper.saving.Lock()
	defer c.keeper.saving.Unlock()
	return errors.Join(c.saveChanges(ctx), c.saveTidy(ctx))
}

func (c *Cache) saveChanges(ctx context.Context) error {
	c.mu.Lock()
	entries, roster := c.keeper.take()
	changes := Saved{At: time.Now().Round(0).UTC()}
	if roster {
		changes.Version, changes.Synced = mark(c.items.sum, c.items.version), c.items.asOf.Time()
	}
	for _, e := range entries {
		changes.Records = append(changes.Records, e.record(!c.cfg.silent))
	}
	c.mu.Unlock()
	if !roster && len(entries) == 0 {
		return nil
	}
	err := c.cfg.store.Save(ctx, c.account, changes)
	if err == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keeper.giveBack(entries, roster)
	if errors.Is(err, ErrLost) {
		c.keeper.roster = true
		for _, e := range c.items.entries {
			if e.listed != 0 {
				c.keeper.keep(e)
			}
		}
	}
	return fmt.Errorf("roster: save: %w", err)
}

// Close ends everything: waiting calls return [probe.ErrClosed], watching ends,
// and unsaved changes are written to the store of [Persist], which may take up
// to ten seconds. What is known can still be read. Close does not close the
// session. It returns the error of the store; calling it again does nothing.
func (c *Cache) Close() error {
	c.mu.Lock()
	select {
	case <-c.closed:
		c.mu.Unlock()
		return nil
	default:
	}
	close(c.closed)
	l := c.link
	if l != nil {
		l.end()
	}
	c.keeper.interrupt()
	c.mu.Unlock()
	if l != nil {
		_ = l.client.Close()
	}
	if c.cfg.store == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return c.save(ctx)
}
