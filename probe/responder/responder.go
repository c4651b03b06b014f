package responder

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/disco/info"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/request"
)

// NS is the service discovery feature of an entity that accepts subscriptions from
// servers (XEP-0267 section 5).
const NS = "urn:xmpp:server-presence"

// Errors that callers may want to tell apart, with [errors.Is].
var (
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("responder: closed")
	// ErrNotAuthorized is what a gateway's function returns if the prober must not
	// learn the contact's presence.
	ErrNotAuthorized = errors.New("responder: not authorized")
	// ErrNoSuchContact is what a gateway's function returns if it has no such
	// contact.
	ErrNoSuchContact = errors.New("responder: no such contact")
)

// Responder answers probes to the domain of a session's address. Make one with
// [New] and serve the session with its Handler; the zero value is not usable. All
// methods are safe for concurrent use.
type Responder struct {
	s    *xmpp.Session
	host jid.JID
	cfg  config

	since  time.Time
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	open   sync.Mutex // held while something begins, or Close does
	wg     sync.WaitGroup
	look   request.Look
	pace   pace
	forms  forms

	queue       queue // of questions about contacts
	subscribers subscribers

	inbox   inbox  // of subscription stanzas
	reports serial // of errors to the function of Failed

	mu      chan struct{} // holds one while buddies are changed, stored and sent to
	loaded  bool
	buddies map[string]Buddy // by bare JID
	pending int              // number of buddies that are Pending
}

// Option configures a Responder.
type Option func(*config)

type config struct {
	since      *time.Time
	identity   info.Identity
	requests   func(jid.JID) Decision
	store      Store
	admins     map[string]bool
	subscribed func(prober, target jid.JID) bool
	presence   func(ctx context.Context, prober, target jid.JID) (Presence, error)
	workers    int
	timeout    time.Duration
	burst      int
	every      time.Duration
	failed     func(error)
}

// Since sets the component's start time, which is sent in UTC and whole seconds.
// The default is the time of the call to New. A time before 1999 or more than 5
// minutes in the future is reported to the function of [Failed], and the default
// is used.
func Since(t time.Time) Option {
	return func(cfg *config) { cfg.since = &t }
}

// Identity sets the identity of the component in service discovery (XEP-0030
// section 3.1). The default is category component, type generic. The Responder
// answers only if the component's own handler does not.
//
// With an empty category the Responder leaves service discovery to the component.
// This is required if the component answers after its handler has returned;
// otherwise the request would be answered twice.
func Identity(category, typ, name string) Option {
	return func(cfg *config) { cfg.identity = info.Identity{Category: category, Type: typ, Name: name} }
}

// Requests sets the function that decides requests to subscribe to the component's
// presence. The default, or a nil f, refuses them. Existing buddies, and entities
// that Befriend has asked, are accepted without a call.
//
// f is called from a goroutine of its own, for one request at a time; only other
// requests wait for it. A request for which f takes longer than 10 seconds is not
// answered, and f may then be called again before it has returned.
func Requests(f func(from jid.JID) Decision) Option {
	return func(cfg *config) { cfg.requests = f }
}

// Always returns a function for Requests that decides every request in the same
// way.
func Always(d Decision) func(jid.JID) Decision {
	return func(jid.JID) Decision { return d }
}

// Keep keeps the buddies in a store, such as [File]. By default they are kept in
// memory only.
func Keep(s Store) Option {
	return func(cfg *config) { cfg.store = s }
}

// Admins sets who may run the ad-hoc command that makes the component befriend a
// server (XEP-0267 section 4). Resources are ignored. The default is nobody.
func Admins(admins ...jid.JID) Option {
	return func(cfg *config) {
		for _, j := range admins {
			cfg.admins[j.Bare().String()] = true
		}
	}
}

// Pace limits the replies to one bare JID: burst at once, and one more for each
// period every. The default is 20, and one more each second. All addresses of
// one domain together may have 25 times as many, and all domains together 250
// times.
//
// Probes beyond the limit are not answered, queries are answered with
// resource-constraint, and subscription requests are ignored. Other subscription
// stanzas are not limited.
//
// Subscribers of contacts behind a [Gateway] have limits of their own: burst and
// every apply to the replies about one contact. About all contacts together, each
// subscriber may have 500 times the burst at once, and 250 more for each period.
// By default that is 10,000 replies, enough for two devices that log in with a
// roster of 5,000. A reply with a long status counts once for each 256 bytes.
// Beyond the limits, their probes are answered later. Probes that would wait longer
// than 10 minutes are not answered, and queries that would wait longer than 10
// seconds are answered with resource-constraint.
func Pace(burst int, every time.Duration) Option {
	return func(cfg *config) { cfg.burst, cfg.every = burst, every }
}

// Failed sets a function that is called with errors that no method returns: a store
// fails to save, a function fails, panics or times out, a Presence is not valid, or
// a subscription stanza is dropped because too many are queued. f is called from a
// goroutine of its own, one call at a time. It must not wait for the Responder.
// While it blocks, up to 256 errors are queued; further ones are dropped.
func Failed(f func(error)) Option {
	return func(cfg *config) { cfg.failed = f }
}

// New returns a Responder for the domain of the session's address. The session
// must be negotiated.
func New(s *xmpp.Session, opts ...Option) *Responder {
	r := &Responder{
		s:    s,
		host: s.LocalAddr().Domain(),
		cfg: config{
			identity: info.Identity{Category: "component", Type: "generic"},
			requests: Always(Refuse),
			store:    memory{},
			admins:   make(map[string]bool),
			workers:  64,
			timeout:  10 * time.Second,
			burst:    20,
			every:    time.Second,
		},
	}
	for _, opt := range opts {
		opt(&r.cfg)
	}
	if r.cfg.requests == nil {
		r.cfg.requests = Always(Refuse)
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	now := time.Now()
	if since := r.cfg.since; since == nil {
		r.since = now
	} else if err := plausible(*since, now); err != nil {
		r.fail(fmt.Errorf("responder: Since: %w", err))
		r.since = now
	} else {
		r.since = *since
	}
	r.since = r.since.UTC().Truncate(time.Second)
	r.mu = make(chan struct{}, 1)
	r.queue.workers = max(r.cfg.workers, 1)
	r.queue.run = func(l *lookup) { r.begin(func() { r.lookUp(l) }) }
	r.pace = newPace(r.cfg.burst, r.cfg.every)
	r.subscribers.burst, r.subscribers.every = r.cfg.burst, r.cfg.every
	return r
}

// lock waits for access to the buddies, until ctx ends.
func (r *Responder) lock(ctx context.Context) error {
	select {
	case r.mu <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Responder) unlock() { <-r.mu }
