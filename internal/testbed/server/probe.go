package server

import (
	"strings"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/delay"
)

// probe answers a presence probe as the behaviour of the asked domain says.
func (s *Server) probe(c *conn, st stanzaIn) []Answer {
	b := s.behaviour(st.to.Domainpart())
	a := s.accounts[st.to.Bare().String()]
	switch {
	case b.Deaf:
		return nil
	case st.own(c):
		return s.behaviour(c.jid.Domainpart()).Ourselves.presence(c, st)
	case s.rooms[st.to.Bare().String()] != nil:
		return s.rooms[st.to.Bare().String()].probe(c)
	case !s.serves(st.to.Domainpart()):
		return s.unreachable(c, st.to).presence(c, st)
	case st.to.Localpart() == "":
		return s.host(c, st, b.Host)
	case a.blocks(c.jid):
		return nil
	case a == nil:
		return b.NoAccount.presence(c, st)
	case !a.shows(c.jid):
		return b.Stranger.presence(c, st)
	case len(a.online()) > 0:
		return a.present(c, st, b)
	}
	return a.absent(c.jid, b.Offline)
}

// present is what answers for an account that is online.
func (a *account) present(c *conn, st stanzaIn, b Behaviour) []Answer {
	if !b.Online.Send {
		return nil
	}
	var answers []Answer
	for _, other := range a.online() {
		if b.OneResource && st.to.Resourcepart() != "" && !other.jid.Equal(st.to) {
			continue
		}
		answers = append(answers, Answer{XML: other.replay(c.jid, b.Online), held: b.FenceFirst})
	}
	return answers
}

// replay is a resource's last presence, for somebody.
func (c *conn) replay(to jid.JID, r Replay) string {
	return r.presence(c.presence, c.since, c.jid, "from", c.jid.String(), "to", to.String(), "id", c.id, "xml:lang", c.lang)
}

// absent is what answers for an account that is offline.
func (a *account) absent(to jid.JID, r Replay) []Answer {
	kept, content := a.left, ""
	switch r.Content {
	case Goodbye:
		content = kept.children
	case LastPresence:
		kept = a.last
		kept.id, kept.lang = "", ""
		content = kept.children
	case LastAvailable:
		kept = a.here
		content = kept.children
	}
	if !r.Send || r.NotEmpty && content == "" || r.Content == LastAvailable && kept.at.IsZero() {
		return nil
	}
	from := a.jid
	if full, err := a.jid.WithResource(kept.resource); err == nil {
		from = full
	}
	return []Answer{{XML: r.presence(content, kept.at, from, "from", a.jid.String(), "to", to.String(), "type", "unavailable", "id", kept.id, "xml:lang", kept.lang)}}
}

// host is what answers for a host.
func (s *Server) host(c *conn, st stanzaIn, r Replay) []Answer {
	if !r.Send {
		return nil
	}
	to := c.jid
	if r.ToBare {
		to = to.Bare()
	}
	return []Answer{{XML: r.presence("", s.shown(st.to.Domainpart(), s.up(st.to.Domainpart())), st.to, "from", st.to.Domainpart(), "to", to.String(), "id", st.id)}}
}

// presence formats a presence with content that was said at a time by somebody.
func (r Replay) presence(content string, at time.Time, by jid.JID, pairs ...string) string {
	if r.StampFirst {
		content = r.stamps(at, by) + content
	} else {
		content += r.stamps(at, by)
	}
	return element("presence", content, pairs...)
}

func (r Replay) stamps(at time.Time, by jid.JID) string {
	if at.IsZero() {
		return ""
	}
	var stamps, from string
	switch r.From {
	case FromHost:
		from = by.Domainpart()
	case FromResource:
		from = by.String()
	}
	at = at.UTC()
	if r.Legacy {
		stamps = element("x", "", "xmlns", delay.NSLegacy, "from", from, "stamp", at.Format("20060102T15:04:05"))
	}
	if r.Stamp {
		// Not delay.AppendDateTime, which leaves out zeros that servers write.
		layout := "2006-01-02T15:04:05"
		if r.Digits > 0 {
			layout += "." + strings.Repeat("0", r.Digits)
		}
		stamps += element("delay", escape(r.Reason), "xmlns", delay.NS, "from", from, "stamp", at.Format(layout+"Z"))
	}
	return stamps
}

// presence refuses a presence.
func (r Refusal) presence(c *conn, st stanzaIn) []Answer {
	if r.Unsubscribed {
		return []Answer{{XML: element("presence", "", "from", st.to.Bare().String(), "to", c.jid.Bare().String(), "type", "unsubscribed")}}
	}
	if r.Condition == "" {
		return nil
	}
	if r.NoID {
		st.id = ""
	}
	return []Answer{{XML: r.stanza(c, st)}}
}

// unreachable refuses what is for a domain that the server cannot reach.
func (s *Server) unreachable(c *conn, to jid.JID) Refusal {
	if s.hosts[to.Domainpart()].down {
		return notFound
	}
	return s.behaviour(c.jid.Domainpart()).Unreachable
}

// orUnavailable is for what must not be met with silence.
func (r Refusal) orUnavailable() Refusal {
	if r.Condition == "" {
		return unavailable
	}
	return r
}
