package roster

import (
	"encoding/xml"
	"slices"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/wire/request"
)

// Handler returns a handler that learns from every stanza and then passes it to
// next, whole and unchanged; next may be nil. When next handles a stanza, the
// Cache already knows what it says. Use Handler if you serve the session
// yourself instead of with [Cache.Serve], and call [Cache.Disconnected] when
// the session is over.
//
// Roster pushes are accepted only from the session's account (RFC 6121 section
// 2.1.6). Each is answered exactly once, whether or not next answers it. A
// forged push does not reach next, which might accept it. It is refused with
// service-unavailable, as if the client did not support rosters.
//
// The handler belongs to the session of New or of the latest Connect, and must
// not be called by two goroutines at once. It never fails because of what a
// stanza says. Without a session it only passes stanzas on.
func (c *Cache) Handler(next xmpp.Handler) xmpp.Handler {
	l := c.current()
	if l == nil {
		return nothing(next)
	}
	return l.client.Handler(c.handler(l, next))
}

func (c *Cache) handler(l *link, next xmpp.Handler) xmpp.Handler {
	return handler{cache: c, link: l, next: nothing(next)}
}

// nothing returns next, or a handler that does nothing if next is nil.
func nothing(next xmpp.Handler) xmpp.Handler {
	if next == nil {
		return xmpp.HandlerFunc(func(xmlstream.TokenReadEncoder, *xml.StartElement) error { return nil })
	}
	return next
}

type handler struct {
	cache *Cache
	link  *link
	next  xmpp.Handler
}

// HandleXMPP implements xmpp.Handler.
func (h handler) HandleXMPP(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
	if start.Name.Local != "iq" {
		return h.next.HandleXMPP(t, start)
	}
	if h.link.requests.Handle(start, t, h.link.s.LocalAddr()) {
		return nil
	}
	return h.query(t, start)
}

// query checks whether an IQ is about the roster or the block list, and passes
// it on in any case.
func (h handler) query(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
	iq, err := stanza.NewIQ(*start)
	if err != nil || iq.Type != stanza.SetIQ && iq.Type != stanza.ResultIQ {
		return h.next.HandleXMPP(t, start)
	}
	first, err := request.Payload(t)
	payload, ok := first[len(first)-1].(xml.StartElement)
	replay := &request.Replay{Encoder: t, Read: first, Err: err, Rest: t}
	if err != nil || !ok {
		return h.next.HandleXMPP(replay, start)
	}
	own := h.link.s.LocalAddr().Bare()
	ours := iq.From.Equal(jid.JID{}) || iq.From.Equal(own)
	push := iq.Type == stanza.SetIQ
	switch name := payload.Name; {
	case push && name.Space == NS && name.Local == "query":
		if !ours {
			return nil // Serve answers: service-unavailable
		}
		return h.push(t, start, iq, first)
	case ours && name.Space == nsBlocking && push == (name.Local != "blocklist"):
		tokens, err := xmlstream.ReadAll(t)
		if err == nil {
			h.cache.heardBlocking(h.link, payload, &request.Replay{Read: slices.Clone(tokens)})
		}
		replay = &request.Replay{Encoder: t, Read: append(first, tokens...), Err: err, Rest: t}
	}
	return h.next.HandleXMPP(replay, start)
}

// push applies a roster push, and makes sure that it is answered.
func (h handler) push(t xmlstream.TokenReadEncoder, start *xml.StartElement, iq stanza.IQ, first []xml.Token) error {
	tokens, err := xmlstream.ReadAll(t)
	tokens = append(first, tokens...)
	if err == nil {
		h.cache.pushed(h.link, &request.Replay{Read: tokens})
	}
	answered := &request.Watch{Replay: request.Replay{Encoder: t, Read: tokens, Err: err, Rest: t}, ID: iq.ID}
	if err := h.next.HandleXMPP(answered, start); err != nil || answered.Answered {
		return err
	}
	err = request.Copy(t, iq.Result(nil))
	return err
}

// pushed applies a roster push. One with more or fewer than one item is ignored
// (RFC 6121 section 2.1.6).
func (c *Cache) pushed(l *link, r xml.TokenReader) {
	q, err := readQuery(r)
	if err != nil {
		return
	}
	c.report(q)
	if len(q.items) != 1 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if l != c.link {
		return
	}
	c.apply(q.items[0])
	if l.fetched {
		c.revise(q) // otherwise items before it may be missing
	}
}

// report reports the items that cannot be read.
func (c *Cache) report(q query) {
	for _, u := range q.unreadable {
		if c.cfg.unreadable != nil {
			c.cfg.unreadable(u.address, u.name)
		}
	}
}
