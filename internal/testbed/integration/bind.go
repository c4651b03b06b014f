package integration

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
)

const nsBind = "urn:ietf:params:xml:ns:xmpp-bind"

// bindNamed binds the given resource (RFC 6120 section 7.7), which mellium's
// own feature cannot ask for: it sends the element empty.
func bindNamed(resource string) xmpp.StreamFeature {
	return xmpp.StreamFeature{
		Name:       xml.Name{Space: nsBind, Local: "bind"},
		Necessary:  xmpp.Authn,
		Prohibited: xmpp.Ready,
		Parse: func(_ context.Context, d *xml.Decoder, start *xml.StartElement) (bool, interface{}, error) {
			return true, nil, d.Skip()
		},
		Negotiate: func(_ context.Context, s *xmpp.Session, _ interface{}) (xmpp.SessionState, io.ReadWriter, error) {
			bound, err := requestResource(s, resource)
			if err != nil {
				return 0, nil, fmt.Errorf("integration: bind %q: %w", resource, err)
			}
			s.UpdateAddr(bound)
			return xmpp.Ready, nil, nil
		},
	}
}

func requestResource(s *xmpp.Session, resource string) (jid.JID, error) {
	w := s.TokenWriter()
	defer w.Close()
	request := stanza.IQ{XMLName: xml.Name{Space: stanza.NSClient, Local: "iq"}, ID: "bind", Type: stanza.SetIQ}
	_, err := xmlstream.Copy(w, request.Wrap(xmlstream.Wrap(
		xmlstream.Wrap(xmlstream.Token(xml.CharData(resource)), xml.StartElement{Name: xml.Name{Local: "resource"}}),
		xml.StartElement{Name: xml.Name{Space: nsBind, Local: "bind"}},
	)))
	if err != nil {
		return jid.JID{}, err
	}
	if err := w.Flush(); err != nil {
		return jid.JID{}, err
	}
	r := s.TokenReader()
	defer r.Close()
	var answer struct {
		Type stanza.IQType `xml:"type,attr"`
		JID  jid.JID       `xml:"urn:ietf:params:xml:ns:xmpp-bind bind>jid"`
		Err  stanza.Error  `xml:"error"`
	}
	if err := xml.NewTokenDecoder(r).Decode(&answer); err != nil {
		return jid.JID{}, err
	}
	switch {
	case answer.Type == stanza.ErrorIQ:
		return jid.JID{}, answer.Err
	case answer.Type != stanza.ResultIQ:
		return jid.JID{}, errors.New("no answer to the request")
	}
	return answer.JID, nil
}
