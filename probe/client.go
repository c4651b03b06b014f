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

// Client sends the probes of one session and collects the answers.
//
// Make one with [NewClient]; the zero value is not usable. Serve the session with
// [Client.Serve], or in your own way with [Client.Handler]; otherwise no answer
// arrives. A Client has no goroutine while no probe is under way. All methods are
// safe for concurrent use.
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
	cfg.old = nil // otherwise every earlier Client would stay in memory
	c.cfg = cfg
	return c
}

// flight is a probe under way, with any number of callers that wait for it. The
// Client's lock guards it, apart from done, which is closed once.
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

// Probe asks for the presence of the contact to, and waits for the answer. It
// ignores the resource of to. Call it when a person wants to know, never for
// every contact of a list (XEP-0318 section 2).
//
// The error is nil whenever a probe was sent and ended, whatever its Outcome,
// even if that is Error. Otherwise it is [ErrInvisible], [ErrNotSubscribed],
// [ErrCoolDown], [ErrBudget], [ErrClosed], the error of the session, or that of
// ctx; if ctx ends, the Answer has what was known by then. Concurrent calls for
// one contact send one probe; if the ctx of one caller ends, the others still
// get the answer.
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

// ask returns the flight to the contact, if the contact may be asked.
func (c *Client) ask(to jid.JID) (f *flight, joined bool, err error) {
	switch {
	case c.cfg.visible != nil && !c.cfg.visible():
		return nil, false, ErrInvisible
	case c.cfg.allowed != nil && to.Localpart() != "" && !c.cfg.allowed(to):
		return nil, false, ErrNotSubscribed
	}
	return c.join(to)
}

// join returns the flight to the contact, and starts one if there is none.
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

// launch writes the probe and its fence. It returns when the session has taken
// them or has failed.
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

// Uptime returns when a server or component started (XEP-0318 section 3.2). It
// probes the domain of host and returns [Answer.Up]: by the clock and in the
// zone of the host if its presence is stamped, and otherwise by our own clock in
// the local zone, from last activity (XEP-0012 section 5).
//
// The errors are those of Probe, the stanza error of a host that refuses, and
// [ErrNoAnswer] if the host does not say.
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

// Close ends all probes with [ErrClosed]; later calls fail with it, too. It does
// not close the session. It always returns nil.
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

// key returns the map key of the sender of a presence. An empty sender means
// the session's account.
func (c *Client) key(buf []byte, from jid.JID) []byte {
	if from.Equal(jid.JID{}) {
		from = c.s.LocalAddr()
	}
	return address.AppendBare(buf, from)
}
