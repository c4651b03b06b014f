package responder

import (
	"encoding/xml"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/commands"
	"mellium.im/xmpp/component"
	"mellium.im/xmpp/disco"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/wire/lastactivity"
	"example.org/lastpresence/internal/wire/request"
)

// Handler returns a handler that answers probes, queries and subscriptions to
// the session's domain, and passes everything else to next, whole and
// unchanged; next may be nil.
//
// Probes and subscriptions to the session's own domain do not reach next.
// Service discovery does; the Responder answers it only if next does not
// answer, or refuses as a mux without a handler does. A component that answers
// it itself should name the features [NS] and jabber:iq:last. After Close
// everything is passed on.
//
// The handler never fails because of what a stanza says.
func (r *Responder) Handler(next xmpp.Handler) xmpp.Handler {
	if next == nil {
		next = xmpp.HandlerFunc(func(xmlstream.TokenReadEncoder, *xml.StartElement) error { return nil })
	}
	return handler{r, next}
}

type handler struct {
	*Responder
	next xmpp.Handler
}

// HandleXMPP implements xmpp.Handler.
func (h handler) HandleXMPP(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
	if h.ctx.Err() != nil || !stanza.Is(start.Name, h.s.In().XMLNS) {
		return h.next.HandleXMPP(t, start)
	}
	switch start.Name.Local {
	case "presence":
		if p, err := stanza.NewPresence(*start); err == nil && h.ours(p.From, p.To) {
			return h.presence(t, start, p)
		}
	case "iq":
		if iq, err := stanza.NewIQ(*start); err == nil && h.ours(iq.From, iq.To) && (iq.Type == stanza.GetIQ || iq.Type == stanza.SetIQ) {
			return h.iq(t, start, iq)
		}
	}
	return h.next.HandleXMPP(t, start)
}

// ours reports whether a stanza is from somebody else to the session's domain.
func (r *Responder) ours(from, to jid.JID) bool {
	return to.Domainpart() == r.host.Domainpart() && !from.Equal(jid.JID{}) && !from.Equal(r.host)
}

func (h handler) presence(t xmlstream.TokenReadEncoder, start *xml.StartElement, p stanza.Presence) error {
	own := p.To.Localpart() == ""
	switch {
	case p.Type == stanza.ProbePresence && own:
		if !h.pace.allow(p.From, time.Now()) {
			return nil
		}
		_, err := xmlstream.Copy(t, h.available(p.From, p.ID))
		return err
	case p.Type == stanza.ProbePresence && h.cfg.presence != nil:
		h.contact(question{prober: p.From, target: p.To.Bare(), id: p.ID})
		return nil
	case own && isSubscription(p.Type):
		h.subscription(p.From.Bare(), p.Type)
		return nil
	}
	return h.next.HandleXMPP(t, start)
}

func (h handler) iq(t xmlstream.TokenReadEncoder, start *xml.StartElement, iq stanza.IQ) error {
	first, err := request.Payload(t)
	rest := request.Replay{Encoder: t, Read: first, Err: err, Rest: t}
	query, ok := first[len(first)-1].(xml.StartElement)
	if err != nil || !ok {
		return h.next.HandleXMPP(&rest, start)
	}
	own := iq.To.Localpart() == ""
	get := iq.Type == stanza.GetIQ
	node := attribute(query, "node")
	var answer func() xml.TokenReader
	switch {
	case get && query.Name.Space == lastactivity.NS && own:
		answer = func() xml.TokenReader { return h.uptime(iq) }
	case get && query.Name.Space == lastactivity.NS && h.cfg.presence != nil && h.later():
		h.contact(question{prober: iq.From, target: iq.To.Bare(), id: iq.ID, last: true})
		return nil
	case !own:
	case get && query.Name.Space == disco.NSInfo && (node == "" || node == NodeBuddy && h.admin(iq.From)):
		return h.unlessAnswered(t, start, iq, rest, h.info(iq, node))
	case get && query.Name.Space == disco.NSItems && (node == "" || node == commands.NS):
		return h.unlessAnswered(t, start, iq, rest, h.items(iq, node))
	case !get && query.Name.Space == commands.NS && node == NodeBuddy:
		answer = func() xml.TokenReader { return h.command(iq, &rest) }
	}
	if answer == nil {
		return h.next.HandleXMPP(&rest, start)
	}
	if !h.pace.allow(iq.From, time.Now()) {
		return nil
	}
	_, err = xmlstream.Copy(t, answer())
	return err
}

// later reports whether an IQ may be answered after the handler has returned.
// Serve refuses it at once, but for components.
func (r *Responder) later() bool {
	return r.s.In().XMLNS == component.NSAccept
}

// unlessAnswered has next answer an IQ, and answers if it does not.
func (h handler) unlessAnswered(t xmlstream.TokenReadEncoder, start *xml.StartElement, iq stanza.IQ, rest request.Replay, answer xml.TokenReader) error {
	w := &request.Watch{Replay: rest, ID: iq.ID, Refusals: true}
	if err := h.next.HandleXMPP(w, start); err != nil || w.Answered {
		return err
	}
	if !h.pace.allow(iq.From, time.Now()) {
		return nil
	}
	_, err := xmlstream.Copy(t, answer)
	return err
}

func isSubscription(t stanza.PresenceType) bool {
	switch t {
	case stanza.SubscribePresence, stanza.SubscribedPresence, stanza.UnsubscribePresence, stanza.UnsubscribedPresence:
		return true
	}
	return false
}

func attribute(start xml.StartElement, name string) string {
	for _, attr := range start.Attr {
		if attr.Name.Space == "" && attr.Name.Local == name {
			return attr.Value
		}
	}
	return ""
}
