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

// NS is the feature of those who take subscriptions from servers (XEP-0267
// section 5).
const NS = "urn:xmpp:server-presence"

// Errors that a caller can decide on.
var (
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("responder: closed")
	// ErrNotAuthorized is what a gateway's function returns if the prober may not
	// know.
	ErrNotAuthorized = errors.New("responder: not authorized")
	// ErrNoSuchContact is what a gateway's function returns if it has no such
	// contact.
	ErrNoSuchContact = errors.New("responder: no such contact")
)

// Responder answers probes that are sent to the address of a session. Make one
// with [New] and serve the session with its Handler; the zero value is not
// usable. All methods are safe for concurrent use.
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

	desk        desk // where contacts are asked about
	subscribers subscribers

	hearing hearing // of subscriptions
	reports line    // to the function of Failed

	mu      chan struct{} // holds one while buddies change, are stored and told
	loaded  bool
	over    bool             // all were told that the component is gone
	buddies map[string]Buddy // by address
	pending int              // how many of them are
}

// Option changes how a Responder works.
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

// Since sets the component's start time. The default is the time of the call to
// New, which also stands, as the function of [Failed] is told, in for a time that
// is later than now or before 1999. It is sent in UTC, in whole seconds.
func Since(t time.Time) Option {
	return func(cfg *config) { cfg.since = &t }
}

// Identity sets what service discovery says the component is (XEP-0030 section
// 3.1), unless the component's own handler answers. The default is category
// component, type generic. An empty category leaves service discovery to the
// component, which has to choose that if it answers after its handler has
// returned: such an answer cannot be seen, and would be a second one.
func Identity(category, typ, name string) Option {
	return func(cfg *config) { cfg.identity = info.Identity{Category: category, Type: typ, Name: name} }
}

// Requests sets the function that decides requests to subscribe to the
// component's presence. It is not called twice at the same time, unless a
// call takes longer than 10 seconds: that request gets no answer then. Other
// requests wait meanwhile, and nothing else does. The default, or a nil f,
// refuses all of them.
// Existing buddies, and entities that Befriend has asked, are accepted without
// it.
func Requests(f func(from jid.JID) Decision) Option {
	return func(cfg *config) { cfg.requests = f }
}

// Always returns a function for Requests that decides every request in the same
// way.
func Always(d Decision) func(jid.JID) Decision {
	return func(jid.JID) Decision { return d }
}

// Keep keeps the buddies in a store, such as [File]. By default they last as
// long as the Responder.
func Keep(s Store) Option {
	return func(cfg *config) { cfg.store = s }
}

// Admins sets who may make the component befriend a server, with the ad-hoc
// command of XEP-0267 section 4. Resources are ignored. The default is nobody.
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
// Probes beyond the limit are not answered, queries are answered with a request to
// wait, and subscription requests are ignored. That a subscription has ended, or
// has been accepted, is always heeded.
//
// For those who are subscribed to a contact behind a [Gateway] the limit is that
// of the replies about one contact, and all contacts together may have 500 times
// the burst, and 250 more for each period, to each subscriber: 10,000, which is
// two devices that log in with a roster of 5,000. A reply with a long status
// counts once for each 256 bytes. Nothing is lost to subscribers, but comes later
// by up to 10 minutes; queries are told to wait if it takes longer than 10 seconds.
func Pace(burst int, every time.Duration) Option {
	return func(cfg *config) { cfg.burst, cfg.every = burst, every }
}

// Failed sets a function that is called with errors that no caller waits for: a
// store that fails to save, a function that fails, panics or is late, a Presence
// that cannot be right, a subscription that was dropped because too many others
// were waiting. It is called from a goroutine of its own, one call at a time, and
// must not wait for the Responder. While it blocks, 256 errors wait, and more are
// dropped.
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
			failed:   func(error) {},
		},
	}
	for _, opt := range opts {
		opt(&r.cfg)
	}
	if r.cfg.requests == nil {
		r.cfg.requests = Always(Refuse)
	}
	if r.cfg.failed == nil {
		r.cfg.failed = func(error) {}
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
	r.desk.workers = max(r.cfg.workers, 1)
	r.desk.run = func(m *matter) { r.begin(func() { r.answer(m) }) }
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
