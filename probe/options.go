package probe

import (
	"log/slog"
	"time"

	"golang.org/x/time/rate"
	"mellium.im/xmpp/jid"
)

// Option configures a Client. The defaults suit a chat client.
type Option func(*config)

type config struct {
	burst    int
	every    time.Duration
	coolDown time.Duration
	timeout  time.Duration
	grace    time.Duration
	settle   time.Duration
	old      *Client
	allowed  func(jid.JID) bool
	visible  func() bool
	log      *slog.Logger
	keep     bool
	presence func(p Presence, asked bool)
	answer   func(Answer)
}

func newConfig(opts []Option) config {
	cfg := config{
		burst:    10,
		every:    6 * time.Second,
		coolDown: time.Minute,
		timeout:  10 * time.Second,
	}
	for _, opt := range opts {
		opt(&cfg)
	}
	return cfg
}

func (cfg config) limiter() *rate.Limiter {
	return rate.NewLimiter(rate.Every(cfg.every), cfg.burst)
}

// Budget limits how many probes are sent: burst at once, and one more for each
// period every. The default is 10, and one more every 6 seconds. It is meant
// for people who click. Raising it does not make it right to probe every
// contact.
func Budget(burst int, every time.Duration) Option {
	return func(cfg *config) { cfg.burst, cfg.every = burst, every }
}

// CoolDown sets how long a contact is not asked again. The default is one
// minute; 0 means that it may be asked again at once.
func CoolDown(d time.Duration) Option {
	return func(cfg *config) { cfg.coolDown = d }
}

// Timeout limits how long a probe waits for an answer, whatever the context of
// its callers. The default is 10 seconds.
func Timeout(d time.Duration) Option {
	return func(cfg *config) { cfg.timeout = d }
}

// Grace sets how long a probe waits after the answer to its query for last
// activity, if that leaves open whether a presence is still on its way. The
// default, 0, is measured in round trips of the exchange: two, but at least 100
// ms, if the contact is said to be connected; half of one if its server does
// not support last activity.
func Grace(d time.Duration) Option {
	return func(cfg *config) { cfg.grace = d }
}

// Settle makes a probe wait for further resources for d after the first
// available one. The default, 0, returns at once, because one resource is
// enough to know that the contact is available. Further ones then reach the
// function of [Observe] only.
func Settle(d time.Duration) Option {
	return func(cfg *config) { cfg.settle = d }
}

// Continue makes a new session continue where an earlier one of the same
// account stopped, with its cool-downs, its statistics and the rest of its
// budget, so that reconnecting does not reset them. From then on both Clients
// share them, with the Budget and CoolDown of the new one; old may still be in
// use, or closed. Probes that old has under way stay with old, and their
// cool-downs hold unless they fail. A nil old changes nothing.
func Continue(old *Client) Option {
	return func(cfg *config) { cfg.old = old }
}

// Subscribed sets the function that knows the roster. Probe returns
// [ErrNotSubscribed] for a contact if f returns false for its bare JID. Servers
// and components answer everyone (XEP-0318 section 3.2), so f is not called for
// them. The default is to ask and let the contact's server decide. f is called
// in the goroutine of Probe, without a lock.
func Subscribed(f func(contact jid.JID) bool) Option {
	return func(cfg *config) { cfg.allowed = f }
}

// Visible sets a function that reports whether the user's presence is visible.
// While f returns false, Probe returns [ErrInvisible], for hosts as well,
// because a probe would reveal the user. The default is to ask always, because
// a Client does not know the user's presence. f is called in the goroutine of
// Probe, without a lock.
func Visible(f func() bool) Option {
	return func(cfg *config) { cfg.visible = f }
}

// Log sets a logger. At debug level it gets every probe: whom it asks, its
// outcome and how long it took, or why it was refused. Nothing is logged at
// other levels, and never a status text or a time that a peer sent. The
// default, nil, logs nothing.
func Log(l *slog.Logger) Option {
	return func(cfg *config) { cfg.log = l }
}

// Observe sets a function that is called for every readable presence stanza of
// the session, before the client's own handler sees it, and before the Probe
// that it answers returns. asked reports whether a probe to its sender was
// under way, or had ended before its query for last activity was answered. f is
// called in the goroutine that serves the session, without a lock; it must not
// block or send.
func Observe(f func(p Presence, asked bool)) Option {
	return func(cfg *config) { cfg.presence = f }
}

// KeepChildren makes the presences that are passed to [Observe], and those in
// an [Answer], keep child elements that this package does not read, for
// [Presence.Children]. The default is not to keep them.
func KeepChildren() Option {
	return func(cfg *config) { cfg.keep = true }
}

// Answered sets a function that is called once for every probe that ended with
// an answer, before Probe returns it, even if the callers have left. Use it to
// ask now and be told later. If the probe ended before its query for last
// activity was answered, because one available presence is enough, f is called
// again when that answer comes, with [Answer.Late] set. f is called in a
// goroutine of the Client or of the session, without a lock; it must not block
// or send.
func Answered(f func(Answer)) Option {
	return func(cfg *config) { cfg.answer = f }
}
