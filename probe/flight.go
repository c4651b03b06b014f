package probe

import (
	"context"
	"encoding/xml"
	"log/slog"
	"time"

	"mellium.im/xmlstream"

	"example.org/lastpresence/internal/wire/lastactivity"
	"example.org/lastpresence/internal/wire/request"
)

// poll is how often a probe under way looks whether its session has ended,
// which mellium tells nobody.
const poll = request.Poll

// presence gives a presence to the flight that waits for it, if any.
func (c *Client) presence(p Presence) {
	var buf [128]byte
	key := c.key(buf[:0], p.From)
	c.mu.Lock()
	f := c.flights[string(key)]
	c.mu.Unlock()
	if c.cfg.presence != nil {
		c.cfg.presence(p, f != nil)
	}
	if f != nil {
		c.step(f, func(now time.Time) { f.x.presence(p, now) })
	}
}

// fence reads the answer to a flight's last-activity query.
func (c *Client) fence(f *flight, start *xml.StartElement, r xml.TokenReader) {
	for _, attr := range start.Attr {
		if attr.Name.Space == "" && attr.Name.Local == "type" && attr.Value == "error" {
			e := iqError(r)
			c.step(f, func(now time.Time) { f.x.fenceError(e.err, e.moved, now) })
			return
		}
	}
	answer, ok, err := lastactivity.Read(r)
	if err != nil {
		return // the stream is broken; the session ends, and so does the flight
	}
	c.step(f, func(now time.Time) { f.x.fence(answer, ok, now) })
}

// tick is the flight's timer.
func (c *Client) tick(f *flight) {
	if request.Ended(context.Background(), c.s) {
		c.fail(f, ErrClosed)
		return
	}
	c.step(f, f.x.expire)
}

// step feeds the flight an event, ends it where that was conclusive or the
// deadline has come, and sets its timer where not.
func (c *Client) step(f *flight, event func(now time.Time)) {
	now := time.Now()
	c.mu.Lock()
	if f.over {
		c.mu.Unlock()
		return
	}
	event(now)
	if !f.x.done && now.Before(f.deadline) {
		next := min(f.deadline.Sub(now), poll)
		if !f.x.until.IsZero() {
			next = min(next, f.x.until.Sub(now))
		}
		f.timer.Reset(next)
		c.mu.Unlock()
		return
	}
	f.answer = f.x.answer()
	c.ledger.answered(f.answer.Outcome)
	c.land(f)
	c.mu.Unlock()
	c.debug("answered", f.answer.Contact, slog.String("outcome", f.answer.Outcome.String()), slog.Duration("round_trip", f.answer.RoundTrip))
	if c.cfg.answer != nil {
		c.cfg.answer(f.answer)
	}
	close(f.done)
}

// fail ends the flight without an answer.
func (c *Client) fail(f *flight, err error) {
	c.mu.Lock()
	if f.over {
		c.mu.Unlock()
		return
	}
	f.answer, f.err = f.x.answer(), err
	c.ledger.failed(f.key)
	c.land(f)
	c.mu.Unlock()
	c.debug("failed", f.answer.Contact, reason(err))
	close(f.done)
}

// land takes the flight off the books. Whoever calls it, under the lock, is
// the one who closes done.
func (c *Client) land(f *flight) {
	f.over = true
	f.timer.Stop()
	c.requests.Remove(f.fenceID)
	delete(c.flights, f.key)
}

// iqError reads the error child of an IQ.
func iqError(r xml.TokenReader) (e refusal) {
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
