package responder

import (
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
)

// Buddy is a server, component or user in the roster of the component itself
// (XEP-0267 section 3), and the state of both subscriptions (RFC 6121 section 3).
type Buddy struct {
	JID     jid.JID // bare
	To      bool    // the component is subscribed to the buddy's presence
	From    bool    // the buddy is subscribed to the component's presence
	Asked   bool    // the component's request is not answered yet
	Pending bool    // the buddy's request is not answered yet; see [Responder.Approve]
}

// Decision says what to do with a request to subscribe to the component's
// presence.
type Decision uint8

// The decisions. The zero value is Refuse.
const (
	Refuse Decision = iota // refuse it
	Accept                 // accept it
	Mutual                 // accept it, and subscribe in return
	Later                  // decide later, with [Responder.Approve] or [Responder.Unfriend]
)

// String returns the decision in lower case.
func (d Decision) String() string {
	switch d {
	case Accept:
		return "accept"
	case Mutual:
		return "mutual"
	case Later:
		return "later"
	}
	return "refuse"
}

// none reports whether neither side is subscribed or asks to be.
func (b Buddy) none() bool {
	return !b.To && !b.From && !b.Asked && !b.Pending
}

// equal reports whether both have the same state and address.
func (b Buddy) equal(other Buddy) bool {
	return b.To == other.To && b.From == other.From && b.Asked == other.Asked && b.Pending == other.Pending
}

// needsDecision reports whether the policy has to decide the peer's request.
func (b Buddy) needsDecision() bool {
	return !b.From && !b.To && !b.Asked
}

// receive returns the state of a buddy after a presence about a subscription (RFC
// 6121 section 3), and the presences that answer it. decision is used only for a
// request that the policy has to decide; see needsDecision.
func (b Buddy) receive(typ stanza.PresenceType, decision Decision) (Buddy, []stanza.PresenceType) {
	switch typ {
	case stanza.SubscribePresence:
		if b.From {
			return b, []stanza.PresenceType{stanza.SubscribedPresence, stanza.AvailablePresence}
		}
		d := Accept
		if b.needsDecision() {
			d = decision
		}
		switch d {
		case Accept, Mutual:
			return b.approve(d == Mutual)
		case Later:
			b.Pending = true
			return b, nil
		}
		b.Pending = false
		return b, []stanza.PresenceType{stanza.UnsubscribedPresence}
	case stanza.SubscribedPresence:
		b.To, b.Asked = b.To || b.Asked, false
	case stanza.UnsubscribedPresence:
		b.To, b.Asked = false, false
	case stanza.UnsubscribePresence:
		wasSubscribed := b.From
		b.From, b.Pending = false, false
		if wasSubscribed {
			return b, []stanza.PresenceType{stanza.UnavailablePresence}
		}
	}
	return b, nil
}

// approve accepts a buddy's request and, if mutual, subscribes in return.
func (b Buddy) approve(mutual bool) (Buddy, []stanza.PresenceType) {
	b.From, b.Pending = true, false
	send := []stanza.PresenceType{stanza.SubscribedPresence}
	if mutual {
		b.Asked = true
		send = append(send, stanza.SubscribePresence)
	}
	return b, append(send, stanza.AvailablePresence)
}

// befriend subscribes to a buddy's presence, and accepts its request if one waits.
func (b Buddy) befriend() (Buddy, []stanza.PresenceType) {
	var send []stanza.PresenceType
	if b.Pending {
		b, send = b.approve(false)
	}
	if b.To {
		return b, send
	}
	b.Asked = true
	return b, append(send, stanza.SubscribePresence)
}

// unfriend ends the subscriptions in both directions.
func (b Buddy) unfriend() (Buddy, []stanza.PresenceType) {
	var send []stanza.PresenceType
	if b.To || b.Asked {
		send = append(send, stanza.UnsubscribePresence)
	}
	if b.From {
		send = append(send, stanza.UnavailablePresence)
	}
	if b.From || b.Pending {
		send = append(send, stanza.UnsubscribedPresence)
	}
	return Buddy{JID: b.JID}, send
}
