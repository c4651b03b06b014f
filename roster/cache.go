package roster

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/probe"
)

// maxEarly bounds the senders whose presence is kept before the roster is
// known; afterwards only contacts count.
const maxEarly = 10_000

// Cache is what is known of the contacts of one account.
//
// Its handler must be in place, see [Cache.Handler], before it learns
// anything. Make one with New; the zero value is of no use. All methods are
// safe for concurrent use, and only Sync and Open touch the network.
type Cache struct {
	account jid.JID // bare
	ownKey  string
	cfg     config
	closed  chan struct{}

	mu       sync.RWMutex
	link     *link
	clock    moment // the latest that was given out
	filtered filters
	synced   bool // the roster was fetched: only contacts count from then on
	version  string
	asOf     moment // when the roster had that version
	sum      uint64 // of the roster's items, see mark
	early    moment // until when strangers may still become contacts; 0: there are none
	contacts map[string]*entry
	removed  map[string]moment // when what was known of those who are gone was dropped
	own      knowledge
	watchers []*watcher
	keeper   keeper
}

type entry struct {
	details
	knowledge
	key    string // the bare address
	listed moment // when the item was told; zero: the sender is no contact yet
}

// Option changes how a Cache works. The defaults suit a chat client.
type Option func(*config)

type config struct {
	probe  []probe.Option
	store  Store
	failed func(error)
	silent bool // keeps no status texts
}

// Probing passes options to the [probe.Client] with which the Cache asks, such
// as [probe.Budget]. Its options Subscribed, Observe, Answered and Continue are
// the Cache's own.
func Probing(opts ...probe.Option) Option {
	return func(cfg *config) { cfg.probe = append(cfg.probe, opts...) }
}

// New returns a Cache for the session s, which must be negotiated.
func New(s *xmpp.Session, opts ...Option) *Cache {
	c := &Cache{
		account:  s.LocalAddr().Bare(),
		closed:   make(chan struct{}),
		contacts: make(map[string]*entry),
		removed:  make(map[string]moment),
	}
	c.ownKey = string(address.AppendBare(nil, c.account))
	for _, opt := range opts {
		opt(&c.cfg)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.connect(s)
	return c
}

// Client returns the client with which the Cache asks in its present session,
// for its counts and for the uptime of servers.
func (c *Cache) Client() *probe.Client {
	return c.current().client
}

func (c *Cache) current() *link {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.link
}

// Contact returns what is known of the contact, whose resource does not count,
// and whether it is in the roster. It never touches the network.
func (c *Cache) Contact(contact jid.JID) (Contact, bool) {
	var buf [128]byte
	key := address.AppendBare(buf[:0], contact)
	c.mu.RLock()
	defer c.mu.RUnlock()
	e := c.contacts[string(key)]
	if e == nil || e.listed == 0 {
		return Contact{JID: contact.Bare(), Lack: NeverHeard}, false
	}
	return c.view(e, c.horizon()), true
}

// All returns what is known of every contact, ordered by address. It is a
// snapshot of the moment at which the iteration begins.
func (c *Cache) All() iter.Seq[Contact] {
	return func(yield func(Contact) bool) {
		for _, contact := range c.snapshot(func(*entry, horizon) bool { return true }) {
			if !yield(contact) {
				return
			}
		}
	}
}

// Lacking returns the contacts whose presence is ours to know, who seem
// offline, and whose details are missing or outdated, ordered by address. It
// is a snapshot of the moment at which the iteration begins.
//
// It is for showing. Asking all of them is what XEP-0318 section 2 forbids;
// [Cache.Open] asks about the one whose chat a human opens.
func (c *Cache) Lacking() iter.Seq[jid.JID] {
	return func(yield func(jid.JID) bool) {
		for _, contact := range c.snapshot((*entry).lacking) {
			if !yield(contact.JID) {
				return
			}
		}
	}
}

// lacking tells whether something is missing of a contact who seems offline.
func (e *entry) lacking(h horizon) bool {
	return e.ours() && e.lack(h) != Nothing
}

func (c *Cache) snapshot(keep func(*entry, horizon) bool) []Contact {
	c.mu.RLock()
	defer c.mu.RUnlock()
	h := c.horizon()
	var contacts []Contact
	for _, key := range slices.SortedFunc(maps.Keys(c.contacts), strings.Compare) {
		if e := c.contacts[key]; e.listed != 0 && keep(e, h) {
			contacts = append(contacts, c.view(e, h))
		}
	}
	return contacts
}

// horizon is that of the present moment.
func (c *Cache) horizon() horizon {
	h := horizon{began: c.link.began, filtered: c.filtered != 0}
	if h.filtered {
		h.now = momentOf(time.Now())
	}
	return h
}

// view returns the contact's copy for callers.
func (c *Cache) view(e *entry, h horizon) Contact {
	contact := Contact{
		JID:          address.OfKey(e.key),
		Name:         e.name,
		Groups:       slices.Clone(e.groups),
		Subscription: e.subscription.String(),
		Ask:          e.ask,
		Approved:     e.approved,
	}
	e.describe(&contact, h)
	return contact
}

// Own returns the other connected resources of the own account, the best
// first: by priority, then the latest.
func (c *Cache) Own() []Resource {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var own Contact
	c.own.describe(&own, horizon{})
	self := c.link.s.LocalAddr().Resourcepart()
	return slices.DeleteFunc(own.Resources, func(r Resource) bool { return r.Name == self })
}

// subscribed is the roster's say to the probing client.
func (c *Cache) subscribed(contact jid.JID) bool {
	var buf [128]byte
	key := address.AppendBare(buf[:0], contact)
	c.mu.RLock()
	defer c.mu.RUnlock()
	e := c.contacts[string(key)]
	return e != nil && e.listed != 0 && e.ours()
}

// tick returns when something was heard. Two things never are at once, so that
// what came later counts as later, however coarse the clock.
func (c *Cache) tick(t time.Time) moment {
	c.clock = max(c.clock+1, momentOf(t))
	return c.clock
}

// entry returns the entry of a contact, a new one where there is none.
func (c *Cache) entry(j jid.JID) *entry {
	var buf [128]byte
	b := address.AppendBare(buf[:0], j)
	e := c.contacts[string(b)]
	if e == nil {
		key := string(b)
		e = &entry{key: key, knowledge: knowledge{since: c.removed[key]}}
		c.contacts[key] = e
	}
	return e
}

// forget drops a contact that the roster has no longer.
func (c *Cache) forget(e *entry) {
	delete(c.contacts, e.key)
	if e.listed == 0 {
		return // a stranger
	}
	c.unlist(e)
	c.gone(e.key, c.tick(time.Now()))
}

// gone tells that the roster has a contact no longer.
func (c *Cache) gone(key string, at moment) {
	c.removed[key] = at
	c.changed(&entry{key: key, details: details{subscription: subRemove}, listed: at, knowledge: knowledge{since: at}})
}

// changed tells all who want to know that there is news of a contact.
func (c *Cache) changed(e *entry) {
	if e.listed == 0 {
		return
	}
	for _, w := range c.watchers {
		w.add(e.key)
	}
	c.keep(e)
}
