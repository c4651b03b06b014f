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

	"example.org/lastpresence/internal/address"
	"example.org/lastpresence/internal/request"
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
	s        *xmpp.Session
	client   *probe.Client
	requests request.Table
	began    time.Time

	mu       sync.RWMutex
	synced   bool
	contacts map[string]*entry
}

type entry struct {
	item
	knowledge
}

// Option changes how a Cache works. The defaults suit a chat client.
type Option func(*config)

type config struct {
	probe []probe.Option
}

// Probing passes options to the [probe.Client] with which the Cache asks, such
// as [probe.Budget]. Its options Subscribed, Observe and Answered are the
// Cache's own.
func Probing(opts ...probe.Option) Option {
	return func(cfg *config) { cfg.probe = append(cfg.probe, opts...) }
}

// New returns a Cache for the session s, which must be negotiated.
func New(s *xmpp.Session, opts ...Option) *Cache {
	var cfg config
	for _, opt := range opts {
		opt(&cfg)
	}
	c := &Cache{s: s, began: time.Now(), contacts: make(map[string]*entry)}
	own := []probe.Option{
		probe.Subscribed(c.subscribed),
		probe.Observe(c.observe),
		probe.Answered(c.answered),
	}
	c.client = probe.NewClient(s, append(cfg.probe, own...)...)
	return c
}

// Client returns the client with which the Cache asks, for its counts and for
// the uptime of servers.
func (c *Cache) Client() *probe.Client {
	return c.client
}

// Close ends what is under way with [probe.ErrClosed]; what is known can still
// be looked up. It does not close the session. It always returns nil.
func (c *Cache) Close() error {
	return c.client.Close()
}

// Contact returns what is known of the contact, whose resource does not count,
// and whether it is in the roster. It never touches the network.
func (c *Cache) Contact(contact jid.JID) (Contact, bool) {
	var buf [128]byte
	key := address.AppendBare(buf[:0], contact)
	c.mu.RLock()
	defer c.mu.RUnlock()
	e := c.contacts[string(key)]
	if e == nil || !c.synced {
		return Contact{JID: contact.Bare(), Lack: NeverHeard}, false
	}
	return c.view(e), true
}

// All returns what is known of every contact, ordered by address. It is a
// snapshot of the moment at which the iteration begins.
func (c *Cache) All() iter.Seq[Contact] {
	return func(yield func(Contact) bool) {
		for _, contact := range c.snapshot(func(*entry) bool { return true }) {
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
		for _, contact := range c.snapshot(c.lacking) {
			if !yield(contact.JID) {
				return
			}
		}
	}
}

// lacking tells whether something is missing of a contact who seems offline.
func (c *Cache) lacking(e *entry) bool {
	return (e.subscription == "to" || e.subscription == "both") &&
		e.lack(c.began) != Nothing
}

func (c *Cache) snapshot(keep func(*entry) bool) []Contact {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if !c.synced {
		return nil
	}
	var contacts []Contact
	for _, key := range slices.SortedFunc(maps.Keys(c.contacts), strings.Compare) {
		if e := c.contacts[key]; keep(e) {
			contacts = append(contacts, c.view(e))
		}
	}
	return contacts
}

// view returns the contact's copy for callers.
func (c *Cache) view(e *entry) Contact {
	contact := Contact{
		JID:          e.jid,
		Name:         e.name,
		Groups:       slices.Clone(e.groups),
		Subscription: e.subscription,
		Ask:          e.ask,
	}
	e.describe(&contact, c.began)
	return contact
}

// subscribed is the roster's say to the probing client.
func (c *Cache) subscribed(contact jid.JID) bool {
	known, ok := c.Contact(contact)
	return ok && known.subscribed()
}

// observe learns from a presence that passed the handler.
func (c *Cache) observe(p probe.Presence, asked bool) {
	source := Live
	if asked {
		source = Probe
	}
	var buf [128]byte
	key := address.AppendBare(buf[:0], p.From)
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.contacts[string(key)]
	if e == nil {
		if c.synced || len(c.contacts) >= maxEarly || len(key) == 0 {
			return // a stranger, or ourselves
		}
		e = &entry{item: item{jid: p.From.Bare()}}
		c.contacts[string(key)] = e
	}
	e.presence(p, source)
}

// answered learns from the answer to a probe what no presence told.
func (c *Cache) answered(a probe.Answer) {
	if a.Outcome != probe.Unavailable {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.contacts[a.Contact.String()]; e != nil {
		e.activity(a)
	}
}
