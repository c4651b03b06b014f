package responder

import (
	"encoding/xml"
	"strconv"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/commands"
	"mellium.im/xmpp/disco"
	"mellium.im/xmpp/disco/info"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/delay"
	"example.org/lastpresence/internal/wire/lastactivity"
)

// available is the presence with the component's start time (XEP-0318 section
// 3.2).
func (r *Responder) available(to jid.JID, id string) xml.TokenReader {
	return stanza.Presence{ID: id, From: r.host, To: to}.Wrap(
		delay.Delay{From: r.host, Stamp: r.since}.TokenReader())
}

// uptime answers a query for last activity (XEP-0012 section 5).
func (r *Responder) uptime(iq stanza.IQ) xml.TokenReader {
	return iq.Result(lastActivity(time.Since(r.since), ""))
}

func lastActivity(ago time.Duration, status string) xml.TokenReader {
	seconds := strconv.FormatInt(int64(max(ago, 0)/time.Second), 10)
	return xmlstream.Wrap(text(status), xml.StartElement{
		Name: xml.Name{Space: lastactivity.NS, Local: "query"},
		Attr: []xml.Attr{{Name: xml.Name{Local: "seconds"}, Value: seconds}},
	})
}

// text returns a text node, or nothing if s is empty.
func text(s string) xml.TokenReader {
	if s == "" {
		return nil
	}
	return xmlstream.Token(xml.CharData(s))
}

// info answers what the component is and supports (XEP-0030 section 3).
func (r *Responder) info(iq stanza.IQ, node string) xml.TokenReader {
	answer := disco.Info{
		InfoQuery: disco.InfoQuery{Node: node},
		Identity:  []info.Identity{r.cfg.identity},
		Features:  []info.Feature{{Var: disco.NSInfo}, {Var: disco.NSItems}, {Var: lastactivity.NS}, {Var: NS}},
	}
	if len(r.cfg.admins) > 0 {
		answer.Features = append(answer.Features, info.Feature{Var: commands.NS})
	}
	if node == NodeBuddy {
		answer.Identity = []info.Identity{{Category: "automation", Type: "command-node", Name: commandName}}
		answer.Features = []info.Feature{{Var: commands.NS}, {Var: "jabber:x:data"}}
	}
	return iq.Result(answer.TokenReader())
}
