package server

import (
	"fmt"
	"strings"
	"time"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/delay"
)

// probe answers a presence probe as the behaviour of the asked domain says.
func (s *Server) probe(c *conn, st stanzaIn) {
	to := st.to.Bare()
	b := s.behaviour(to.Domainpart())
	a := s.accounts[to.String()]
	switch {
	case !s.serves(to.Domainpart()):
		presenceError(c, st, s.behaviour(c.jid.Domainpart()).Unreachable)
	case to.Localpart() == "":
		s.host(c, st, b)
	case to.Equal(c.account.jid):
		if b.Ourselves != "" {
			c.send(fmt.Sprintf(`<presence type='error'%s>%s</presence>`, attrs("id", st.id), errorXML(b.Ourselves)))
		}
	case a == nil || !a.shows(c.jid):
		presenceError(c, st, b.Refused)
		if b.Unsubscribed {
			c.send(fmt.Sprintf(`<presence type='unsubscribed'%s/>`, attrs("from", to.String(), "to", c.jid.Bare().String())))
		}
	case len(a.online()) > 0:
		s.replayAll(c, a, b, st.to.Resourcepart())
	case b.Offline.Send:
		c.send(a.absence(c.jid.String(), b.Offline))
	}
}

// replayAll sends the presence of every resource; behind what comes next, where
// the fence is first.
func (s *Server) replayAll(c *conn, a *account, b Behaviour, resource string) {
	if !b.Online.Send {
		return
	}
	for _, other := range a.online() {
		if b.OneResource && resource != "" && other.jid.Resourcepart() != resource {
			continue
		}
		presence := other.replay(c.jid.String(), b.Online)
		if b.FenceFirst {
			c.late = append(c.late, presence)
		} else {
			c.send(presence)
		}
	}
}

// flushLate sends what a query was to overtake.
func (c *conn) flushLate() {
	for _, presence := range c.late {
		c.send(presence)
	}
	c.late = nil
}

func (s *Server) host(c *conn, st stanzaIn, b Behaviour) {
	if !b.Host {
		return
	}
	host := st.to.Domain().String()
	var stamp string
	if b.HostStamp {
		stamp = delayXML(s.started, host, 0)
	}
	c.send(fmt.Sprintf(`<presence%s>%s</presence>`, attrs("from", host, "to", c.jid.Bare().String(), "id", st.id), stamp))
}

// replay is a connected resource's last presence, to somebody, with the id of
// that presence and not of the probe.
func (c *conn) replay(to string, r Replay) string {
	return fmt.Sprintf(`<presence%s>%s%s</presence>`, attrs("from", c.jid.String(), "to", to, "id", c.id),
		r.stamp(c.since, c.jid), c.presence)
}

// absence is the presence of an account that is offline.
func (a *account) absence(to string, r Replay) string {
	var status, stamp string
	if r.Status && a.left.status != "" {
		status = "<status>" + escape(a.left.status) + "</status>"
	}
	if !a.left.at.IsZero() {
		from := a.jid
		if full, err := a.jid.WithResource(a.left.resource); err == nil {
			from = full
		}
		stamp = r.stamp(a.left.at, from)
	}
	return fmt.Sprintf(`<presence%s>%s%s</presence>`, attrs("from", a.jid.String(), "to", to, "type", "unavailable"), status, stamp)
}

func (r Replay) stamp(at time.Time, j jid.JID) string {
	var s, from string
	switch r.From {
	case FromHost:
		from = j.Domainpart()
	case FromResource:
		from = j.String()
	}
	if r.Legacy {
		s = fmt.Sprintf(`<x xmlns='%s'%s/>`, delay.NSLegacy, attrs("from", from, "stamp", at.UTC().Format("20060102T15:04:05")))
	}
	if r.Stamp {
		s += delayXML(at, from, r.Digits)
	}
	return s
}

// delayXML is a stamp with a number of digits after the second. It always has
// them all, as servers write them, where [delay.AppendDateTime] leaves zeros out.
func delayXML(at time.Time, from string, digits int) string {
	layout := "2006-01-02T15:04:05"
	if digits > 0 {
		layout += "." + strings.Repeat("0", digits)
	}
	return fmt.Sprintf(`<delay xmlns='%s'%s/>`, delay.NS, attrs("from", from, "stamp", at.UTC().Format(layout+"Z")))
}

func presenceError(c *conn, st stanzaIn, condition stanza.Condition) {
	if condition != "" {
		c.send(fmt.Sprintf(`<presence type='error'%s>%s</presence>`,
			attrs("from", st.to.String(), "to", c.jid.String(), "id", st.id), errorXML(condition)))
	}
}

func errorXML(condition stanza.Condition) string {
	typ := "cancel"
	switch condition {
	case stanza.Forbidden, stanza.NotAuthorized, stanza.SubscriptionRequired:
		typ = "auth"
	case stanza.BadRequest:
		typ = "modify"
	}
	return fmt.Sprintf(`<error type='%s'><%s xmlns='%s'/></error>`, typ, condition, stanza.NSError)
}
