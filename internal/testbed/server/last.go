package server

import (
	"strconv"
	"time"

	"mellium.im/xmpp/stanza"
)

// last answers a query for last activity (XEP-0012) as the behaviour of the
// asked domain says.
func (s *Server) last(c *conn, st stanzaIn) string {
	to := st.to
	if st.own(c) {
		to = c.account.jid
	}
	a := s.accounts[to.String()]
	b := s.behaviour(to.Domainpart()).Last
	switch {
	case !b.Known:
		return unavailable.stanza(c, st)
	case to.Localpart() == "":
		return c.lastXML(st, time.Since(s.started), "")
	case a == nil || !st.own(c) && !a.shows(c.jid):
		return b.Stranger.stanza(c, st)
	case len(a.conns) > 0 && !b.Stale:
		return c.lastXML(st, 0, "")
	case !a.left.at.IsZero():
		return c.lastXML(st, time.Since(a.left.at), a.left.status)
	}
	switch b.Never {
	case NeverZero:
		return c.lastXML(st, 0, "")
	case NeverMinusOne:
		return c.lastXML(st, -time.Second, "")
	case NeverRegistered:
		return c.lastXML(st, time.Since(a.made), "Registered but didn't login")
	}
	return Refusal{Type: stanza.Cancel, Condition: stanza.ItemNotFound}.stanza(c, st)
}

func (c *conn) lastXML(st stanzaIn, ago time.Duration, status string) string {
	return element("iq", element("query", escape(status), "xmlns", nsLast, "seconds", strconv.Itoa(int(ago.Seconds()))),
		c.reply(st, "result")...)
}
