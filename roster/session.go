package roster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/internal/wire/request"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster/internal/judge"
)

// How long after our own presence those of contacts may arrive at login: ten of
// the session's round trips, within these bounds. Our server probes contacts on
// other servers, which takes another round trip or two.
const (
	minLogin = time.Second
	maxLogin = 10 * time.Second
)

// link ties the Cache to one session. The Cache's lock guards it, apart from
// the fields that never change.
type link struct {
	s        *xmpp.Session
	client   *probe.Client
	requests request.Table
	served   bool // by Cache.Serve, which notices when it is over
	epoch    judge.Epoch
	filtered filters
	since    judge.Moment  // when filtering began; zero: there is none
	fetched  bool          // the roster was fetched in this session
	trip     time.Duration // a round trip
	login    *time.Timer   // runs while the presence of the login arrives
	settled  bool          // the presence of the login has arrived
	hidden   bool          // our own presence is unavailable
	over     bool
	ended    judge.Moment
}

// stale reports whether the session is over, or does not report all presence.
func (l *link) stale() bool { return l.over || l.hidden || l.filtered != 0 }

// Connect gives the Cache a session: the first one after [Offline], or the next
// one after the previous session has ended. The session must be negotiated and
// must belong to the same account. Everything known is kept, and is stale until
// it is confirmed. Cool-downs and budget carry over.
//
// Then serve the session with [Cache.Serve], and fetch its roster with
// [Cache.Sync]. Connect fails if the session is nil or belongs to another
// account, and with [probe.ErrClosed] after Close.
func (c *Cache) Connect(s *xmpp.Session) error {
	if s == nil {
		return errors.New("roster: connect: the session is nil")
	}
	if account := s.LocalAddr().Bare(); !account.Equal(c.account) {
		return fmt.Errorf("roster: connect: the session belongs to %s, the Cache to %s", account, c.account)
	}
	c.mu.Lock()
	select {
	case <-c.closed:
		c.mu.Unlock()
		return fmt.Errorf("roster: connect: %w", probe.ErrClosed)
	default:
	}
	old := c.link
	c.shift(func() {
		if old == nil {
			c.connect(s)
			return
		}
		old.end()
		c.connect(s, probe.Continue(old.client))
	})
	c.mu.Unlock()
	if old == nil {
		return nil
	}
	return old.client.Close() // calls those who wait for answers, so without the lock
}

// connect begins a session and its epoch.
func (c *Cache) connect(s *xmpp.Session, opts ...probe.Option) {
	l := &link{s: s}
	c.link = l
	c.own.Forget(0)
	c.blocked = nil // somebody may have changed the list meanwhile
	c.turn()
	opts = append(append(opts, c.cfg.probe...),
		probe.Subscribed(c.subscribed),
		probe.Observe(func(p probe.Presence, asked bool) { c.observe(l, &p, asked) }),
		probe.Answered(func(a probe.Answer) { c.answered(l, a) }),
	)
	if c.cfg.keep {
		opts = append(opts, probe.KeepChildren())
	}
	l.client = probe.NewClient(s, opts...)
}

// turn begins an epoch of the present session, in which the server sends
// everything again.
func (c *Cache) turn() {
	c.epoch++
	c.link.epoch = c.epoch
	c.link.calm()
	c.link.settled = false
}

// calm stops waiting for the presence of the login.
func (l *link) calm() {
	if l.login != nil {
		l.login.Stop()
		l.login = nil
	}
}

// Serve serves the Cache's session until it ends and returns what
// [xmpp.Session.Serve] returns. Stanzas pass through the Cache and then to
// next, which may be nil. Call Serve once for each session, in a goroutine of
// its own.
//
// When Serve returns, the session is over: calls that wait for an answer end
// with [probe.ErrClosed], and everything known is stale until the next session
// (see [Cache.Connect]). Before there is a session Serve returns
// probe.ErrClosed.
func (c *Cache) Serve(next xmpp.Handler) error {
	c.mu.Lock()
	l := c.link
	if l == nil {
		c.mu.Unlock()
		return errNoSession("serve")
	}
	l.served = true
	c.mu.Unlock()
	err := l.client.Serve(c.handler(l, next))
	c.disconnected(l)
	return err
}

// Disconnected tells the Cache that the session is over. Call it only if you
// serve the session yourself, with [Cache.Handler]; [Cache.Serve] does it for
// you. Calls that wait for an answer end with [probe.ErrClosed], and everything
// known becomes stale.
func (c *Cache) Disconnected() {
	if l := c.current(); l != nil {
		c.disconnected(l)
	}
}

func (c *Cache) disconnected(l *link) {
	c.mu.Lock()
	switch {
	case l.over:
		c.mu.Unlock()
		return
	case l == c.link:
		c.shift(l.end)
	default:
		l.end()
	}
	c.mu.Unlock()
	_ = l.client.Close()
}

// end records that the session is over.
func (l *link) end() {
	if l.over {
		return
	}
	l.over, l.ended = true, judge.MomentOf(time.Now())
	l.calm()
	l.requests.Close()
}

// SetAvailable sets whether the session's own presence is available. Each
// session begins as available. While it is unavailable the server sends no
// presence of contacts (RFC 6121 section 4.5), so everything known is stale.
//
// Call it with false before you send unavailable presence without ending the
// session, and with true before you send available presence again. The presence
// that the server then sends confirms what is still true.
func (c *Cache) SetAvailable(available bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.link
	if l == nil || l.over || l.hidden == !available {
		return
	}
	c.shift(func() {
		l.hidden = !available
		c.turn()
	})
}

// hear describes how something is heard now. Stanzas of a former session that
// are still being handled count as heard at its end.
func (l *link) hear(at time.Time, source Source) judge.Hearing {
	h := judge.Hearing{At: judge.MomentOf(at), Epoch: l.epoch, Source: judge.Source(source), Filtered: l.since, Login: !l.settled}
	if l.over {
		h.At, h.Filtered = min(h.At, l.ended), cmp.Or(l.since, l.ended)
	}
	return h
}

// observe learns from a presence that passed the handler.
func (c *Cache) observe(l *link, p *probe.Presence, asked bool) {
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
	h := l.hear(p.Received, source)
	if l == c.link && string(key) == c.ownKey {
		c.own.Presence(p, h, c.cfg.keep)
		c.loggedIn(l, p)
	}
	if c.items.early != 0 && h.At > c.items.early {
		c.forgetStrangers()
	}
	e := c.items.entries[string(key)]
	if e == nil {
		if c.items.synced || len(c.items.entries) >= maxEarly {
			return // a stranger
		}
		e = c.items.entry(p.From)
	}
	if e.listed != 0 && !e.ours() && !p.Room && e.key != c.ownKey || c.blocks(e.key) {
		return // it is not shared with us
	}
	if before := c.before(e); e.Presence(p, h, c.cfg.keep) {
		c.changed(e, before)
	}
}

// loggedIn takes a presence of the session's account. The server sends our own
// initial presence back to us (RFC 6121 section 4.2.2), together with the
// presence of contacts.
func (c *Cache) loggedIn(l *link, p *probe.Presence) {
	if l.login != nil || l.settled || l.over || p.Type != stanza.AvailablePresence || !p.From.Equal(l.s.LocalAddr()) {
		return
	}
	epoch := l.epoch
	l.login = time.AfterFunc(min(max(10*l.trip, minLogin), maxLogin), func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if l == c.link && !l.over && l.epoch == epoch {
			c.shift(func() { c.settle(l) })
		}
	})
}

// settle ends the login: contacts that the server did not report online are
// offline.
func (c *Cache) settle(l *link) {
	l.settled = true
	for _, e := range c.items.entries {
		e.Settle(l.epoch)
	}
}

// answered learns from the answer to a probe what no presence said.
func (c *Cache) answered(l *link, a probe.Answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.filtered.withheld(a) {
		return
	}
	e := c.items.entries[a.Contact.String()]
	if e == nil || e.listed != 0 && !e.ours() && !a.Contact.Equal(a.Contact.Domain()) || c.blocks(e.key) {
		return
	}
	c.update(e, func() bool {
		changed := e.Answer(a, l.hear(a.Received, Probe))
		if !a.Up.IsZero() {
			changed = e.SetUp(judge.MomentOf(a.Up)) || changed
		}
		return changed
	})
}

// lost reports whether the session is over. If nobody reports the end to the
// Cache, it checks for itself.
func (c *Cache) lost(ctx context.Context) bool {
	c.mu.RLock()
	l := c.link
	over, served := l.over, l.served
	c.mu.RUnlock()
	if over || served {
		return over
	}
	if !request.Ended(ctx, l.s) {
		return false
	}
	c.disconnected(l)
	return true
}

// Heard records a sign of life other than presence: a message, a receipt or a
// typing notice that the contact sent at the given time. It never makes a
// contact online. It moves OnlineAt forward. If the contact seemed to have left
// more than a few seconds before at, LastSeen becomes at, and Status and Cause
// become empty.
//
// Heard ignores a time in the future, and a contact that is blocked or whose
// subscription is not to or both.
func (c *Cache) Heard(contact jid.JID, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.items.find(contact)
	if e == nil || e.listed == 0 || !e.ours() || c.blocks(e.key) {
		return
	}
	c.update(e, func() bool { return e.Alive(judge.MomentOf(at), judge.MomentOf(time.Now())) })
}
