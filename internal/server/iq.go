package server

import (
	"fmt"
	"strings"
	"time"

	"mellium.im/xmpp/stanza"
)

// iq answers or routes a query (RFC 6120 section 8.2.3). Every one is answered.
func (s *Server) iq(c *conn, st stanzaIn) {
	query, _ := st.first()
	own := st.to.String() == "" || st.to.Equal(c.account.jid)
	host := st.to.Localpart() == "" && !own
	defer c.flushLate()
	switch {
	case st.typ == "result" || st.typ == "error":
		s.route(c, st)
	case host && !s.serves(st.to.Domainpart()):
		c.refuse(st, orUnavailable(s.behaviour(c.jid.Domainpart()).Unreachable))
	case !own && st.to.Resourcepart() != "":
		s.route(c, st)
	case query.Name.Space == "jabber:iq:last" && st.typ == "get":
		s.count(c, "last")
		s.last(c, st, own, host)
	case query.Name.Space == "jabber:iq:roster" && own:
		s.roster(c, st)
	case query.Name.Space == "urn:xmpp:ping" && (own || host):
		c.result(st, "")
	case query.Name.Space == "http://jabber.org/protocol/disco#info" && host:
		c.result(st, s.features(st.to.Domainpart()))
	case query.Name.Space == "http://jabber.org/protocol/disco#items" && host:
		c.result(st, `<query xmlns='http://jabber.org/protocol/disco#items'/>`)
	default:
		c.refuse(st, stanza.ServiceUnavailable)
	}
}

// route hands an IQ to the resource that it is for.
func (s *Server) route(c *conn, st stanzaIn) {
	if a := s.accounts[st.to.Bare().String()]; a != nil {
		if to := a.conns[st.to.Resourcepart()]; to != nil {
			to.send(fmt.Sprintf(`<iq%s>%s</iq>`,
				attrs("from", c.jid.String(), "to", st.to.String(), "type", st.typ, "id", st.id), st.inner()))
			return
		}
	}
	if st.typ == "get" || st.typ == "set" {
		c.refuse(st, stanza.ServiceUnavailable)
	}
}

// last answers a query for last activity (XEP-0012).
func (s *Server) last(c *conn, st stanzaIn, own, host bool) {
	if own {
		if s.behaviour(c.jid.Domainpart()).LastActivity {
			c.result(st, lastXML(0, ""))
		} else {
			c.refuse(st, stanza.ServiceUnavailable)
		}
		return
	}
	b := s.behaviour(st.to.Domainpart())
	a := s.accounts[st.to.Bare().String()]
	switch {
	case !s.serves(st.to.Domainpart()):
		c.refuse(st, orUnavailable(s.behaviour(c.jid.Domainpart()).Unreachable))
	case !b.LastActivity:
		c.refuse(st, stanza.ServiceUnavailable)
	case host:
		c.result(st, lastXML(time.Since(s.started), ""))
	case a == nil || !a.shows(c.jid):
		c.refuse(st, b.LastRefused)
	case len(a.online()) > 0 && !(b.LastStale && !a.left.at.IsZero()):
		c.result(st, lastXML(0, ""))
	case a.left.at.IsZero() && b.LastUnknown != "":
		c.refuse(st, b.LastUnknown)
	case a.left.at.IsZero():
		c.result(st, lastXML(0, ""))
	default:
		c.result(st, lastXML(time.Since(a.left.at), a.left.status))
	}
}

func lastXML(ago time.Duration, status string) string {
	return fmt.Sprintf(`<query xmlns='jabber:iq:last' seconds='%d'>%s</query>`, int(ago.Seconds()), escape(status))
}

// roster answers with the whole roster, or takes a new name for a contact.
func (s *Server) roster(c *conn, st stanzaIn) {
	if st.typ == "get" {
		s.count(c, "roster")
		var b strings.Builder
		for _, it := range c.account.items() {
			b.WriteString(it.xml())
		}
		c.result(st, `<query xmlns='jabber:iq:roster'>`+b.String()+`</query>`)
		return
	}
	c.refuse(st, stanza.NotAllowed)
}

func (s *Server) features(host string) string {
	var b strings.Builder
	b.WriteString(`<query xmlns='http://jabber.org/protocol/disco#info'><identity category='server' type='im' name='lastpresence'/>`)
	features := []string{"http://jabber.org/protocol/disco#info", "jabber:iq:roster", "urn:xmpp:ping"}
	if s.behaviour(host).LastActivity {
		features = append(features, "jabber:iq:last")
	}
	for _, f := range features {
		fmt.Fprintf(&b, `<feature var='%s'/>`, f)
	}
	b.WriteString(`</query>`)
	return b.String()
}

func (c *conn) result(st stanzaIn, payload string) {
	c.send(fmt.Sprintf(`<iq type='result'%s>%s</iq>`, attrs("from", st.to.String(), "to", c.jid.String(), "id", st.id), payload))
}

func (c *conn) refuse(st stanzaIn, condition stanza.Condition) {
	c.send(fmt.Sprintf(`<iq type='error'%s>%s</iq>`, attrs("from", st.to.String(), "to", c.jid.String(), "id", st.id), errorXML(condition)))
}

func orUnavailable(condition stanza.Condition) stanza.Condition {
	if condition == "" {
		return stanza.ServiceUnavailable
	}
	return condition
}
