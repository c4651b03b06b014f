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

// Budget is how many probes may be sent: burst at once, and one more for each
// period that passes. The default is 10, and one more every 6 seconds. It is
// meant for people who click; raising it does not make probing everyone right.
func Budget(burst int, every time.Duration) Option {
	return func(cfg *config) { cfg.burst, cfg.every = burst, every }
}

// CoolDown is for how long a contact is not asked again. The default is one
// minute; 0 means that it may be asked again at once.
func CoolDown(d time.Duration) Option {
	return func(cfg *config) { cfg.coolDown = d }
}

// Timeout is when a probe ends unanswered at the latest, however long the
// context of its callers lasts. The default is 10 seconds.
func Timeout(d time.Duration) Option {
	return func(cfg *config) { cfg.timeout = d }
}

// Grace is how long a probe waits for a presence that its fence has overtaken.
// The default, 0, is ten times the round trip that was just measured, but not
// less than 100 ms and not more than 1 s.
func Grace(d time.Duration) Option {
	return func(cfg *config) { cfg.grace = d }
}

// Continue has a new session go on where an earlier one of the same account
// was: what is left of the budget, the cool-downs and the statistics are those
// of old, so that reconnecting is no way around them. Both Clients share them
// from then on, with the [Budget] and [CoolDown] of the new one; old may still
// be in use, or closed. Probes of old that are under way stay with old, and
// leave a cool-down until they fail. Nil changes nothing.
func Continue(old *Client) Option {
	return func(cfg *config) { cfg.old = old }
}

// Subscribed is the say of a roster: Probe refuses with [ErrNotSubscribed] to
// ask a contact for whose bare address f returns false; servers and components,
// which tell everyone (XEP-0318 section 3.2), are not contacts. The default is
// to ask and let the contact's server decide. f is called on the goroutine of Probe,
// with no lock held.
func Subscribed(f func(contact jid.JID) bool) Option {
	return func(cfg *config) { cfg.allowed = f }
}

// Visible keeps a user who hides from giving that away: Probe refuses with
// [ErrInvisible] while f returns false, which it should while the user's own
// presence is invisible or unavailable; for hosts as for contacts. The default
// is to ask whatever the own presence, which a Client does not know. f is
// called on the goroutine of Probe, with no lock held.
func Visible(f func() bool) Option {
	return func(cfg *config) { cfg.visible = f }
}

// Log has every probe told to the logger at debug level, and nothing at any
// other: whom it asks, what the outcome is and how long it took, or why it was
// refused; never a status text or a time that a peer told. The default, nil, is
// to log nothing.
func Log(l *slog.Logger) Option {
	return func(cfg *config) { cfg.log = l }
}

// Observe has f called for every presence stanza that the session receives
// and that can be read, before the client's own handler sees it and before a
// Probe returns that it belongs to. asked tells whether a probe to its sender
// was under way. f is called on the goroutine that serves the session, with no
// lock held; it must not block and must not send.
func Observe(f func(p Presence, asked bool)) Option {
	return func(cfg *config) { cfg.presence = f }
}

// KeepChildren has the presences that are given to [Observe], and those in an
// [Answer], keep the children that mean nothing to this package, for
// [Presence.Children]. The default is not to.
func KeepChildren() Option {
	return func(cfg *config) { cfg.keep = true }
}

// Answered has f called once for every probe that ended with an answer, also
// when its callers have left meanwhile, and before Probe returns it. It is the
// way to fire now and be told later. f is called on a goroutine of the Client
// or of the session, with no lock held; it must not block and must not send.
func Answered(f func(Answer)) Option {
	return func(cfg *config) { cfg.answer = f }
}
