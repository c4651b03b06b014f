package roster

import (
	"encoding/xml"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/internal/wire/request"
)

// Handler returns a handler that learns from every stanza and then hands it on
// to next, whole and unchanged; next may be nil. What next asks the Cache, it
// knows already.
//
// Roster pushes are believed only from the own account (RFC 6121 section
// 2.1.6). They are answered exactly once, whether or not next answers them. A
// forged push is kept from next, which might believe it, and is refused with
// service-unavailable, as if nobody here knew what a roster is.
//
// The handler belongs to one session's Serve, that of the session which New or
// the latest Renew was given: it must not be called by two
// goroutines at once. It never fails for what a stanza says.
func (c *Cache) Handler(next xmpp.Handler) xmpp.Handler {
	if next == nil {
		next = xmpp.HandlerFunc(func(xmlstream.TokenReadEncoder, *xml.StartElement) error { return nil })
	}
	l := c.current()
	return l.client.Handler(handler{cache: c, link: l, next: next})
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
	return h.push(t, start)
}

// push looks whether an IQ is a roster push, and hands on whatever it is.
func (h handler) push(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
	iq, err := stanza.NewIQ(*start)
	if err != nil || iq.Type != stanza.SetIQ {
		return h.next.HandleXMPP(t, start)
	}
	first, err := request.Payload(t)
	query, ok := first[len(first)-1].(xml.StartElement)
	if err != nil || !ok || query.Name.Space != NS || query.Name.Local != "query" {
		return h.next.HandleXMPP(&request.Replay{Encoder: t, Read: first, Err: err, Rest: t}, start)
	}
	if own := h.link.s.LocalAddr().Bare(); !iq.From.Equal(jid.JID{}) && !iq.From.Equal(own) {
		return nil // Serve answers: service-unavailable
	}
	tokens, err := xmlstream.ReadAll(t)
	tokens = append(first, tokens...)
	if err == nil {
		h.cache.pushed(h.link, &request.Replay{Read: tokens})
	}
	answered := &request.Watch{Replay: request.Replay{Encoder: t, Read: tokens, Err: err, Rest: t}, ID: iq.ID}
	if err := h.next.HandleXMPP(answered, start); err != nil || answered.Answered {
		return err
	}
	_, err = xmlstream.Copy(t, iq.Result(nil))
	return err
}

// pushed applies the items of a roster push. Only a push with one item is one
// (RFC 6121 section 2.1.6).
func (c *Cache) pushed(l *link, r xml.TokenReader) {
	q, err := readQuery(r)
	if err != nil || len(q.items) != 1 {
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

// revise takes the roster's version.
func (c *Cache) revise(q query) {
	if q.versioned {
		c.version = q.version
	}
	c.asOf = c.tick(time.Now())
	c.keeper.roster = true
	c.schedule()
}

// apply adds, changes or removes a contact. What is known of one whose
// presence is no longer ours to know is dropped.
func (c *Cache) apply(it item) {
	if it.subscription == subRemove {
		if e := c.contacts[string(address.AppendBare(nil, it.jid))]; e != nil {
			c.forget(e)
		}
		return
	}
	e := c.entry(it.jid)
	if e.listed != 0 && e.equal(it.details) {
		return
	}
	c.list(e, it.details, c.tick(time.Now()))
	if !it.ours() && e.learnt != 0 {
		e.knowledge = knowledge{since: e.listed}
	}
	c.changed(e)
}
