package responder

import (
	"encoding/xml"
	"strconv"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/delay"
)

// question is a probe, or a query for last activity, about a contact behind the
// gateway.
type question struct {
	prober jid.JID
	asked  jid.JID // the contact, as it was addressed
	id     string
	last   bool
}

// busy is for a query that cannot be answered now.
var busy = stanza.Error{Type: stanza.Wait, Condition: stanza.ResourceConstraint}

// failed returns the answer when the gateway's function failed; nil for none.
func (q question) failed() xml.TokenReader {
	if q.last {
		return q.refusal(stanza.Error{Type: stanza.Wait, Condition: stanza.InternalServerError})
	}
	return nil
}

// tryLater returns the answer to a prober who has to ask later; nil for none.
func (q question) tryLater() xml.TokenReader {
	if q.last {
		return q.refusal(busy)
	}
	return nil
}

// notFound returns the answer when there is no such contact.
func (q question) notFound() xml.TokenReader {
	if q.last {
		return q.refusal(stanza.Error{Type: stanza.Cancel, Condition: stanza.ItemNotFound})
	}
	return q.unsubscribed()
}

// known returns the answer when something is known of the contact.
func (q question) known(p Presence) xml.TokenReader {
	if q.last {
		return q.activity(p)
	}
	return q.presence(p)
}

// forbidden refuses a prober that is not authorized (RFC 6121 section 4.3.2,
// XEP-0012 section 4).
func (q question) forbidden() xml.TokenReader {
	if q.last {
		return q.refusal(stanza.Error{Type: stanza.Auth, Condition: stanza.Forbidden})
	}
	return q.unsubscribed()
}

func (q question) unsubscribed() xml.TokenReader {
	return stanza.Presence{ID: q.id, From: q.asked.Bare(), To: q.prober.Bare(), Type: stanza.UnsubscribedPresence}.Wrap(nil)
}

func (q question) refusal(e stanza.Error) xml.TokenReader {
	return stanza.IQ{ID: q.id, From: q.asked, To: q.prober, Type: stanza.ErrorIQ}.Wrap(e.TokenReader())
}

func (q question) activity(p Presence) xml.TokenReader {
	iq := stanza.IQ{ID: q.id, From: q.asked, To: q.prober, Type: stanza.ResultIQ}
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
	from := q.asked
	if p.Resource != "" {
		if full, err := from.WithResource(p.Resource); err == nil {
			from = full
		}
	}
	head := stanza.Presence{ID: q.id, From: q.asked, To: q.prober}
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
