package probe

import (
	"context"
	"encoding/xml"
	"log/slog"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/wire/lastactivity"
	"example.org/lastpresence/internal/wire/request"
)

// poll is how often a pending probe checks whether its session has ended, which
// mellium does not report.
const poll = request.Poll

// presence passes a presence to the pending probe of its sender, if any.
func (c *Client) presence(p Presence) {
	var buf [128]byte
	key := c.key(buf[:0], p.From)
	c.mu.Lock()
	pd, late := c.pending[string(key)], c.late[string(key)]
	if pd == nil && late == nil && p.Type == stanza.ErrorPresence {
		pd = c.returned(p)
	}
	c.mu.Unlock()
	if c.cfg.presence != nil {
		c.cfg.presence(p, pd != nil || late != nil)
	}
	for _, pd := range []*pending{pd, late} {
		if pd != nil {
			c.step(pd, func(now time.Time) { pd.x.presence(p, now) })
		}
	}
}

// returned returns the pending probe that our own server returned in the
// server's own name, if any.
func (c *Client) returned(p Presence) *pending {
	self := c.s.LocalAddr()
	if !p.From.Equal(jid.JID{}) && !p.From.Bare().Equal(self.Bare()) && !p.From.Equal(self.Domain()) {
		return nil
	}
	for _, pd := range c.pending {
		if pd.x.probeID == p.ID {
			return pd
		}
	}
	return nil
}

// fence reads the answer to the query for last activity.
func (c *Client) fence(pd *pending, start *xml.StartElement, r xml.TokenReader) {
	var typ, from string
	for _, attr := range start.Attr {
		switch {
		case attr.Name.Space != "":
		case attr.Name.Local == "type":
			typ = attr.Value
		case attr.Name.Local == "from":
			from = attr.Value
		}
	}
	if typ == "error" {
		e := iqError(r)
		self := c.s.LocalAddr()
		ours := !pd.x.self && !pd.x.target.Equal(self.Domain()) && request.Ours(from, self)
		c.step(pd, func(now time.Time) { pd.x.fenceError(e.err, e.moved, ours, now) })
		return
	}
	answer, ok, err := lastactivity.Read(r)
	if err != nil {
		return // the stream is broken; the end of the session ends the probe
	}
	c.step(pd, func(now time.Time) { pd.x.fence(answer, ok, now) })
}

// tick is called by the timer of a pending probe.
func (c *Client) tick(pd *pending) {
	if c.ended(context.Background()) {
		c.fail(pd, ErrClosed)
		return
	}
	c.step(pd, pd.x.expire)
}

// step passes an event to the exchange of a pending probe. It finishes the probe
// if the exchange is done or the deadline has passed, and otherwise sets the
// timer.
func (c *Client) step(pd *pending, event func(now time.Time)) {
	now := time.Now()
	c.mu.Lock()
	if pd.forgotten {
		c.mu.Unlock()
		return
	}
	event(now)
	if pd.finished {
		c.stepLate(pd, now)
		return
	}
	if !pd.x.done && now.Before(pd.deadline) {
		pd.timer.Reset(c.next(pd, now))
		c.mu.Unlock()
		return
	}
	pd.answer = pd.x.answer()
	switch pd.answer.Outcome {
	case Unanswered, Error:
		if pd.answer.Err == nil && !pd.x.hasFence() {
			pd.answer.Err = c.noAnswer(pd, now)
		}
	}
	c.ledger.answered(pd.answer.Outcome)
	c.finish(pd, now)
	c.mu.Unlock()
	c.debug("answered", pd.answer.Contact, slog.String("outcome", pd.answer.Outcome.String()), slog.Duration("round_trip", pd.answer.RoundTrip))
	if c.cfg.answer != nil {
		c.cfg.answer(pd.answer)
	}
	close(pd.done)
}

// next returns when the timer has to fire next. If nothing reports the end of the
// session, the timer also checks for that.
func (c *Client) next(pd *pending, now time.Time) time.Duration {
	next := pd.deadline.Sub(now)
	if !pd.finished && !pd.x.until.IsZero() {
		next = min(next, pd.x.until.Sub(now))
	}
	if !c.served.Load() && !pd.finished {
		next = min(next, poll)
	}
	return next
}

// stepLate reports what the fence of a finished probe says. It is called with the
// lock held, and releases it.
func (c *Client) stepLate(pd *pending, now time.Time) {
	fenced := pd.x.hasFence()
	answer := pd.x.answer()
	answer.Late = true
	if fenced || !now.Before(pd.deadline) {
		c.forget(pd)
	}
	c.mu.Unlock()
	if fenced && c.cfg.answer != nil {
		<-pd.done // the function of Answered gets the first Answer first
		c.cfg.answer(answer)
	}
}

// fail ends a pending probe with an error.
func (c *Client) fail(pd *pending, err error) {
	c.mu.Lock()
	if pd.forgotten || pd.finished {
		if !pd.forgotten {
			c.forget(pd)
		}
		c.mu.Unlock()
		return
	}
	pd.answer, pd.err = pd.x.answer(), err
	c.ledger.failed(pd.key)
	delete(c.pending, pd.key)
	c.forget(pd)
	c.mu.Unlock()
	c.debug("failed", pd.answer.Contact, reason(err))
	close(pd.done)
}

// finish removes a probe from those that callers can join. The probe still waits
// for its fence. The caller holds the lock, and closes done afterwards.
func (c *Client) finish(pd *pending, now time.Time) {
	delete(c.pending, pd.key)
	pd.finished = true
	if pd.x.hasFence() || !now.Before(pd.deadline) {
		c.forget(pd)
		return
	}
	if before := c.late[pd.key]; before != nil {
		c.forget(before)
	}
	c.late[pd.key] = pd
	pd.timer.Reset(c.next(pd, now))
}

// forget stops waiting for any stanza that belongs to a probe.
func (c *Client) forget(pd *pending) {
	pd.forgotten = true
	pd.timer.Stop()
	c.requests.Remove(pd.fenceID)
	if c.late[pd.key] == pd {
		delete(c.late, pd.key)
	}
}

// iqError reads the error child of an IQ.
func iqError(r xml.TokenReader) (e refusal) {
	e.err.Condition = stanza.UndefinedCondition
	for {
		tok, err := r.Token()
		switch tok := tok.(type) {
		case xml.EndElement:
			return e
		case xml.StartElement:
			if tok.Name.Local == "error" {
				e, _ = readError(tok, r)
				continue
			}
			if xmlstream.Skip(r) != nil {
				return e
			}
			continue
		}
		if err != nil || tok == nil {
			return e
		}
	}
}
