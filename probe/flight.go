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

// poll is how often a flight checks whether its session has ended, which
// mellium reports to nobody.
const poll = request.Poll

// presence passes a presence to the flight that waits for it, if any.
func (c *Client) presence(p Presence) {
	var buf [128]byte
	key := c.key(buf[:0], p.From)
	c.mu.Lock()
	f, late := c.flights[string(key)], c.late[string(key)]
	if f == nil && late == nil && p.Type == stanza.ErrorPresence {
		f = c.returned(p)
	}
	c.mu.Unlock()
	if c.cfg.presence != nil {
		c.cfg.presence(p, f != nil || late != nil)
	}
	for _, f := range []*flight{f, late} {
		if f != nil {
			c.step(f, func(now time.Time) { f.x.presence(p, now) })
		}
	}
}

// returned returns the flight whose probe our own server returned in the
// server's own name, if any.
func (c *Client) returned(p Presence) *flight {
	self := c.s.LocalAddr()
	if !p.From.Equal(jid.JID{}) && !p.From.Bare().Equal(self.Bare()) && !p.From.Equal(self.Domain()) {
		return nil
	}
	for _, f := range c.flights {
		if f.x.probeID == p.ID {
			return f
		}
	}
	return nil
}

// fence reads the answer to a flight's query for last activity.
func (c *Client) fence(f *flight, start *xml.StartElement, r xml.TokenReader) {
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
		ours := !f.x.self && !f.x.target.Equal(self.Domain()) && request.Ours(from, self)
		c.step(f, func(now time.Time) { f.x.fenceError(e.err, e.moved, ours, now) })
		return
	}
	answer, ok, err := lastactivity.Read(r)
	if err != nil {
		return // the stream is broken; the session ends, and so does the flight
	}
	c.step(f, func(now time.Time) { f.x.fence(answer, ok, now) })
}

// tick is called by the flight's timer.
func (c *Client) tick(f *flight) {
	if c.ended(context.Background()) {
		c.fail(f, ErrClosed)
		return
	}
	c.step(f, f.x.expire)
}

// step passes an event to the flight. It ends the flight if the outcome is
// certain or the deadline has passed, and sets its timer otherwise.
func (c *Client) step(f *flight, event func(now time.Time)) {
	now := time.Now()
	c.mu.Lock()
	if f.over {
		c.mu.Unlock()
		return
	}
	event(now)
	if f.landed {
		c.stepLate(f, now)
		return
	}
	if !f.x.done && now.Before(f.deadline) {
		f.timer.Reset(c.next(f, now))
		c.mu.Unlock()
		return
	}
	f.answer = f.x.answer()
	switch f.answer.Outcome {
	case Unanswered, Error:
		if f.answer.Err == nil && !f.x.hasFence() {
			f.answer.Err = c.silence(f, now)
		}
	}
	c.ledger.answered(f.answer.Outcome)
	c.land(f, now)
	c.mu.Unlock()
	c.debug("answered", f.answer.Contact, slog.String("outcome", f.answer.Outcome.String()), slog.Duration("round_trip", f.answer.RoundTrip))
	if c.cfg.answer != nil {
		c.cfg.answer(f.answer)
	}
	close(f.done)
}

// next returns how long the flight's timer runs. If nobody reports the end of
// the session, the flight checks for it.
func (c *Client) next(f *flight, now time.Time) time.Duration {
	next := f.deadline.Sub(now)
	if !f.landed && !f.x.until.IsZero() {
		next = min(next, f.x.until.Sub(now))
	}
	if !c.served.Load() && !f.landed {
		next = min(next, poll)
	}
	return next
}

// stepLate reports what a flight that has landed learns from its fence. It is
// called with the lock held, and releases it.
func (c *Client) stepLate(f *flight, now time.Time) {
	fenced := f.x.hasFence()
	answer := f.x.answer()
	answer.Late = true
	if fenced || !now.Before(f.deadline) {
		c.forget(f)
	} else {
		f.timer.Reset(c.next(f, now))
	}
	c.mu.Unlock()
	if fenced && c.cfg.answer != nil {
		<-f.done // the first account is being told
		c.cfg.answer(answer)
	}
}

// fail ends the flight without an answer.
func (c *Client) fail(f *flight, err error) {
	c.mu.Lock()
	if f.over || f.landed {
		if !f.over {
			c.forget(f)
		}
		c.mu.Unlock()
		return
	}
	f.answer, f.err = f.x.answer(), err
	c.ledger.failed(f.key)
	delete(c.flights, f.key)
	c.forget(f)
	c.mu.Unlock()
	c.debug("failed", f.answer.Contact, reason(err))
	close(f.done)
}

// land removes the flight from those that may be joined. Until its fence
// arrives it goes on listening. The caller, who holds the lock, closes done.
func (c *Client) land(f *flight, now time.Time) {
	delete(c.flights, f.key)
	f.landed = true
	if f.x.hasFence() || !now.Before(f.deadline) {
		c.forget(f)
		return
	}
	if before := c.late[f.key]; before != nil {
		c.forget(before)
	}
	c.late[f.key] = f
	f.timer.Reset(c.next(f, now))
}

// forget removes everything that is left of a flight.
func (c *Client) forget(f *flight) {
	f.over = true
	f.timer.Stop()
	c.requests.Remove(f.fenceID)
	if c.late[f.key] == f {
		delete(c.late, f.key)
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
