package roster

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/roster/internal/judge"
)

// items is what is known of the roster as a whole.
type items struct {
	synced  bool   // it was fetched or given: only contacts count from then on
	version string // RFC 6121 section 2.6
	asOf    judge.Moment
	sum     uint64       // of all items, see mark
	listed  int          // how many there are
	early   judge.Moment // until when strangers may still become contacts; 0: there are none
	removed map[string]judge.Moment

	// listing has the contacts in order, nil where they have changed since it
	// was made.
	listing atomic.Pointer[listing]
}

// listing is the contacts of a roster, ordered by address. It never changes.
type listing struct {
	entries   []*entry
	addresses []jid.JID
}

// directory returns the roster's contacts, ordered by address.
func (c *Cache) directory() *listing {
	if d := c.items.listing.Load(); d != nil {
		return d
	}
	d := &listing{entries: make([]*entry, 0, c.items.listed), addresses: make([]jid.JID, 0, c.items.listed)}
	for _, e := range c.contacts {
		if e.listed != 0 {
			d.entries = append(d.entries, e)
		}
	}
	slices.SortFunc(d.entries, func(a, b *entry) int { return strings.Compare(a.key, b.key) })
	for _, e := range d.entries {
		d.addresses = append(d.addresses, address.OfKey(e.key))
	}
	c.items.listing.Store(d)
	return d
}

// Item is a roster item (RFC 6121 section 2.1.2), for [Cache.SetRoster].
type Item struct {
	JID          jid.JID
	Name         string
	Groups       []string
	Subscription string // none, to, from or both
	Ask          bool   // our request to subscribe is pending
	Approved     bool   // the contact's is granted in advance
}

// SetRoster sets the roster, for a client that has fetched or kept it itself;
// it replaces [Cache.Sync]. Contacts that are not in the list are forgotten.
// The version is that of the roster (RFC 6121 section 2.6) and may be empty.
// Roster pushes are applied as usual. Items without a valid JID are reported to
// the function of [Unreadable].
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
// user can remove it. f is called in the goroutine that serves the session,
// without a lock; it must not block or send.
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
	for key, e := range c.contacts {
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

// apply adds, changes or removes a contact. What is known of a contact is
// dropped when it stops sharing its presence.
func (c *Cache) apply(it item) {
	if it.subscription == subRemove {
		if e := c.contacts[string(address.AppendBare(nil, it.jid))]; e != nil {
			c.forget(e)
		}
		return
	}
	e := c.entry(it.jid)
	if e.listed != 0 && e.equal(it.details) {
		return
	}
	before := c.before(e)
	c.list(e, it.details, c.stamp())
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
	delete(c.contacts, e.key)
	if e.listed == 0 {
		return // a stranger
	}
	before := c.before(e)
	c.unlist(e)
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
	for _, e := range c.contacts {
		if e.listed == 0 {
			c.forget(e)
		}
	}
}

// list sets the roster item of an entry, as of the moment at. Zero means that
// the sender is not a contact yet.
func (c *Cache) list(e *entry, d details, at judge.Moment) {
	c.unlist(e)
	c.items.listing.Store(nil)
	e.details, e.listed = d, at
	if at != 0 {
		c.items.sum += d.sum(e.key)
		c.items.listed++
	}
}

// unlist removes an entry from the count and the sum of all items.
func (c *Cache) unlist(e *entry) {
	if e.listed != 0 {
		c.items.sum -= e.details.sum(e.key)
		c.items.listed--
		c.items.listing.Store(nil)
	}
}
