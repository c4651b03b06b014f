package probe

import (
	"encoding/xml"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/stanza"
)

// Handler returns a handler that reads the answers to probes, and passes every
// stanza on to next, whole and unchanged, except for the answers to the Client's
// own queries. next may be nil.
//
// The handler is not safe for concurrent use. It never sends, and never fails
// because of what a stanza says.
func (c *Client) Handler(next xmpp.Handler) xmpp.Handler {
	if next == nil {
		next = xmpp.HandlerFunc(func(xmlstream.TokenReadEncoder, *xml.StartElement) error { return nil })
	}
	return &handler{client: c, next: next}
}

type handler struct {
	client *Client
	next   xmpp.Handler
	tape   tape
	in     bounded
}

// HandleXMPP implements xmpp.Handler.
func (h *handler) HandleXMPP(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
	h.client.heard.Add(1)
	switch {
	case h.client.requests.Handle(start, t, h.client.s.LocalAddr()):
		return nil
	case start.Name.Local != "presence" || !stanza.Is(start.Name, h.client.s.Out().XMLNS):
		return h.next.HandleXMPP(t, start)
	}
	h.tape.record(t)
	h.in = bounded{src: &h.tape}
	rd := reader{in: &h.in, keep: h.client.cfg.keep}
	if err := rd.read(*start, h.client.s.LocalAddr().Bare(), time.Now()); err == nil {
		h.client.presence(rd.p)
	}
	return h.next.HandleXMPP(h.tape.play(t), start)
}
