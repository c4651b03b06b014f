package server

import (
	"strconv"
	"time"

	"mellium.im/xmpp/stanza"
)

// last answers a query for last activity (XEP-0012) as the behaviour of the
// asked domain says; the empty string is silence.
func (s *Server) last(c *conn, st stanzaIn) string {
	to := st.to
	if st.own(c) {
		to = c.account.jid
	}
	a := s.accounts[to.String()]
	b := s.behaviour(to.Domainpart()).Last
	online := len(a.sorted()) > 0
	if b.Gone {
		online = len(a.online()) > 0
	}
	switch {
	case s.rooms[to.String()] != nil:
		return unavailable.stanza(c, st)
	case s.hosts[to.Domainpart()].rooms:
		return Refusal{Type: stanza.Cancel, Condition: stanza.ItemNotFound}.stanza(c, st)
	case b.Uptime && to.Localpart() == "":
		return c.lastXML(st, s.runs(to.Domainpart()), "")
	case a.blocks(c.jid):
		return s.behaviour(to.Domainpart()).Blocking.Theirs.answer(c, st)
	case !b.Known:
		return unavailable.stanza(c, st)
	case to.Localpart() == "":
		return c.lastXML(st, s.runs(to.Domainpart()), "")
	case a == nil && b.NoAccount.Condition != "":
		return b.NoAccount.stanza(c, st)
	case a == nil || !st.own(c) && !a.shows(c.jid):
		return b.Stranger.stanza(c, st)
	case online && !b.Stale:
		return c.lastXML(st, 0, "")
	case !a.logged.at.IsZero():
		return c.lastXML(st, s.now(to.Domainpart()).Sub(a.logged.at), a.logged.status)
	}
	switch b.Never {
	case NeverZero:
		return c.lastXML(st, 0, "")
	case NeverMinusOne:
		return c.lastXML(st, -time.Second, "")
	case NeverRegistered:
		return c.lastXML(st, s.now(to.Domainpart()).Sub(a.made), "Registered but didn't login")
	case NeverUnavailable:
		return unavailable.stanza(c, st)
	}
	return Refusal{Type: stanza.Cancel, Condition: stanza.ItemNotFound}.stanza(c, st)
}

// answer refuses a query, with silence where there is no condition.
func (r Refusal) answer(c *conn, st stanzaIn) string {
	if r.Condition == "" {
		return ""
	}
	return r.stanza(c, st)
}

func (c *conn) lastXML(st stanzaIn, ago time.Duration, status string) string {
	seconds := strconv.Itoa(int(ago.Seconds()))
	if c.srv.behaviour(st.to.Domainpart()).Last.Decimals {
		seconds += ".0"
	}
	return element("iq", element("query", escape(status), "xmlns", nsLast, "seconds", seconds),
		c.reply(st, "result")...)
}
