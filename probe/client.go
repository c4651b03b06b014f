package probe

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/internal/wire/lastactivity"
	"example.org/lastpresence/internal/wire/request"
)

// Client sends the probes of one session and collects their answers.
//
// Its handler must be in place, see [Client.Handler], before Probe can hear an
// answer. A Client has no goroutine of its own while no probe is under way.
// Make one with NewClient; the zero value is of no use. All methods are safe
// for concurrent use.
type Client struct {
	s        *xmpp.Session
	cfg      config
	ledger   *ledger
	requests request.Table

	look   request.Look
	served atomic.Bool   // by Serve, which says when the session is over
	heard  atomic.Uint64 // stanzas

	mu      sync.Mutex
	flights map[string]*flight
	late    map[string]*flight // have landed, and their fence may come yet
	closed  bool
}

// NewClient returns a Client for the session s, which must be negotiated.
func NewClient(s *xmpp.Session, opts ...Option) *Client {
	cfg := newConfig(opts)
	c := &Client{
		s:       s,
		ledger:  cfg.ledger(),
		flights: make(map[string]*flight),
		late:    make(map[string]*flight),
	}
	cfg.old = nil // or every session that there ever was stays in memory
	c.cfg = cfg
	return c
}

// flight is a probe under way, with any number of callers that wait for it.
// The Client's lock guards all of it but done, which is closed once.
type flight struct {
	key      string
	x        exchange
	fenceID  string
	deadline time.Time
	timer    *time.Timer
	heard    uint64 // stanzas when it was sent
	landed   bool   // it has ended for its callers
	over     bool   // nothing of it is listened to any more
	done     chan struct{}
	answer   Answer
	err      error
}

// Probe asks for the presence of the contact to, whose resource does not
// count, and waits for what can be known. Call it when a human wants to know,
// never for a list of contacts (XEP-0318 section 2).
//
// An answer of any outcome is not an error. The error is for what stopped the
// asking: ErrInvisible, ErrNotSubscribed, ErrCoolDown, ErrBudget, ErrClosed,
// what the session failed with, or the context's error, which comes with what
// was known by then. Simultaneous probes to one contact are one probe; the end
// of one caller's context does not concern the others.
func (c *Client) Probe(ctx context.Context, to jid.JID) (Answer, error) {
	to = to.Bare()
	answer := Answer{Contact: to}
	if err := ctx.Err(); err != nil {
		return answer, fmt.Errorf("probe: ask %s: %w", to, err)
	}
	if to.Equal(jid.JID{}) {
		return answer, errors.New("probe: ask: the address is empty (XEP-0318 section 3.1)")
	}
	f, joined, err := c.ask(to)
	if err != nil {
		c.debug("refused", to, reason(err))
		return answer, fmt.Errorf("%w: %s", err, to)
	}
	if joined {
		c.debug("joined", to)
	}
	select {
	case <-f.done:
		return f.answer, f.err
	case <-ctx.Done():
	}
	c.mu.Lock()
	if f.landed || f.over {
		c.mu.Unlock()
		<-f.done // Answered is being told
		return f.answer, f.err
	}
	defer c.mu.Unlock()
	return f.x.answer(), fmt.Errorf("%w: %w", c.silence(f, time.Now()), ctx.Err())
}

// ask returns a flight to the contact if there may be one.
func (c *Client) ask(to jid.JID) (f *flight, joined bool, err error) {
	switch {
	case c.cfg.visible != nil && !c.cfg.visible():
		return nil, false, ErrInvisible
	case c.cfg.allowed != nil && to.Localpart() != "" && !c.cfg.allowed(to):
		return nil, false, ErrNotSubscribed
	}
	return c.join(to)
}

// join returns the flight to the contact, a new one where there is none to
// join.
func (c *Client) join(to jid.JID) (f *flight, joined bool, err error) {
	key := to.String()
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, false, ErrClosed
	}
	if f := c.flights[key]; f != nil {
		c.ledger.joined()
		return f, true, nil
	}
	if err := c.ledger.send(key, now); err != nil {
		return nil, false, err
	}
	stanza, id := newStanza(to)
	f = &flight{
		key: key,
		x: exchange{
			target:  to,
			self:    to.Equal(c.s.LocalAddr().Bare()),
			probeID: id,
			sent:    now,
			grace:   c.cfg.grace,
			settle:  c.cfg.settle,
		},
		heard:    c.heard.Load(),
		deadline: now.Add(c.cfg.timeout),
		done:     make(chan struct{}),
	}
	f.fenceID = c.requests.Add(to, func(start *xml.StartElement, r xml.TokenReader) { c.fence(f, start, r) })
	c.flights[key] = f
	f.timer = time.AfterFunc(c.next(f, now), func() { c.tick(f) })
	go c.launch(f, stanza)
	return f, false, nil
}

// launch writes the probe and its fence. It ends when the session takes them
// or fails.
func (c *Client) launch(f *flight, stanza xml.TokenReader) {
	c.debug("asked", f.x.target)
	err := request.Write(c.s, stanza, lastactivity.Query(f.x.target, f.fenceID))
	if errors.Is(err, xmpp.ErrOutputStreamClosed) {
		err = fmt.Errorf("%w: %w", ErrClosed, err)
	}
	if err != nil {
		c.fail(f, fmt.Errorf("probe: ask %s: %w", f.x.target, err))
	}
}

// Uptime returns when a server or component was started (XEP-0318 section 3.2):
// by the delay in its presence where it stamps one, or by its last activity
// (XEP-0012 section 5), which is by our own clock. [Client.Probe] says which, in
// Answer.UpFrom. The time is in the local zone or in the one that the host wrote.
//
// The errors are those of Probe, the stanza error with which the host refused,
// and ErrNoAnswer where the host did not tell.
func (c *Client) Uptime(ctx context.Context, host jid.JID) (time.Time, error) {
	answer, err := c.Probe(ctx, host.Domain())
	switch {
	case err != nil:
		return time.Time{}, err
	case !answer.Up.IsZero():
		return answer.Up, nil
	case answer.Err != nil:
		return time.Time{}, fmt.Errorf("probe: uptime of %s: %w", host, answer.Err)
	}
	return time.Time{}, fmt.Errorf("%w: uptime of %s", ErrNoAnswer, host)
}

// Close ends the probes that are under way with ErrClosed, and makes every
// later one fail so. It does not close the session. It always returns nil.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	flights := slices.AppendSeq(slices.Collect(maps.Values(c.flights)), maps.Values(c.late))
	c.mu.Unlock()
	for _, f := range flights {
		c.fail(f, ErrClosed)
	}
	return nil
}

// key returns the map key of the sender of a presence; an empty one is the
// session's account.
func (c *Client) key(buf []byte, from jid.JID) []byte {
	if from.Equal(jid.JID{}) {
		from = c.s.LocalAddr()
	}
	return address.AppendBare(buf, from)
}
