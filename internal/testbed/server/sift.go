package server

import (
	"encoding/xml"

	"mellium.im/xmpp/stanza"
)

const nsSift = "urn:xmpp:sift:2"

// siftFeatures say that presence is sifted, by its recipient only.
var siftFeatures = []string{
	nsSift, "urn:xmpp:sift:stanzas:presence", "urn:xmpp:sift:senders:all",
	"urn:xmpp:sift:recipients:all", "urn:xmpp:sift:recipients:bare", "urn:xmpp:sift:recipients:full",
}

// sift takes the rules of a resource (XEP-0273 section 3.3). Presence that
// contacts broadcast counts as addressed to the account, and the answers to
// probes to the resource. When presence is wanted again, that of all contacts
// is sent, and then the answer.
func (s *Server) sift(c *conn, st stanzaIn) {
	var iq struct {
		Sift struct {
			Rules []struct {
				XMLName   xml.Name
				Recipient string `xml:"recipient,attr"`
				Sender    string `xml:"sender,attr"`
				Payloads  []struct {
					XMLName xml.Name
				} `xml:",any"`
			} `xml:",any"`
		} `xml:"urn:xmpp:sift:2 sift"`
	}
	st.decode(&iq)
	rule := ""
	for _, r := range iq.Sift.Rules {
		if r.XMLName != (xml.Name{Space: nsSift, Local: "presence"}) || r.Sender != "" && r.Sender != "all" || len(r.Payloads) > 0 {
			c.refuse(st, Refusal{Type: stanza.Cancel, Condition: stanza.FeatureNotImplemented})
			return
		}
		switch rule = r.Recipient; rule {
		case "":
			rule = "all"
		case "all", "bare", "full":
		default:
			c.refuse(st, Refusal{Type: stanza.Modify, Condition: stanza.BadRequest})
			return
		}
	}
	if before := c.filter.sift(rule); before != "" && rule == "" && c.available {
		for _, it := range c.account.items() {
			if it.to {
				s.atLogin(c, it.jid)
			}
		}
	}
	c.result(st, "")
}

// sift sets the rule, and returns the one before.
func (f *filter) sift(rule string) (before string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, f.sifted = f.sifted, rule
	return before
}
