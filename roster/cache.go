package roster

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster/internal/judge"
)

// maxEarly limits how many senders' presence is kept before the roster is
// known. Afterwards only that of contacts is kept.
const maxEarly = 10_000

// ErrNotSynced means that the roster has not been fetched yet, so that contacts
// cannot be told from strangers. Call [Cache.Sync] first.
var ErrNotSynced = errors.New("the roster was not fetched yet: call Sync first")

// Cache holds what is known about the contacts of one account.
//
// Make one with [New] or [Offline]; the zero value is not usable. It learns
// from the stanzas of its session, so the session must be served: with
// [Cache.Serve], or by your own code with [Cache.Handler]. All methods are safe
// for concurrent use. Only Sync, Open, Refresh and the methods that control
// filtering use the network.
type Cache struct {
	account jid.JID // bare
	ownKey  string
	cfg     config
	closed  chan struct{}

	mu      sync.RWMutex
	clock   judge.Moment // the latest that stamp gave out
	epoch   judge.Epoch  // of the present session
	link    *link        // the present session, nil before the first
	items   items
	own     judge.Knowledge
	blocked map[string]bool // addresses on the block list (XEP-0191)
	news    news
	keeper  keeper
}

// Option configures a Cache. The defaults suit a chat client.
type Option func(*config)

type config struct {
	probe     []probe.Option
	store     Store
	failed    func(error)
	silent    bool          // keeps no status texts
	retention time.Duration // of removed contacts in the store
	keep      bool          // keeps other children of presence

	unreadable func(address, name string)
}

// Probing passes options to the [probe.Client] that the Cache uses, such as
// [probe.Budget]. The Cache sets the options Subscribed, Observe, Answered and
// Continue itself.
func Probing(opts ...probe.Option) Option {
	return func(cfg *config) { cfg.probe = append(cfg.probe, opts...) }
}

// KeepChildren makes the Cache keep the other child elements of a contact's
// presence (entity capabilities, avatar hash, mood), for [Resource.Children].
// It keeps at most [probe.MaxKept] bytes for each resource. The default is to
// keep none.
func KeepChildren() Option {
	return func(cfg *config) { cfg.keep = true }
}

// New returns a Cache for the session s, which must be negotiated. It panics if
// s is nil; use [Offline] to make a Cache without a session.
func New(s *xmpp.Session, opts ...Option) *Cache {
	if s == nil {
		panic("roster: New: the session is nil; Offline makes a Cache without one")
	}
	c := Offline(s.LocalAddr(), opts...)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.connect(s)
	return c
}

// Offline returns a Cache for an account that has no session yet. With
// [Persist] and [Cache.Load] it shows what was known about the contacts in an
// earlier run, all of it stale. [Cache.Connect] gives it a session.
func Offline(account jid.JID, opts ...Option) *Cache {
	c := &Cache{account: account.Bare(), closed: make(chan struct{}), items: newItems()}
	c.ownKey = string(address.AppendBare(nil, c.account))
	for _, opt := range opts {
		opt(&c.cfg)
	}
	return c
}

// Client returns the probe client of the present session, for its counts and
// for the uptime of servers. It returns nil if there has been no session.
func (c *Cache) Client() *probe.Client {
	if l := c.current(); l != nil {
		return l.client
	}
	return nil
}

func (c *Cache) current() *link {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.link
}

// Contact returns what is known about a contact, and whether it is in the
// roster. It ignores the resource of the address, and never uses the network.
func (c *Cache) Contact(contact jid.JID) (Contact, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e := c.items.find(contact)
	if e == nil || e.listed == 0 {
		return Contact{JID: contact.Bare(), Lack: NeverHeard}, false
	}
	return c.view(e, c.horizon()), true
}

// Len returns the number of contacts in the roster.
func (c *Cache) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.items.listed
}

// All returns a snapshot of all contacts, ordered by address. The snapshot is
// taken when the iteration begins. [Compare] orders contacts as a contact list
// shows them.
func (c *Cache) All() iter.Seq[Contact] {
	return func(yield func(Contact) bool) {
		for _, contact := range c.snapshot(func(*entry, judge.Horizon) bool { return true }) {
			if !yield(contact) {
				return
			}
		}
	}
}

// Lacking returns a snapshot of the contacts that may be asked and whose Lack
// is not [Nothing], ordered by address. The snapshot is taken when the
// iteration begins.
//
// Use it to show these contacts, not to ask about all of them, which XEP-0318
// section 2 forbids. [Cache.Open] asks about one contact when the user opens
// its chat.
func (c *Cache) Lacking() iter.Seq[jid.JID] {
	return func(yield func(jid.JID) bool) {
		for _, contact := range c.snapshot(c.lacking) {
			if !yield(contact.JID) {
				return
			}
		}
	}
}

// lacking reports whether something is missing about a contact that may be
// asked.
func (c *Cache) lacking(e *entry, h judge.Horizon) bool {
	return e.ours() && !e.Room() && !c.blocks(e.key) && Lack(e.View(h).Lack) != Nothing
}

func (c *Cache) snapshot(keep func(*entry, judge.Horizon) bool) []Contact {
	c.mu.RLock()
	defer c.mu.RUnlock()
	h := c.horizon()
	d := c.items.directory()
	contacts := make([]Contact, 0, len(d.entries))
	for i, e := range d.entries {
		if keep(e, h) {
			contacts = append(contacts, c.viewAs(d.addresses[i], e, h))
		}
	}
	return contacts
}

// horizon returns the horizon of the present moment.
func (c *Cache) horizon() judge.Horizon {
	h := judge.Horizon{Now: judge.MomentOf(time.Now()), Epoch: c.epoch, Stale: true}
	if c.link != nil {
		h.Stale, h.Settled = c.link.stale(), c.link.settled && !c.link.over
	}
	return h
}

// view returns a snapshot of the contact.
func (c *Cache) view(e *entry, h judge.Horizon) Contact {
	return c.viewAs(address.OfKey(e.key), e, h)
}

func (c *Cache) viewAs(j jid.JID, e *entry, h judge.Horizon) Contact {
	contact := Contact{
		JID:          j,
		Name:         e.name,
		Groups:       slices.Clone(e.groupNames()),
		Subscription: e.subscription.String(),
		Ask:          e.ask,
		Approved:     e.approved,
		Blocked:      c.blocks(e.key),
	}
	contact.describe(e.View(h))
	return contact
}

// Own returns the other connected resources of the session's account, in order
// of preference: the highest priority first, then the latest presence.
func (c *Cache) Own() []Resource {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var own Contact
	own.describe(c.own.View(c.horizon()))
	if c.link == nil {
		return own.Resources
	}
	self := c.link.s.LocalAddr().Resourcepart()
	return slices.DeleteFunc(own.Resources, func(r Resource) bool { return r.Name == self })
}

// subscribed reports to the probe client whether a contact may be asked.
func (c *Cache) subscribed(contact jid.JID) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e := c.items.find(contact)
	return e != nil && e.listed != 0 && e.ours()
}

// stamp returns the present moment, later than every moment that it has
// returned before, however coarse the clock.
func (c *Cache) stamp() judge.Moment {
	now := judge.MomentOf(time.Now())
	if ahead := c.clock - now; ahead >= 0 && ahead < 1e6 {
		now = c.clock + 1
	}
	c.clock = now
	return now
}

// update calls f, which may change e and reports whether it did, and announces
// the change.
func (c *Cache) update(e *entry, f func() bool) {
	before := c.before(e)
	if f() {
		c.changed(e, before)
	}
}

// changed announces a change of a contact to watchers and to the keeper.
func (c *Cache) changed(e *entry, before *Contact) {
	if e.listed == 0 {
		return
	}
	c.news.add(e.key, before)
	c.keep(e)
}

// before returns a snapshot of a contact before it changes, or nil if nobody
// watches.
func (c *Cache) before(e *entry) *Contact {
	if !c.news.wanted() || e.listed == 0 {
		return nil
	}
	contact := c.view(e, c.horizon())
	return &contact
}

// shift calls f, which changes how reliable everything known is, and announces
// that.
func (c *Cache) shift(f func()) {
	if !c.news.wanted() {
		f()
		return
	}
	before := make(map[string]*Contact, len(c.items.entries))
	for key, e := range c.items.entries {
		if e.listed != 0 {
			before[key] = c.before(e)
		}
	}
	f()
	for _, key := range slices.Sorted(maps.Keys(before)) {
		c.news.add(key, before[key])
	}
}

func errNoSession(doing string) error {
	return fmt.Errorf("roster: %s: there is no session yet: %w", doing, probe.ErrClosed)
}
