package roster

import (
	"fmt"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/internal/wire/request"
	"example.org/lastpresence/probe"
)

// link ties the Cache to one session. The Cache's lock guards its times.
type link struct {
	s        *xmpp.Session
	client   *probe.Client
	requests request.Table
	began    moment // the epoch
	fetched  bool   // the roster was, in this session
}

// Renew goes on with the session s, which must be negotiated and of the same
// account, after the one before it has ended. All that is known is kept, and is
// outdated until it is confirmed. Limits on probes carry over.
//
// The session needs a handler of its own, see [Cache.Handler], and its roster
// is to be fetched with Sync. What the former session's handler still hears
// counts as of then. The errors are [probe.ErrClosed] after Close, and one for
// a session of another account.
func (c *Cache) Renew(s *xmpp.Session) error {
	if account := s.LocalAddr().Bare(); !account.Equal(c.account) {
		return fmt.Errorf("roster: renew: the session is of %s, the cache of %s", account, c.account)
	}
	c.mu.Lock()
	old := c.link.client
	select {
	case <-c.closed:
		c.mu.Unlock()
		return fmt.Errorf("roster: renew: %w", probe.ErrClosed)
	default:
	}
	c.link.requests.Close()
	c.connect(s, probe.Continue(old))
	c.own = knowledge{}
	c.filtered = 0
	for _, e := range c.contacts {
		c.notify(e)
	}
	c.mu.Unlock()
	return old.Close() // calls those who wait for answers, so without the lock
}

// connect begins a session and its epoch.
func (c *Cache) connect(s *xmpp.Session, opts ...probe.Option) {
	l := &link{s: s}
	c.link = l
	c.turn()
	opts = append(append(opts, c.cfg.probe...),
		probe.Subscribed(c.subscribed),
		probe.Observe(func(p probe.Presence, asked bool) { c.observe(l, p, asked) }),
		probe.Answered(func(a probe.Answer) { c.answered(l, a) }),
	)
	l.client = probe.NewClient(s, opts...)
}

// turn begins an epoch of the present session.
func (c *Cache) turn() {
	c.link.began = c.tick(time.Now())
}

func (l *link) hearing(at moment, source Source) hearing {
	return hearing{at: at, began: l.began, source: source}
}

// observe learns from a presence that passed the handler.
func (c *Cache) observe(l *link, p probe.Presence, asked bool) {
	source := Live
	if asked {
		source = Probe
	}
	if p.From.Equal(jid.JID{}) {
		p.From = c.account
	}
	var buf [128]byte
	key := address.AppendBare(buf[:0], p.From)
	c.mu.Lock()
	defer c.mu.Unlock()
	h := l.hearing(c.tick(p.Received), source)
	if l == c.link && string(key) == c.ownKey {
		c.own.presence(p, h)
	}
	if c.early != 0 && h.at > c.early {
		c.forgetStrangers()
	}
	e := c.contacts[string(key)]
	if e == nil {
		if c.synced || len(c.contacts) >= maxEarly {
			return // a stranger
		}
		e = c.entry(p.From)
	}
	if e.presence(p, h) {
		c.changed(e)
	}
}

// answered learns from the answer to a probe what no presence told.
func (c *Cache) answered(l *link, a probe.Answer) {
	if a.Outcome != probe.Unavailable {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.filtered.withheld(a) {
		return
	}
	if e := c.contacts[a.Contact.String()]; e != nil {
		e.answer(a, l.hearing(c.tick(a.Received), Probe))
		c.changed(e)
	}
}
