// Package csi implements the client's side of client state indication
// (XEP-0352): telling the server whether the user is looking at the client.
// What the server does with it is up to the server; those that were measured
// hold presence back until the client is active again.
//
// Neither element has an answer, and every stream begins active, a resumed one
// as well (section 5.2). Package roster uses this package.
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

// Offered reports whether the server offered the feature when the stream was
// negotiated (section 4.1). It returns false for a session whose negotiation
// has no stream features.
func Offered(s *xmpp.Session) bool {
	_, ok := s.Feature(NS)
	return ok
}

// Active returns the element that says that the user is looking at the client.
func Active() xml.TokenReader { return element("active") }

// Inactive returns the element that says that the user is not.
func Inactive() xml.TokenReader { return element("inactive") }

func element(local string) xml.TokenReader {
	return xmlstream.Wrap(nil, xml.StartElement{Name: xml.Name{Space: NS, Local: local}})
}

// Indicate sends one of the elements, followed by the given stanzas in the same
// flush. It returns when they are written, ctx ends, or the session fails.
func Indicate(ctx context.Context, s *xmpp.Session, active bool, behind ...xml.TokenReader) error {
	state := Inactive()
	if active {
		state = Active()
	}
	return request.Send(ctx, s, append([]xml.TokenReader{state}, behind...)...)
}
