// Package sift implements what a presence client needs of stanza interception
// (XEP-0273): asking the server to keep presence from this resource, and to
// stop doing so.
//
// # Do answers to probes get through?
//
// A rule applies to stanzas sent to the bare JID, to the full JID, or to both
// (section 3.1.3). Servers send the presence that contacts broadcast to the
// account's bare JID, and the answer to a client's own probe to the full JID
// that asked. A rule for the bare JID therefore keeps unprompted presence away
// and lets every answer through. A rule for both keeps the answers away, too.
//
// Package roster uses this package.
package sift

import (
	"encoding/xml"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
)

// NS is the namespace of the protocol, and the feature by which a server
// advertises it (section 3.2).
const NS = "urn:xmpp:sift:2"

// Further features (section 3.1), of which a server must have the first for
// this package to be of use.
const (
	FeaturePresence = "urn:xmpp:sift:stanzas:presence"
	FeatureBare     = "urn:xmpp:sift:recipients:bare"
)

// Recipient says to which JID the affected stanzas are sent. The zero value is
// Both.
type Recipient string

// The recipients.
const (
	Both Recipient = ""     // the bare and the full address, the default
	Bare Recipient = "bare" // the account
	Full Recipient = "full" // this resource
)

// Presence returns the request to keep available and unavailable presence that
// is sent to r away from this resource. It replaces all earlier rules. The
// account is the session's own.
func Presence(account jid.JID, id string, r Recipient) xml.TokenReader {
	rule := xml.StartElement{Name: xml.Name{Space: NS, Local: "presence"}}
	if r != Both {
		rule.Attr = []xml.Attr{{Name: xml.Name{Local: "recipient"}, Value: string(r)}}
	}
	return request(account, id, xmlstream.Wrap(nil, rule))
}

// Nothing returns the request to keep nothing away any longer (section 3.4).
func Nothing(account jid.JID, id string) xml.TokenReader {
	return request(account, id, nil)
}

func request(account jid.JID, id string, rules xml.TokenReader) xml.TokenReader {
	return stanza.IQ{ID: id, To: account.Bare(), Type: stanza.SetIQ}.Wrap(
		xmlstream.Wrap(rules, xml.StartElement{Name: xml.Name{Space: NS, Local: "sift"}}))
}
