// Package sift is stanza interception (XEP-0273) as far as a client of
// presence needs it: have the server keep presence notifications from this
// resource, and have it stop keeping them.
//
// # Whether the answer to a probe gets through
//
// A rule says whether it is about stanzas to the bare address, to the full one,
// or both (section 3.1.3). Servers address presence that contacts broadcast to
// the bare address of the account, and the answer to a client's own probe to
// the full address that asked. So a rule about the bare address keeps away what
// nobody asked for, and lets every answer through; a rule about both keeps the
// answers away as well.
//
// Package roster uses it.
package sift

import (
	"encoding/xml"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
)

// NS is the namespace of the protocol, and the feature that a server
// advertises for it (section 3.2).
const NS = "urn:xmpp:sift:2"

// Further features (section 3.1), of which a server must have the first for
// this package to be of use.
const (
	FeaturePresence = "urn:xmpp:sift:stanzas:presence"
	FeatureBare     = "urn:xmpp:sift:recipients:bare"
)

// Recipient says of which address a rule is. The zero value is Both.
type Recipient string

// The recipients.
const (
	Both Recipient = ""     // the bare and the full address, the default
	Bare Recipient = "bare" // the account
	Full Recipient = "full" // this resource
)

// Presence returns the request to keep presence notifications, available and
// unavailable, that are addressed to r away from this resource. It replaces
// whatever rules were set before. account is the own account.
func Presence(account jid.JID, id string, r Recipient) xml.TokenReader {
	rule := xml.StartElement{Name: xml.Name{Space: NS, Local: "presence"}}
	if r != Both {
		rule.Attr = []xml.Attr{{Name: xml.Name{Local: "recipient"}, Value: string(r)}}
	}
	return request(account, id, xmlstream.Wrap(nil, rule))
}

// Nothing returns the request to keep nothing away any more (section 3.4).
func Nothing(account jid.JID, id string) xml.TokenReader {
	return request(account, id, nil)
}

func request(account jid.JID, id string, rules xml.TokenReader) xml.TokenReader {
	return stanza.IQ{ID: id, To: account.Bare(), Type: stanza.SetIQ}.Wrap(
		xmlstream.Wrap(rules, xml.StartElement{Name: xml.Name{Space: NS, Local: "sift"}}))
}
