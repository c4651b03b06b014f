package world

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// ours is our own server.
type ours struct {
	w       *world
	kind    Home
	offset  time.Duration
	up      bool
	session *session // nil: there is none
	sub     string   // the roster item's subscription; empty: there is no item
	blocks  bool     // we block the contact
}

// session is our client's session, as the server sees it.
type session struct {
	conn      *conn
	available bool
	initial   time.Time // when it became so
	inactive  bool
	watches   bool // it asked for the blocklist
	watchedAt time.Time
	activeAt  time.Time // when it was looked at again
	held      []message
	over      bool // for the server
	deadline  bool // the line is dead, and nobody knows
}

// deliver sends to the client.
func (o *ours) deliver(s *session, xml string, facts []fact) {
	o.w.after(o.w.near, func() {
		if s.over || s.deadline {
			return
		}
		o.w.note("   <- %s", xml)
		s.conn.deliver(xml)
		o.w.client.memory.take(o.w.now(), o.asHeard(s, facts))
	})
}

// asHeard returns facts as a client has to take them: what comes while nobody looks
// may have been held back.
func (o *ours) asHeard(s *session, facts []fact) []fact {
	c := o.w.client
	facts = slices.Clone(facts)
	for i := range facts {
		switch f := &facts[i]; {
		case f.what != live || c.line != s:
		case c.resting || c.turning == s:
			f.what, f.time, f.bound = stamped, o.w.now(), true
		case f.resource == "" && c.asking > 0:
			f.what, f.time = absent, time.Time{} // it may be the answer
		}
	}
	return facts
}

// presence takes presence of the contact's.
func (o *ours) presence(m message) {
	s := o.session
	if s == nil || o.blocks || !s.available && !m.full {
		return
	}
	if s.inactive {
		o.hold(s, m)
		return
	}
	o.deliver(s, m.xml, m.facts)
}

// hold keeps presence for a client that nobody looks at.
func (o *ours) hold(s *session, m message) {
	from, reason, digits := bare(o.w.account), "", 0
	if o.kind.Domain {
		from, reason, digits = o.w.ourHost, "Client Inactive", 6
	}
	at := o.w.now().Add(o.offset)
	m.xml = with(m.xml, delayElement(from, at, digits, reason))
	for i := range m.facts {
		m.facts[i].held = true
		if m.facts[i].what == live {
			m.facts[i].what, m.facts[i].time, m.facts[i].bound = stamped, at, true
		}
	}
	if o.kind.Latest {
		for i, old := range s.held {
			if old.from == m.from {
				s.held = append(s.held[:i], s.held[i+1:]...)
				break
			}
		}
	}
	s.held = append(s.held, m)
}

// release lets go of what was held.
func (o *ours) release(s *session) {
	held := s.held
	s.held = nil
	if len(held) == 0 {
		return
	}
	var all strings.Builder
	var facts []fact
	for _, m := range held {
		all.WriteString(m.xml)
		facts = append(facts, m.facts...)
	}
	o.deliver(s, all.String(), facts)
}

// iq takes the answer to a query.
func (o *ours) iq(m message) {
	s := o.session
	if s == nil {
		return
	}
	o.release(s)
	o.deliver(s, m.xml, m.facts)
}

// own sends something of our own account's.
func (o *ours) own(xml string, facts ...fact) {
	if s := o.session; s != nil {
		if !o.kind.Latest {
			o.release(s)
		}
		o.deliver(s, xml, facts)
	}
}

// receive takes a stanza of the client's.
func (o *ours) receive(s *session, in incoming) {
	if s.over || s.deadline || o.session != s {
		return
	}
	switch in.XMLName.Local {
	case "active":
		s.inactive, s.activeAt = false, o.w.now()
		o.release(s)
	case "inactive":
		s.inactive = true
	case "presence":
		o.takePresence(s, in)
	case "iq":
		o.takeIQ(s, in)
	}
}

func (o *ours) takePresence(s *session, in incoming) {
	w := o.w
	switch {
	case in.Type == "probe":
		if o.blocks {
			o.deliver(s, fmt.Sprintf("<presence from='%s' id='%s' type='error'>%s</presence>", w.contact, in.ID, o.refusal()), nil)
			return
		}
		w.after(w.across, func() { w.theirs.probe(w.account) })
	case in.To != "":
	case in.Type == "unavailable":
		s.available = false
		o.deliver(s, presence(w.account, "unavailable", in.ID, ""), nil)
	case in.Type == "":
		initial := !s.available
		s.available = true
		o.deliver(s, presence(w.account, "", in.ID, ""), nil)
		if initial {
			s.initial = w.now()
			if (o.sub == "to" || o.sub == "both") && !o.blocks {
				w.after(w.across, w.theirs.login)
			}
		}
	}
}

func (o *ours) refusal() string {
	return "<error type='cancel'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><blocked xmlns='urn:xmpp:blocking:errors'/>" +
		"<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>" + o.kind.Blocked + "</text></error>"
}

func (o *ours) takeIQ(s *session, in incoming) {
	w := o.w
	if in.Type != "get" && in.Type != "set" {
		return
	}
	result := func(from, payload string, facts ...fact) {
		if from != "" {
			from = " from='" + from + "'"
		}
		o.own(fmt.Sprintf("<iq%s to='%s' id='%s' type='result'>%s</iq>", from, w.account, in.ID, payload), facts...)
	}
	switch in.payload() {
	case "jabber:iq:roster":
		result("", "<query xmlns='jabber:iq:roster'>"+o.item()+"</query>", o.subbed())
	case "urn:xmpp:blocking":
		s.watches, s.watchedAt = true, w.now()
		item := ""
		if o.blocks {
			item = "<item jid='" + w.contact + "'/>"
		}
		result("", "<blocklist xmlns='urn:xmpp:blocking'>"+item+"</blocklist>", o.blocked())
	case "urn:xmpp:ping":
		result(in.To, "")
	case "jabber:iq:last":
		if o.blocks {
			o.own(fmt.Sprintf("<iq from='%s' id='%s' type='error'>%s</iq>", w.contact, in.ID, o.refusal()))
			return
		}
		w.after(w.across, func() { w.theirs.lastActivity(in.ID) })
	default:
		o.own(iqError(in.To, in.ID, "service-unavailable"))
	}
}

func (o *ours) item() string {
	if o.sub == "" {
		return ""
	}
	return fmt.Sprintf("<item jid='%s' name='Romeo' subscription='%s'/>", o.w.contact, o.sub)
}

// subscription changes the roster's item.
func (o *ours) subscription(sub string) {
	w := o.w
	o.sub = sub
	w.subbedAt = w.now()
	item := o.item()
	if sub == "" {
		item = fmt.Sprintf("<item jid='%s' subscription='remove'/>", w.contact)
	}
	o.own(fmt.Sprintf("<iq to='%s' id='push%d' type='set'><query xmlns='jabber:iq:roster'>%s</query></iq>", w.account, w.seq, item), o.subbed())
}

// subbed tells a client whether it is subscribed, and blocked whether the contact
// is blocked.
func (o *ours) subbed() fact {
	if o.sub == "both" {
		return fact{say: subscribed}
	}
	return fact{say: unsubscribed}
}

func (o *ours) blocked() fact {
	if o.blocks {
		return fact{say: blocked}
	}
	return fact{say: unblocked}
}

// block changes our blocklist.
func (o *ours) block(on bool) bool {
	if o.blocks == on || !o.up {
		return false
	}
	o.blocks = on
	o.w.weBlockedAt = o.w.now()
	name := "unblock"
	if on {
		name = "block"
	}
	if s := o.session; s != nil && s.watches {
		o.own(fmt.Sprintf("<iq to='%s' id='push%d' type='set'><%s xmlns='urn:xmpp:blocking'><item jid='%s'/></%s></iq>",
			o.w.account, o.w.seq, name, o.w.contact, name), o.blocked())
	}
	return true
}

// end ends the session, as seen from the server.
func (o *ours) end(s *session) {
	if s == nil {
		return
	}
	s.over = true
	if o.session == s {
		o.session = nil
	}
	s.conn.hangUp()
}

// die ends the server for a time.
func (o *ours) die(down time.Duration) bool {
	if !o.up {
		return false
	}
	o.up = false
	o.end(o.session)
	o.w.after(down, func() {
		o.up = true
		o.w.note("our server is up again")
	})
	return true
}

func bare(full string) string {
	b, _, _ := strings.Cut(full, "/")
	return b
}
