package server

import (
	"fmt"
	"time"
)

// handle takes a stanza from a client.
func (s *Server) handle(c *conn, st stanzaIn) {
	if st.toErr != nil {
		c.send(fmt.Sprintf(`<%s type='error'%s><error type='modify'><jid-malformed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></%s>`,
			st.name, attrs("id", st.id), st.name))
		return
	}
	switch st.name {
	case "presence":
		s.presence(c, st)
	case "iq":
		s.iq(c, st)
	case "message":
		s.count(c, "message")
		s.message(c, st)
	}
}

func (s *Server) count(c *conn, kind string) {
	s.counts[kind+" "+c.jid.Bare().String()]++
}

func (s *Server) message(c *conn, st stanzaIn) {
	stanza := fmt.Sprintf(`<message%s>%s</message>`,
		attrs("from", c.jid.String(), "to", st.to.String(), "type", st.typ, "id", st.id), st.inner())
	a := s.accounts[st.to.Bare().String()]
	if a == nil {
		return
	}
	if to := a.conns[st.to.Resourcepart()]; to != nil {
		to.send(stanza)
		return
	}
	for _, to := range a.online() {
		to.send(stanza)
	}
}

// presence takes presence of any type (RFC 6121 sections 3 and 4).
func (s *Server) presence(c *conn, st stanzaIn) {
	switch st.typ {
	case "probe":
		s.count(c, "probe")
		s.probe(c, st)
	case "subscribe", "subscribed", "unsubscribe", "unsubscribed":
		s.subscription(c, st)
	case "", "unavailable":
		s.count(c, "presence")
		switch {
		case st.to.String() != "":
			s.directed(c, st)
		case st.typ == "unavailable":
			s.unavailable(c, &st)
		default:
			s.available(c, st)
		}
	}
}

func (s *Server) directed(c *conn, st stanzaIn) {
	a := s.accounts[st.to.Bare().String()]
	if a == nil {
		return
	}
	for _, to := range a.online() {
		to.send(fmt.Sprintf(`<presence%s>%s</presence>`,
			attrs("from", c.jid.String(), "to", st.to.String(), "type", st.typ, "id", st.id), st.inner()))
	}
}

// available takes and broadcasts a client's presence; to initial presence it
// answers with that of the contacts (RFC 6121 section 4.2).
func (s *Server) available(c *conn, st stanzaIn) {
	initial := !c.available
	c.available, c.presence, c.id, c.since = true, st.inner(), st.id, time.Now()
	s.broadcast(c, "")
	if !initial {
		return
	}
	for _, it := range c.account.items() {
		if !it.to {
			continue
		}
		a := s.accounts[it.jid.String()]
		b := s.behaviour(it.jid.Domainpart())
		switch {
		case a == nil:
		case len(a.online()) > 0:
			for _, other := range a.online() {
				c.send(other.replay(c.jid.String(), Replay{}))
			}
		case b.AtLogin && b.Offline.Send:
			c.send(a.absence(c.jid.String(), b.Offline))
		}
	}
}

// unavailable takes that a client is no longer available, by its own word or,
// where st is nil, because its connection is gone.
func (s *Server) unavailable(c *conn, st *stanzaIn) {
	if !c.available {
		return
	}
	c.available, c.presence = false, ""
	c.account.left = departure{at: time.Now(), resource: c.jid.Resourcepart()}
	if st != nil {
		c.presence = st.inner()
		c.account.left.status = st.text("status")
	}
	s.broadcast(c, "unavailable")
}

// broadcast sends a client's presence to whoever may see it, and to the own
// account's other resources.
func (s *Server) broadcast(c *conn, typ string) {
	tell := func(a *account) {
		for _, to := range a.online() {
			to.send(fmt.Sprintf(`<presence%s>%s</presence>`,
				attrs("from", c.jid.String(), "to", to.jid.String(), "type", typ, "id", c.id), c.presence))
		}
	}
	for _, it := range c.account.items() {
		if a := s.accounts[it.jid.String()]; a != nil && it.from {
			tell(a)
		}
	}
	tell(c.account)
}

// subscription is the handshake (RFC 6121 section 3), without its rarer turns.
func (s *Server) subscription(c *conn, st stanzaIn) {
	own, other := c.account, s.accounts[st.to.Bare().String()]
	key := st.to.Bare().String()
	it := own.roster[key]
	if it == nil {
		it = &item{jid: st.to.Bare()}
		own.roster[key] = it
	}
	var mirror *item
	if other != nil {
		if mirror = other.roster[own.jid.String()]; mirror == nil {
			mirror = &item{jid: own.jid}
			if st.typ != "subscribe" {
				other.roster[own.jid.String()] = mirror
			}
		}
	}
	switch st.typ {
	case "subscribe":
		it.ask = !it.to
	case "subscribed":
		it.from = true
		if mirror != nil {
			mirror.to, mirror.ask = true, false
		}
	case "unsubscribe":
		it.to, it.ask = false, false
		if mirror != nil {
			mirror.from = false
		}
	case "unsubscribed":
		it.from = false
		if mirror != nil {
			mirror.to, mirror.ask = false, false
		}
	}
	own.push(it.xml())
	if other == nil {
		return
	}
	if st.typ != "subscribe" {
		other.push(mirror.xml())
	}
	for _, to := range other.online() {
		to.send(fmt.Sprintf(`<presence%s/>`, attrs("from", own.jid.String(), "to", other.jid.String(), "type", st.typ, "id", st.id)))
		if st.typ == "subscribed" {
			for _, from := range own.online() {
				to.send(from.replay(to.jid.String(), Replay{}))
			}
		}
	}
}
