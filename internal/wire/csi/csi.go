// Package csi is client state indication (XEP-0352) as far as a client tells
// it: whether anybody looks at it. What the server makes of that is its own
// affair; those that were measured hold presence back until the client is
// active again.
//
// There is no answer to either element, and a stream always begins active,
// one that was resumed as well (section 5.2).
//
// Package roster uses it.
package csi

import (
	"context"
	"encoding/xml"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"

	"example.org/lastpresence/internal/wire/request"
)

// NS is the namespace of the feature and of both elements.
const NS = "urn:xmpp:csi:0"

// Offered tells whether the server offered client states as the stream was
// negotiated (section 4.1). A session whose negotiation knows no stream
// features was offered none.
func Offered(s *xmpp.Session) bool {
	_, ok := s.Feature(NS)
	return ok
}

// Active returns the element that says that somebody looks at the client.
func Active() xml.TokenReader { return element("active") }

// Inactive returns the element that says that nobody does.
func Inactive() xml.TokenReader { return element("inactive") }

func element(local string) xml.TokenReader {
	return xmlstream.Wrap(nil, xml.StartElement{Name: xml.Name{Space: NS, Local: local}})
}

// Indicate sends one of the elements, and stanzas behind it in the same flush.
// It returns when they are written, the context ends, or the session fails.
func Indicate(ctx context.Context, s *xmpp.Session, active bool, behind ...xml.TokenReader) error {
	state := Inactive()
	if active {
		state = Active()
	}
	return request.Send(ctx, s, append([]xml.TokenReader{state}, behind...)...)
}
