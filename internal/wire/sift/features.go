package sift

import (
	"encoding/xml"
	"errors"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
)

const nsInfo = "http://jabber.org/protocol/disco#info"

// errNoFeatures means that the answer was not a list of features.
var errNoFeatures = errors.New("sift: the answer has no list of features (XEP-0030 section 3.1)")

// Features are the parts of the protocol that a server supports. The zero value
// means none.
type Features struct {
	Presence bool // it sifts presence notifications
	Bare     bool // it distinguishes the bare JID from the full JID
}

// Query returns the request for the features of host (XEP-0030 section 3.1).
func Query(host jid.JID, id string) xml.TokenReader {
	return stanza.IQ{ID: id, To: host, Type: stanza.GetIQ}.Wrap(
		xmlstream.Wrap(nil, xml.StartElement{Name: xml.Name{Space: nsInfo, Local: "query"}}))
}

// ReadFeatures reads the answer to Query, an IQ whose start element has been
// read, up to and including its end. If the answer is an error it returns the
// [stanza.Error]. Features of a server that does not advertise [NS] are
// ignored.
func ReadFeatures(start *xml.StartElement, r xml.TokenReader) (Features, error) {
	var answer struct {
		answer
		Query *struct {
			Features []struct {
				Var string `xml:"var,attr"`
			} `xml:"http://jabber.org/protocol/disco#info feature"`
		} `xml:"http://jabber.org/protocol/disco#info query"`
	}
	if err := decode(start, r, &answer); err != nil {
		return Features{}, err
	}
	if err := answer.refusal(); err != nil {
		return Features{}, err
	}
	if answer.Query == nil {
		return Features{}, errNoFeatures
	}
	var f Features
	known := false
	for _, feature := range answer.Query.Features {
		switch feature.Var {
		case NS:
			known = true
		case FeaturePresence:
			f.Presence = true
		case FeatureBare:
			f.Bare = true
		}
	}
	if !known {
		return Features{}, nil
	}
	return f, nil
}
