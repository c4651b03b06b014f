package server

import (
	"strings"

	"mellium.im/xmpp/stanza"
)

const (
	nsLast  = "jabber:iq:last"
	nsPing  = "urn:xmpp:ping"
	nsInfo  = "http://jabber.org/protocol/disco#info"
	nsItems = "http://jabber.org/protocol/disco#items"
)

// iq answers or routes a query but for last activity. Every get and set is
// answered (RFC 6120 section 8.2.3).
func (s *Server) iq(c *conn, st stanzaIn) {
	query := st.child()
	own := st.own(c)
	host := st.to.Localpart() == "" && st.to.Resourcepart() == "" && !own
	switch {
	case st.typ == "result" || st.typ == "error":
		s.count(c, Answers)
		s.route(c, st)
	case st.typ != "get" && st.typ != "set" || query.Local == "":
		c.refuse(st, Refusal{Type: "modify", Condition: stanza.BadRequest})
	case !own && !s.serves(st.to.Domainpart()):
		c.refuse(st, s.unreachable(c, st.to).orUnavailable())
	case s.rooms[st.to.Bare().String()] != nil:
		c.refuse(st, unavailable)
	case !own && !host && s.route(c, st):
	case query.Space == nsRoster && own && st.typ == "get":
		s.rosterGet(c, st)
	case query.Space == nsRoster && own:
		s.rosterSet(c, st)
	case query.Space == nsBlocking && own && s.behaviour(c.jid.Domainpart()).Blocking.Known:
		s.blockList(c, st)
	case query.Space == nsSift && own && st.typ == "set" && s.behaviour(c.jid.Domainpart()).Sift:
		s.sift(c, st)
	case query.Space == nsPing && (own || host):
		s.count(c, Pings)
		c.result(st, "")
	case query.Space == nsInfo && host:
		c.result(st, s.info(st.to.Domainpart()))
	case query.Space == nsItems && host:
		c.result(st, element("query", "", "xmlns", nsItems))
	default:
		s.count(c, OtherQueries)
		c.refuse(st, unavailable)
	}
}

// own reports whether a stanza is for the sender's own account.
func (st stanzaIn) own(c *conn) bool {
	return st.to.String() == "" || st.to.Equal(c.account.jid)
}

// info is what a host can do (XEP-0030).
func (s *Server) info(host string) string {
	b := s.behaviour(host)
	features := []string{nsInfo, nsItems, nsRoster, nsPing}
	if b.Blocking.Known {
		features = append(features, nsBlocking)
	}
	if b.Last.Known || b.Last.Uptime {
		features = append(features, nsLast)
	}
	if b.Sift {
		features = append(features, siftFeatures...)
	}
	var inner strings.Builder
	inner.WriteString(element("identity", "", "category", "server", "type", "im", "name", b.Name))
	for _, f := range features {
		inner.WriteString(element("feature", "", "var", f))
	}
	return element("query", inner.String(), "xmlns", nsInfo)
}

func (c *conn) result(st stanzaIn, payload string) {
	c.send(element("iq", payload, c.reply(st, "result")...))
}

func (c *conn) refuse(st stanzaIn, r Refusal) {
	c.send(r.stanza(c, st))
}

// reply returns the attributes of an answer.
func (c *conn) reply(st stanzaIn, typ string) []string {
	from := st.to.String()
	if st.own(c) && c.srv.behaviour(c.jid.Domainpart()).OwnNameless {
		from = ""
	}
	return []string{"from", from, "to", c.jid.String(), "type", typ, "id", st.id}
}

// stanza refuses a stanza.
func (r Refusal) stanza(c *conn, st stanzaIn) string {
	return element(st.name, r.xml(), c.reply(st, "error")...)
}

func (r Refusal) xml() string {
	inner := element(string(r.Condition), "", "xmlns", stanza.NSError)
	if r.Text != "" {
		inner += element("text", escape(r.Text), "xmlns", stanza.NSError)
	}
	if r.Blocked {
		inner += element("blocked", "", "xmlns", nsBlocking+":errors")
	}
	return element("error", inner, "type", string(r.Type))
}
