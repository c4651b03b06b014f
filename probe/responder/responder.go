package responder

import (
	"context"
	"errors"
	"sync"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/disco/info"
	"mellium.im/xmpp/jid"
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

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	open   sync.Mutex // held while something begins, or Close does
	wg     sync.WaitGroup
	slots  chan struct{} // held by the gateway's calls
	turns  turns
	pace   pace
	forms  forms

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
	since      time.Time
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
// New. It is sent in UTC, in whole seconds.
func Since(t time.Time) Option {
	return func(cfg *config) { cfg.since = t }
}

// Identity sets what service discovery says the component is (XEP-0030 section
// 3.1), unless the component's own handler answers. The default is category
// component, type generic.
func Identity(category, typ, name string) Option {
	return func(cfg *config) { cfg.identity = info.Identity{Category: category, Type: typ, Name: name} }
}

// Requests sets the function that decides requests to subscribe to the
// component's presence. It is never called twice at the same time; other
// requests wait meanwhile. The default, or a nil f, refuses all of them.
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
// Probes and queries beyond the limit are not answered, and subscription
// requests are ignored. That a subscription has ended, or has been accepted, is
// always heeded.
func Pace(burst int, every time.Duration) Option {
	return func(cfg *config) { cfg.burst, cfg.every = burst, every }
}

// Failed sets a function that is called with errors that no caller waits for: a
// store that fails to save, a gateway's function that fails, a subscription
// that was dropped because too many others were waiting. It must not wait for
// the Responder.
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
			since:    time.Now(),
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
	r.cfg.since = r.cfg.since.UTC().Truncate(time.Second)
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.mu = make(chan struct{}, 1)
	r.slots = make(chan struct{}, max(r.cfg.workers, 1))
	r.pace = newPace(r.cfg.burst, r.cfg.every)
	return r
}

// lock waits for the buddies until the context ends.
func (r *Responder) lock(ctx context.Context) error {
	select {
	case r.mu <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Responder) unlock() { <-r.mu }
