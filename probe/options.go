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
// period every. The default is 10, and one more every 6 seconds, which is enough
// for a person who opens chats. A larger budget does not make it right to probe
// every contact.
func Budget(burst int, every time.Duration) Option {
	return func(cfg *config) { cfg.burst, cfg.every = burst, every }
}

// CoolDown sets how long a contact that was asked is not asked again. The
// default is one minute; 0 or less means no cool-down.
func CoolDown(d time.Duration) Option {
	return func(cfg *config) { cfg.coolDown = d }
}

// Timeout limits how long a probe waits for an answer, even if its callers would
// wait longer. The default is 10 seconds; 0 does not wait at all.
func Timeout(d time.Duration) Option {
	return func(cfg *config) { cfg.timeout = d }
}

// Grace sets how long a probe still waits for a presence after the answer to its
// query for last activity. It waits only if that answer says that the contact is
// connected, or that its server does not support last activity. The default, 0,
// depends on the round trip of the query: twice that time, but at least 100 ms,
// in the first case, and half of it in the second.
func Grace(d time.Duration) Option {
	return func(cfg *config) { cfg.grace = d }
}

// Settle makes a probe wait for further resources for d after the first
// available presence. The default, 0, does not wait, because one resource is
// enough to know that the contact is available. Further ones then reach only the
// functions of [Observe] and [Answered]. Settle does not affect hosts.
func Settle(d time.Duration) Option {
	return func(cfg *config) { cfg.settle = d }
}

// Continue makes the Client take over the cool-downs, the statistics and the rest
// of the budget of old, so that reconnecting does not reset them. Use it for
// sessions of the same account. From then on both Clients share them, with the
// Budget and CoolDown of the new one. old may be closed or still in use; probes
// that it has under way stay with it. A nil old changes nothing.
func Continue(old *Client) Option {
	return func(cfg *config) { cfg.old = old }
}

// Subscribed sets a function that reports whether we are subscribed to the
// presence of a contact, given its bare JID. If f returns false, Probe returns
// [ErrNotSubscribed] and asks nobody. By default the contact's server decides. f
// is not called for servers and components, which answer everyone (XEP-0318
// section 3.2). It is called in the goroutine of Probe, without a lock.
func Subscribed(f func(contact jid.JID) bool) Option {
	return func(cfg *config) { cfg.allowed = f }
}

// Visible sets a function that reports whether the user's presence is visible.
// While f returns false, Probe returns [ErrInvisible], even for hosts, because a
// probe would reveal the user. By default every user counts as visible. f is
// called in the goroutine of Probe, without a lock.
func Visible(f func() bool) Option {
	return func(cfg *config) { cfg.visible = f }
}

// Log sets a logger. It gets every probe at debug level: whom it asks, its
// outcome and how long it took, or why it was refused. Nothing is logged at other
// levels. Status texts and times that a peer sent are never logged. The default,
// nil, logs nothing.
func Log(l *slog.Logger) Option {
	return func(cfg *config) { cfg.log = l }
}

// Observe sets a function that is called for every presence stanza of the
// session that can be read. It is called before the next handler sees the
// stanza, and before the Probe that it answers returns. asked reports whether
// the stanza may answer a probe: one to its sender is under way, or has ended
// but its query for last activity is not answered yet. f is called in the
// goroutine that serves the session, without a lock; it must not block or send.
func Observe(f func(p Presence, asked bool)) Option {
	return func(cfg *config) { cfg.presence = f }
}

// KeepChildren keeps the child elements that this package does not read, for
// [Presence.Children], in the presences that are passed to [Observe] and those in
// an [Answer]. The default is not to keep them.
func KeepChildren() Option {
	return func(cfg *config) { cfg.keep = true }
}

// Answered sets a function that is called with the Answer of every probe, before
// Probe returns it. It is called even if no caller waits any longer, so that a
// caller may give up early and still learn the answer. It is not called for
// probes that the end of the session cut short.
//
// If a probe ended before its query for last activity was answered, f is called
// again when that answer comes, with [Answer.Late] set. f is called in a
// goroutine of the Client or of the session, without a lock; it must not block
// or send.
func Answered(f func(Answer)) Option {
	return func(cfg *config) { cfg.answer = f }
}
