package server

import (
	"strconv"
	"strings"

	"mellium.im/xmpp/jid"
)

// content is what the server itself reads of a presence.
type content struct {
	Status   []string `xml:"jabber:client status"`
	Priority string   `xml:"jabber:client priority"`
}

// takePresence takes presence of any type but probes (RFC 6121 sections 3, 4).
func (s *Server) takePresence(c *conn, st stanzaIn) {
	switch st.typ {
	case "subscribe", "subscribed", "unsubscribe", "unsubscribed":
		s.count(c, Subscriptions)
		if !s.serves(st.to.Domainpart()) {
			c.sendAll(s.unreachable(c, st.to).presence(c, st))
			return
		}
		s.subscription(c.account, st.to.Bare(), st)
	case "", "unavailable":
		s.count(c, Presences)
		switch {
		case s.rooms[st.to.Bare().String()] != nil:
			s.rooms[st.to.Bare().String()].presence(c, st)
		case !st.to.Equal(jid.JID{}):
			s.direct(c, st)
		case st.typ == "unavailable":
			s.unavailable(c, &st, Closed)
		default:
			s.available(c, st)
		}
	case "error":
		s.route(c, st)
	}
}

// available takes and broadcasts a resource's presence. To initial presence it
// answers with that of the contacts and of the account's other resources (RFC
// 6121 section 4.2).
func (s *Server) available(c *conn, st stanzaIn) {
	initial := !c.available
	var content content
	st.decode(&content)
	priority, err := strconv.ParseInt(strings.TrimSpace(content.Priority), 10, 8)
	if err != nil {
		priority = 0
	}
	c.available, c.presence, c.id, c.lang, c.priority, c.since = true, st.inner(), st.id, st.lang, int(priority), s.now(c.jid.Domainpart())
	c.account.here = departure{at: c.since, resource: c.jid.Resourcepart(), children: c.presence, id: c.id, lang: c.lang}
	c.account.last = c.account.here
	s.broadcast(c, "")
	if !initial {
		return
	}
	for _, other := range c.account.online() {
		if other != c {
			c.send(other.replay(c.jid, Replay{}))
		}
	}
	for _, it := range c.account.items() {
		if it.to {
			s.atLogin(c, it.jid)
		}
	}
	s.requests(c)
}

// unavailable takes that a resource is no longer available, by its own word or,
// where st is nil, because its connection has ended in some way.
func (s *Server) unavailable(c *conn, st *stanzaIn, how Ending) {
	if !c.available && len(c.directed) == 0 {
		return
	}
	b := s.behaviour(c.jid.Domainpart())
	left := departure{at: s.now(c.jid.Domainpart()), resource: c.jid.Resourcepart()}
	c.id, c.presence = "", ""
	if text := b.Live.of(how); text != "" {
		c.presence = element("status", escape(text))
	}
	if st != nil {
		var content content
		st.decode(&content)
		if len(content.Status) > 0 {
			left.status = content.Status[0]
		}
		c.id, c.lang, c.presence = st.id, st.lang, st.inner()
		left.children = c.presence
	}
	if c.available {
		c.account.left = left
		if !b.Last.Gone && (st != nil || !b.Last.Sent) {
			c.account.logged = left
			if st == nil {
				c.account.logged.status = b.Last.Texts.of(how)
			}
		}
		if st != nil {
			c.account.last = left
		}
		s.broadcast(c, "unavailable")
	}
	for _, key := range sortedKeys(c.directed) {
		s.deliver(c.account, c.directed[key], func(to *conn) string { return c.now(to.jid, "unavailable") })
	}
	c.available, c.directed = false, nil
}

// broadcast sends a resource's presence to whoever may see it, and to all of the
// account's resources.
func (s *Server) broadcast(c *conn, typ string) {
	now := func(to *conn) string { return c.now(to.jid, typ) }
	for _, it := range c.account.items() {
		if it.from {
			s.deliver(c.account, it.jid, now)
		}
	}
	s.deliver(c.account, c.account.jid, now)
}

// now is the resource's presence as it is sent when it changes.
func (c *conn) now(to jid.JID, typ string) string {
	return element("presence", c.presence, "from", c.jid.String(), "to", to.String(), "type", typ, "id", c.id, "xml:lang", c.lang)
}

// direct sends presence to somebody whom the roster need not know (RFC 6121
// section 4.6), who will be told when it ends.
func (s *Server) direct(c *conn, st stanzaIn) {
	key := st.to.String()
	if st.typ == "unavailable" {
		delete(c.directed, key)
	} else if !c.account.shows(st.to) {
		if c.directed == nil {
			c.directed = make(map[string]jid.JID)
		}
		c.directed[key] = st.to
	}
	s.deliver(c.account, st.to, func(*conn) string { return st.relay(c.jid.String(), st.to.String()) })
}

// deliver sends an account's presence to a connected resource, or to each that
// is available of an account (RFC 6121 section 8.5), unless either blocks the
// other or a server between them is not there.
func (s *Server) deliver(from *account, to jid.JID, presence func(to *conn) string) {
	a := s.accounts[to.Bare().String()]
	if from.blocks(to) || a.blocks(from.jid) || s.gone(from.jid) || s.gone(to) {
		return
	}
	if a == nil {
		s.deliverComponent(to, presence)
		return
	}
	if to.Resourcepart() != "" {
		if c := a.conns[to.Resourcepart()]; c != nil {
			c.send(presence(c))
		}
		return
	}
	for _, c := range a.online() {
		c.sendAccount(presence(c))
	}
}

// atLogin is what the server's own probe of a contact brings at login.
func (s *Server) atLogin(c *conn, contact jid.JID) {
	a := s.accounts[contact.String()]
	b := s.behaviour(contact.Domainpart())
	switch {
	case s.components[contact.Domainpart()] != nil:
		s.probeComponent(c, contact)
	case a == nil || !a.shows(c.jid) || a.blocks(c.jid) || c.account.blocks(contact) || s.gone(contact):
	case len(a.online()) > 0:
		for _, other := range a.online() {
			c.send(other.replay(c.jid, b.Online))
		}
	case b.Ghosts && len(a.conns) > 0:
		for _, other := range a.sorted() {
			c.send(element("presence", "", "from", other.jid.String(), "to", c.jid.String()))
		}
	case b.AtLogin:
		c.sendAll(a.absent(c.jid, b.Offline))
	}
}
