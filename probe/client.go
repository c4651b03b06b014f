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
	served atomic.Bool   // by Serve, which reports the end of the session
	heard  atomic.Uint64 // number of stanzas that passed the handler

	mu      sync.Mutex
	pending map[string]*pending
	late    map[string]*pending // finished, but the fence may still arrive
	closed  bool
}

// NewClient returns a Client for the session s, which must be negotiated.
func NewClient(s *xmpp.Session, opts ...Option) *Client {
	cfg := newConfig(opts)
	c := &Client{
		s:       s,
		ledger:  cfg.ledger(),
		pending: make(map[string]*pending),
		late:    make(map[string]*pending),
	}
	cfg.old = nil // otherwise every earlier Client would stay in memory
	c.cfg = cfg
	return c
}

// pending is a probe under way, with any number of callers that wait for it. The
// Client's lock guards it, except for done, which is closed once.
type pending struct {
	key       string
	x         exchange
	fenceID   string
	deadline  time.Time
	timer     *time.Timer
	heard     uint64 // Client.heard when it was sent
	finished  bool   // its callers have their answer
	forgotten bool   // nothing waits for its stanzas any more
	done      chan struct{}
	answer    Answer
	err       error
}

// Probe asks for the presence of the contact to, and waits for the answer. It
// ignores the resource of to. Call it when a person wants to know, never for
// every contact of a list (XEP-0318 section 2).
//
// No Outcome is returned as an error, not even Error. The error says why there is
// no outcome: [ErrInvisible], [ErrNotSubscribed], [ErrCoolDown], [ErrBudget],
// [ErrClosed], the error of the session, or that of ctx. If ctx ends, the Answer
// has what was known by then.
//
// Concurrent calls for one contact send one probe; if the ctx of one caller ends,
// the others still get the answer.
func (c *Client) Probe(ctx context.Context, to jid.JID) (Answer, error) {
	to = to.Bare()
	answer := Answer{Contact: to}
	if err := ctx.Err(); err != nil {
		return answer, fmt.Errorf("probe: ask %s: %w", to, err)
	}
	if to.Equal(jid.JID{}) {
		return answer, errors.New("probe: ask: the address is empty (XEP-0318 section 3.1)")
	}
	pd, joined, err := c.ask(to)
	if err != nil {
		c.debug("refused", to, reason(err))
		return answer, fmt.Errorf("%w: %s", err, to)
	}
	if joined {
		c.debug("joined", to)
	}
	select {
	case <-pd.done:
		return pd.answer, pd.err
	case <-ctx.Done():
	}
	c.mu.Lock()
	if pd.finished || pd.forgotten {
		c.mu.Unlock()
		<-pd.done // the function of Answered is still running
		return pd.answer, pd.err
	}
	defer c.mu.Unlock()
	return pd.x.answer(), fmt.Errorf("%w: %w", c.noAnswer(pd, time.Now()), ctx.Err())
}

// ask returns the pending probe of the contact, if the contact may be asked.
func (c *Client) ask(to jid.JID) (pd *pending, joined bool, err error) {
	switch {
	case c.cfg.visible != nil && !c.cfg.visible():
		return nil, false, ErrInvisible
	case c.cfg.allowed != nil && to.Localpart() != "" && !c.cfg.allowed(to):
		return nil, false, ErrNotSubscribed
	}
	return c.join(to)
}

// join returns the pending probe of the contact, and starts one if there is none.
func (c *Client) join(to jid.JID) (pd *pending, joined bool, err error) {
	key := to.String()
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, false, ErrClosed
	}
	if pd := c.pending[key]; pd != nil {
		c.ledger.joined()
		return pd, true, nil
	}
	if err := c.ledger.send(key, now); err != nil {
		return nil, false, err
	}
	stanza, id := newStanza(to)
	pd = &pending{
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
	pd.fenceID = c.requests.Add(to, func(start *xml.StartElement, r xml.TokenReader) { c.fence(pd, start, r) })
	c.pending[key] = pd
	pd.timer = time.AfterFunc(c.next(pd, now), func() { c.tick(pd) })
	go c.send(pd, stanza)
	return pd, false, nil
}

// send writes the probe and its fence. It returns when the session has taken
// them or has failed.
func (c *Client) send(pd *pending, stanza xml.TokenReader) {
	c.debug("asked", pd.x.target)
	err := request.Write(c.s, stanza, lastactivity.Query(pd.x.target, pd.fenceID))
	if errors.Is(err, xmpp.ErrOutputStreamClosed) {
		err = fmt.Errorf("%w: %w", ErrClosed, err)
	}
	if err != nil {
		c.fail(pd, fmt.Errorf("probe: ask %s: %w", pd.x.target, err))
	}
}

// Uptime returns when a server or component started (XEP-0318 section 3.2). It
// probes the domain of host and returns [Answer.Up]: the stamp of its presence, by
// the clock and in the zone of the host, or else, from last activity (XEP-0012
// section 5), a time by our own clock in the local zone. If both are there and
// disagree, last activity counts.
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
	all := slices.AppendSeq(slices.Collect(maps.Values(c.pending)), maps.Values(c.late))
	c.mu.Unlock()
	for _, pd := range all {
		c.fail(pd, ErrClosed)
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
