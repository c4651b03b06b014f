package server

import "mellium.im/xmpp/stanza"

// message takes a message to the resource it is for, or to all that are
// available and have no negative priority (RFC 6121 section 8.5). Nothing is
// kept for later.
func (s *Server) message(c *conn, st stanzaIn) {
	s.count(c, Messages)
	to := st.to
	if to.String() == "" {
		to = c.account.jid
	}
	relayed := st.relay(c.jid.String(), to.String())
	delivered := false
	if a := s.accounts[to.Bare().String()]; a != nil && !a.blocks(c.jid) && !s.gone(to) {
		if one := a.conns[to.Resourcepart()]; one != nil {
			one.send(relayed)
			return
		}
		for _, other := range a.online() {
			if other.priority >= 0 && st.typ != "groupchat" && st.typ != "error" {
				other.send(relayed)
				delivered = true
			}
		}
	}
	switch {
	case delivered || st.typ == "error" || st.typ == "headline":
	case !s.serves(to.Domainpart()):
		c.send(s.unreachable(c, to).orUnavailable().stanza(c, st))
	default:
		c.send(unavailable.stanza(c, st))
	}
}

// route hands an answer or a query to the resource that it is for, and reports
// whether there is one.
func (s *Server) route(c *conn, st stanzaIn) bool {
	if a := s.accounts[st.to.Bare().String()]; a != nil && !a.blocks(c.jid) {
		if to := a.conns[st.to.Resourcepart()]; to != nil {
			to.send(st.relay(c.jid.String(), st.to.String()))
			return true
		}
	}
	return false
}

// unavailable is the answer to what the server does not know.
var unavailable = Refusal{Type: "cancel", Condition: stanza.ServiceUnavailable}
