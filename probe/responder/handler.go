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
// the session's domain, and passes everything else to next, whole and unchanged.
// If next is nil, other requests are refused with service-unavailable.
//
// Probes and subscriptions to the session's own domain, and the command of
// [Admins], do not reach next. Service discovery and queries for last activity
// reach next first. The Responder answers them if next does not, or if next
// refuses them with service-unavailable or feature-not-implemented, which is what
// a mux does without a handler for them. A component that answers service
// discovery itself should name the features [NS] and jabber:iq:last; if it does so
// after its handler has returned, see [Identity]. After Close everything is passed
// to next.
//
// The handler never fails because of what a stanza says.
func (r *Responder) Handler(next xmpp.Handler) xmpp.Handler {
	if next == nil {
		next = xmpp.HandlerFunc(refuseRequests)
	}
	return handler{r, next}
}

// refuseRequests is the handler of a component without one (RFC 6120 section 8.2.3).
func refuseRequests(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
	if start.Name.Local != "iq" {
		return nil
	}
	iq, err := stanza.NewIQ(*start)
	if err != nil || iq.Type != stanza.GetIQ && iq.Type != stanza.SetIQ {
		return nil
	}
	return request.Copy(t, iq.Error(stanza.Error{Type: stanza.Cancel, Condition: stanza.ServiceUnavailable}))
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
		if p, err := stanza.NewPresence(*start); err == nil && h.addressed(p.From, p.To) {
			return h.presence(t, start, p)
		}
	case "iq":
		if iq, err := stanza.NewIQ(*start); err == nil && h.addressed(iq.From, iq.To) && (iq.Type == stanza.GetIQ || iq.Type == stanza.SetIQ) {
			return h.iq(t, start, iq)
		}
	}
	return h.next.HandleXMPP(t, start)
}

// addressed reports whether a stanza comes from somebody else and is addressed to
// the session's domain.
func (r *Responder) addressed(from, to jid.JID) bool {
	return to.Domainpart() == r.host.Domainpart() && !from.Equal(jid.JID{}) && !from.Equal(r.host)
}

func (h handler) presence(t xmlstream.TokenReadEncoder, start *xml.StartElement, p stanza.Presence) error {
	own := p.To.Localpart() == ""
	switch {
	case p.Type == stanza.ProbePresence && own:
		if !h.pace.allow(p.From, time.Now()) {
			return nil
		}
		return request.Copy(t, h.available(p.From, p.ID))
	case p.Type == stanza.ProbePresence && h.cfg.presence != nil:
		return h.contact(t, question{prober: p.From, asked: p.To, id: p.ID})
	case own && isSubscription(p.Type):
		h.subscription(p.From.Bare(), p.Type)
		return nil
	}
	return h.next.HandleXMPP(t, start)
}

func (h handler) iq(t xmlstream.TokenReadEncoder, start *xml.StartElement, iq stanza.IQ) error {
	first, err := request.Payload(t)
	rest := request.Replay{Encoder: t, Read: first, Err: err, Rest: t}
	query, _ := first[len(first)-1].(xml.StartElement) // without one, none of the cases below applies
	own := iq.To.Localpart() == ""
	get := iq.Type == stanza.GetIQ
	node := attribute(query, "node")
	var answer func() error
	say := func(f func() xml.TokenReader) func() error {
		return func() error { return h.paced(t, iq, f) }
	}
	discovers := h.cfg.identity.Category != ""
	switch {
	case get && query.Name.Space == lastactivity.NS && own:
		answer = say(func() xml.TokenReader { return h.uptime(iq) })
	case get && query.Name.Space == lastactivity.NS && h.cfg.presence != nil && h.answersLater():
		answer = func() error { return h.contact(t, question{prober: iq.From, asked: iq.To, id: iq.ID, last: true}) }
	case !own:
	case get && query.Name.Space == disco.NSInfo && (node == "" && discovers || node == NodeBuddy && h.admin(iq.From)):
		answer = say(func() xml.TokenReader { return h.info(iq, node) })
	case get && query.Name.Space == disco.NSItems && (node == "" && discovers || node == commands.NS):
		answer = say(func() xml.TokenReader { return h.items(iq, node) })
	case !get && query.Name.Space == commands.NS && node == NodeBuddy:
		return h.paced(t, iq, func() xml.TokenReader { return h.command(iq, &rest) })
	}
	if answer == nil {
		return h.next.HandleXMPP(&rest, start)
	}
	w := &request.Watch{Replay: rest, ID: iq.ID, Refusals: true}
	if err := h.next.HandleXMPP(w, start); err != nil || w.Answered {
		return err
	}
	return answer()
}

// paced answers an IQ, with resource-constraint if the pace does not allow more.
// Every request must be answered (RFC 6120 section 8.2.3).
func (h handler) paced(t xmlstream.TokenWriter, iq stanza.IQ, answer func() xml.TokenReader) error {
	if !h.pace.allow(iq.From, time.Now()) {
		return request.Copy(t, iq.Error(busy))
	}
	return request.Copy(t, answer())
}

// answersLater reports whether an IQ may be answered after the handler has returned.
// Serve refuses it at once, except for components.
func (r *Responder) answersLater() bool {
	return r.s.In().XMLNS == component.NSAccept
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
