package probe

import (
	"log/slog"
	"time"

	"golang.org/x/time/rate"
	"mellium.im/xmpp/jid"
)

// Option changes how a Client asks. The defaults suit a chat client.
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

// Budget sets how many probes may be sent: burst at once, and one more for each
// period that passes. The default is 10, and one more every 6 seconds. It is
// meant for people who click; raising it does not make probing everyone right.
func Budget(burst int, every time.Duration) Option {
	return func(cfg *config) { cfg.burst, cfg.every = burst, every }
}

// CoolDown sets for how long a contact is not asked again. The default is one
// minute; 0 means that it may be asked again at once.
func CoolDown(d time.Duration) Option {
	return func(cfg *config) { cfg.coolDown = d }
}

// Timeout sets when a probe ends without an answer, however long the context of
// its callers lasts. The default is 10 seconds.
func Timeout(d time.Duration) Option {
	return func(cfg *config) { cfg.timeout = d }
}

// Grace sets how long a probe waits after the answer to its last-activity query,
// where that leaves open whether a presence is still on its way. The default, 0,
// is measured in round trips of the exchange: two, and not less than 100 ms,
// where the contact is said to be connected; half of one where its server has no
// last activity.
func Grace(d time.Duration) Option {
	return func(cfg *config) { cfg.grace = d }
}

// Settle makes a probe wait for further resources of a contact, for d after the
// first that is available. The default, 0, is to return at once, for one is
// enough to be available; the others are then told to [Observe].
func Settle(d time.Duration) Option {
	return func(cfg *config) { cfg.settle = d }
}

// Continue makes a new session go on where an earlier one of the same account
// stopped: with its cool-downs, its statistics and what is left of its budget, so
// that reconnecting is no way around them. Both Clients share them from then on,
// with the [Budget] and [CoolDown] of the new one; old may still be in use, or
// closed. Probes that old has under way stay with old; their cool-downs hold
// unless they fail. Nil changes nothing.
func Continue(old *Client) Option {
	return func(cfg *config) { cfg.old = old }
}

// Subscribed makes Probe refuse with [ErrNotSubscribed] to ask a contact for
// whose bare JID f returns false, as a roster knows. Servers and components,
// which tell everyone (XEP-0318 section 3.2), are not contacts. The default is
// to ask and let the contact's server decide. f is called on the goroutine of Probe,
// with no lock held.
func Subscribed(f func(contact jid.JID) bool) Option {
	return func(cfg *config) { cfg.allowed = f }
}

// Visible makes Probe refuse with [ErrInvisible] while f returns false, for hosts
// as for contacts. f should return false while the user's own presence is
// invisible or unavailable, for a probe would give the user away. The default is
// to ask always, for a Client does not know the user's presence. f is called on
// the goroutine of Probe, with no lock held.
func Visible(f func() bool) Option {
	return func(cfg *config) { cfg.visible = f }
}

// Log sets a logger to which every probe is reported at debug level: whom it
// asks, its outcome and how long it took, or why it was refused. Nothing is logged
// at other levels, and never a status text or a time that a peer told. The
// default, nil, is to log nothing.
func Log(l *slog.Logger) Option {
	return func(cfg *config) { cfg.log = l }
}

// Observe sets a function that is called for every presence stanza that the
// session receives and that can be read, before the client's own handler sees it
// and before a Probe returns that it belongs to. asked reports whether a probe to
// its sender was under way, or had ended before its last-activity query was
// answered. f is called on the goroutine that serves the session, with no lock
// held; it must not block and must not send.
func Observe(f func(p Presence, asked bool)) Option {
	return func(cfg *config) { cfg.presence = f }
}

// KeepChildren makes the presences that are given to [Observe], and those in an
// [Answer], keep the children that mean nothing to this package, for
// [Presence.Children]. The default is not to.
func KeepChildren() Option {
	return func(cfg *config) { cfg.keep = true }
}

// Answered sets a function that is called once for every probe that ended with an
// answer, also when its callers have left meanwhile, and before Probe returns it.
// It is the way to ask now and be told later. Where the probe ended before its
// last-activity query was answered, for one available presence is enough, f is
// called once more when that answer comes, with Answer.Late set. f is called on a
// goroutine of the Client or of the session, with no lock held; it must not block
// and must not send.
func Answered(f func(Answer)) Option {
	return func(cfg *config) { cfg.answer = f }
}
