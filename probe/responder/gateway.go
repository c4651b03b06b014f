package responder

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/delay"
	"example.org/lastpresence/internal/wire/request"
)

// poll is how often the Responder checks whether the session has ended.
const poll = time.Second

// Presence is what a gateway knows of a contact behind it.
type Presence struct {
	// Resource is where the contact is, or was last; it may be empty.
	Resource string
	// Online reports whether the contact is available.
	Online bool
	// Since is when the contact came online or, if it is not Online, when it
	// went offline. Zero means not known.
	Since time.Time
	// Show is "", away, chat, dnd or xa. Show and Priority are used only if the
	// contact is Online (RFC 6121 section 4.7.2).
	Show     string
	Priority int8
	// Status is the contact's status text, or what it said as it left.
	Status string
}

// Gateway makes the Responder answer for the contacts behind a gateway.
//
// The function subscribed reports whether the prober, a bare JID, is subscribed
// to the target's presence. It must return quickly. A prober that is not
// subscribed learns only that (RFC 6121 section 4.3.2). If subscribed is nil,
// nobody is.
//
// The function presence returns what is known of the target. It may be slow. It
// is called from many goroutines, at most [Workers] at a time. Its ctx ends
// after 10 seconds, with the session, and by Close. It may return
// [ErrNotAuthorized] or [ErrNoSuchContact], which the prober is told. Other
// errors go to the function of [Failed], and the prober gets no answer.
func Gateway(subscribed func(prober, target jid.JID) bool, presence func(ctx context.Context, prober, target jid.JID) (Presence, error)) Option {
	return func(cfg *config) { cfg.subscribed, cfg.presence = subscribed, presence }
}

// Workers limits how many calls of a gateway's function run at the same time.
// The default is 64. Beyond the limit, probes are not answered, and queries are
// answered with a request to wait.
func Workers(n int) Option {
	return func(cfg *config) { cfg.workers = n }
}

// question is a probe, or a query for last activity, about a contact behind the
// gateway.
type question struct {
	prober, target jid.JID
	id             string
	last           bool
}

// contact answers a question in a goroutine of its own.
func (r *Responder) contact(q question) {
	if !r.pace.allow(q.prober, time.Now()) {
		return
	}
	busy := stanza.Error{Type: stanza.Wait, Condition: stanza.ResourceConstraint}
	select {
	case r.slots <- struct{}{}:
	default:
		if q.last {
			r.hearing.others.add(func() { r.send(q.refusal(busy)) })
		}
		return
	}
	turn := r.turns.take(q.prober.String() + " " + q.target.String())
	began := r.begin(func() {
		defer func() { <-r.slots }()
		defer turn.done()
		answer := r.find(q)
		turn.wait()
		if answer != nil {
			r.send(answer)
		}
	})
	if !began {
		turn.done()
		<-r.slots
	}
}

// find returns the answer to a question, or nil if there is none.
func (r *Responder) find(q question) xml.TokenReader {
	if r.cfg.subscribed == nil || !r.cfg.subscribed(q.prober.Bare(), q.target) {
		return q.stranger()
	}
	ctx, cancel := context.WithTimeout(r.ctx, r.cfg.timeout)
	defer cancel()
	r.wg.Go(func() {
		defer cancel()
		r.outlive(ctx)
	})
	p, err := r.cfg.presence(ctx, q.prober, q.target)
	switch {
	case errors.Is(err, ErrNotAuthorized):
		return q.stranger()
	case errors.Is(err, ErrNoSuchContact) && q.last:
		return q.refusal(stanza.Error{Type: stanza.Cancel, Condition: stanza.ItemNotFound})
	case errors.Is(err, ErrNoSuchContact):
		return q.unsubscribed()
	case err != nil:
		r.fail(fmt.Errorf("responder: presence of %s for %s: %w", q.target, q.prober, err))
		if q.last {
			return q.refusal(stanza.Error{Type: stanza.Wait, Condition: stanza.InternalServerError})
		}
		return nil
	case q.last:
		return q.activity(p)
	}
	return q.presence(p)
}

// outlive returns when the context or the session ends.
func (r *Responder) outlive(ctx context.Context) {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for r.s.State()&xmpp.InputStreamClosed == 0 {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// send writes a stanza from outside the session's own goroutine.
func (r *Responder) send(answer xml.TokenReader) {
	if r.ctx.Err() != nil {
		return
	}
	if err := request.Send(r.ctx, r.s, answer); err != nil && r.ctx.Err() == nil {
		r.fail(fmt.Errorf("responder: answer: %w", err))
	}
}

// stranger refuses a prober that may not know (RFC 6121 section 4.3.2, XEP-0012
// section 4).
func (q question) stranger() xml.TokenReader {
	if q.last {
		return q.refusal(stanza.Error{Type: stanza.Auth, Condition: stanza.Forbidden})
	}
	return q.unsubscribed()
}

func (q question) unsubscribed() xml.TokenReader {
	return stanza.Presence{ID: q.id, From: q.target, To: q.prober.Bare(), Type: stanza.UnsubscribedPresence}.Wrap(nil)
}

func (q question) refusal(e stanza.Error) xml.TokenReader {
	return stanza.IQ{ID: q.id, From: q.target, To: q.prober, Type: stanza.ErrorIQ}.Wrap(e.TokenReader())
}

func (q question) activity(p Presence) xml.TokenReader {
	iq := stanza.IQ{ID: q.id, From: q.target, To: q.prober, Type: stanza.ResultIQ}
	switch {
	case p.Online:
		return iq.Wrap(lastActivity(0, ""))
	case p.Since.IsZero():
		return q.refusal(stanza.Error{Type: stanza.Cancel, Condition: stanza.ItemNotFound})
	}
	// Not 0, which says that the contact is connected.
	return iq.Wrap(lastActivity(max(time.Since(p.Since), time.Second), p.Status))
}

// presence returns the answer that XEP-0318 section 3.1 shows.
func (q question) presence(p Presence) xml.TokenReader {
	from := q.target
	if full, err := from.WithResource(p.Resource); err == nil {
		from = full
	}
	head := stanza.Presence{ID: q.id, From: q.target, To: q.prober}
	var children []xml.TokenReader
	child := func(name, value string) {
		if value != "" {
			children = append(children, xmlstream.Wrap(text(value), xml.StartElement{Name: xml.Name{Local: name}}))
		}
	}
	if p.Online {
		head.From = from
		child("show", p.Show)
	} else {
		head.Type = stanza.UnavailablePresence
	}
	child("status", p.Status)
	if p.Online && p.Priority != 0 {
		child("priority", strconv.Itoa(int(p.Priority)))
	}
	if !p.Since.IsZero() {
		children = append(children, delay.Delay{From: from, Stamp: p.Since}.TokenReader())
	}
	return head.Wrap(xmlstream.MultiReader(children...))
}
