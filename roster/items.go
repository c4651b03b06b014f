package roster

import (
	"slices"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/roster/internal/judge"
)

// Item is a roster item (RFC 6121 section 2.1.2), for [Cache.SetRoster].
type Item struct {
	JID          jid.JID
	Name         string
	Groups       []string
	Subscription string // none, to, from or both
	Ask          bool   // our request to subscribe is pending
	Approved     bool   // the contact's request is approved in advance
}

// SetRoster sets the roster, for a client that has fetched or stored it itself;
// it replaces [Cache.Sync]. Contacts that are not in the list are forgotten.
// The version is that of the roster (RFC 6121 section 2.6) and may be empty.
// Roster pushes are applied as usual. Items without a valid JID are passed to
// the function set by [Unreadable].
func (c *Cache) SetRoster(list []Item, version string) {
	q := query{found: true, versioned: version != "", version: version}
	for _, it := range list {
		q.items = append(q.items, item{jid: it.JID.Bare(), details: details{
			name: it.Name, groups: inGroups(slices.Clone(it.Groups)), ask: it.Ask, approved: it.Approved,
			subscription: max(subscriptionOf(it.Subscription), subNone),
		}})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.replace(q)
}

// Unreadable sets a function that is called for every roster item whose address
// is not a valid JID, with the address as text and the item's name, so that a
// user can remove the item. f is called in the goroutine that serves the
// session, without a lock; it must not block or send.
func Unreadable(f func(address, name string)) Option {
	return func(cfg *config) { cfg.unreadable = f }
}

// replace applies a complete roster.
func (c *Cache) replace(q query) {
	listed := make(map[string]bool, len(q.items))
	for _, it := range q.items {
		listed[string(address.AppendBare(nil, it.jid))] = true
		c.apply(it)
	}
	c.items.synced = true
	if c.link != nil {
		c.link.fetched = true
	}
	for key, e := range c.items.entries {
		if e.listed != 0 && !listed[key] {
			c.forget(e)
		}
	}
	c.forgetStrangers()
	c.revise(q)
}

// revise records the roster's version.
func (c *Cache) revise(q query) {
	if q.versioned {
		c.items.version = q.version
	}
	c.items.asOf = c.stamp()
	c.keeper.roster = true
	c.schedule()
}

// apply adds, changes or removes a contact. What is known about a contact is
// dropped when it stops sharing its presence.
func (c *Cache) apply(it item) {
	if it.subscription == subRemove {
		if e := c.items.entries[string(address.AppendBare(nil, it.jid))]; e != nil {
			c.forget(e)
		}
		return
	}
	e := c.items.entry(it.jid)
	if e.listed != 0 && e.equal(it.details) {
		return
	}
	before := c.before(e)
	c.items.list(e, it.details, c.stamp())
	if waits := c.cfg.store != nil && !c.keeper.loaded; !it.ours() && (e.Anything() || waits) && !e.Room() {
		e.Forget(e.listed) // what the store has of it, too
	}
	if before == nil && c.news.wanted() {
		before = &Contact{JID: it.jid, Lack: NeverHeard}
	}
	c.changed(e, before)
}

// forget drops a contact that is no longer in the roster.
func (c *Cache) forget(e *entry) {
	delete(c.items.entries, e.key)
	if e.listed == 0 {
		return // a stranger
	}
	before := c.before(e)
	c.items.unlist(e)
	c.gone(e.key, c.stamp(), before)
}

// gone records that a contact is no longer in the roster.
func (c *Cache) gone(key string, at judge.Moment, before *Contact) {
	c.items.removed[key] = at
	e := &entry{key: key, details: details{subscription: subRemove}, listed: at}
	e.Forget(at)
	c.changed(e, before)
}

// interim is how long after Sync the pushes with what has changed in a roster
// may still arrive.
const interim = judge.Moment(time.Minute / time.Microsecond)

// forgetStrangers drops what is known of senders who are not contacts.
func (c *Cache) forgetStrangers() {
	c.items.early = 0
	for _, e := range c.items.entries {
		if e.listed == 0 {
			c.forget(e)
		}
	}
}
