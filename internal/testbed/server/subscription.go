package server

import "mellium.im/xmpp/jid"

// subscription carries out what an account decides on its own and a contact's
// presence (RFC 6121 section 3): on its roster, and on the contact's. Only the
// type, id and children of the stanza count.
func (s *Server) subscription(own *account, contact jid.JID, st stanzaIn) {
	if contact.Equal(own.jid) {
		return
	}
	st.name = "presence"
	it := own.item(contact)
	before := *it
	goesOn := it.sent(st.typ)
	if it.listed && before.xml() != it.xml() || it.listed != before.listed {
		s.push(own, it)
	}
	if !goesOn {
		return
	}
	if st.typ == "unsubscribed" && before.from {
		s.showGone(own, contact)
	}
	s.receive(own, contact, st)
	if st.typ == "subscribed" {
		s.grant(own, contact)
	}
}

// receive carries out the contact's side.
func (s *Server) receive(own *account, contact jid.JID, st stanzaIn) {
	other := s.accounts[contact.String()]
	if other == nil {
		s.deliverComponent(contact, func(*conn) string { return st.relay(own.jid.String(), contact.String()) })
		return
	}
	it := other.item(own.jid)
	before := *it
	show, grant := it.received(st.typ)
	to := other.interested()
	if st.typ == "subscribe" {
		to = other.online()
	}
	if show {
		it.request = st.inner()
		for _, c := range to {
			c.send(st.relay(own.jid.String(), other.jid.String()))
		}
	}
	if it.listed && before.xml() != it.xml() {
		s.push(other, it)
	}
	if grant {
		s.receive(other, own.jid, stanzaIn{name: "presence", typ: "subscribed"})
		s.grant(other, own.jid)
	}
	if st.typ == "unsubscribe" && before.from {
		s.showGone(other, own.jid)
	}
}

// requests shows a connection who has asked to see its account while nobody was
// there (RFC 6121 section 3.1.3).
func (s *Server) requests(c *conn) {
	for _, key := range sortedKeys(c.account.roster) {
		if it := c.account.roster[key]; it.asked {
			c.send(element("presence", it.request, "from", it.jid.String(), "to", c.account.jid.String(), "type", "subscribe"))
		}
	}
}

// grant shows a contact who was just granted a subscription who is online.
func (s *Server) grant(own *account, contact jid.JID) {
	kept := s.behaviour(own.jid.Domainpart()).Online
	if s.behaviour(own.jid.Domainpart()).PlainGrant {
		kept = Replay{}
	}
	s.showOnline(own, contact, kept)
}

// showOnline and showGone tell a contact that the account's resources are there,
// or no longer to be seen.
func (s *Server) showOnline(own *account, contact jid.JID, kept Replay) {
	for _, c := range own.online() {
		s.deliver(own, contact, func(to *conn) string { return c.replay(to.jid, kept) })
	}
}

func (s *Server) showGone(own *account, contact jid.JID) {
	for _, c := range own.online() {
		s.deliver(own, contact, func(to *conn) string {
			return element("presence", "", "from", c.jid.String(), "to", to.jid.String(), "type", "unavailable")
		})
	}
}
