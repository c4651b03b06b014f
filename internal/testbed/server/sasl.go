package server

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
)

const nsSASL = "urn:ietf:params:xml:ns:xmpp-sasl"

// sasl is the PLAIN mechanism (RFC 4616), from the server's side. It puts who
// has logged in into user.
func (s *Server) sasl(user *jid.JID) xmpp.StreamFeature {
	var necessary xmpp.SessionState
	if s.cfg.TLS != nil {
		necessary = xmpp.Secure
	}
	return xmpp.StreamFeature{
		Name:       xml.Name{Space: nsSASL, Local: "mechanisms"},
		Necessary:  necessary,
		Prohibited: xmpp.Authn,
		List: func(_ context.Context, w xmlstream.TokenWriter, start xml.StartElement) (bool, error) {
			plain := xmlstream.Wrap(xmlstream.Token(xml.CharData("PLAIN")), xml.StartElement{Name: xml.Name{Local: "mechanism"}})
			_, err := xmlstream.Copy(w, xmlstream.Wrap(plain, start))
			return true, err
		},
		Negotiate: func(_ context.Context, session *xmpp.Session, _ any) (xmpp.SessionState, io.ReadWriter, error) {
			r := session.TokenReader()
			defer r.Close()
			var auth struct {
				Mechanism string `xml:"mechanism,attr"`
				Payload   string `xml:",chardata"`
			}
			if err := xml.NewTokenDecoder(r).Decode(&auth); err != nil {
				return 0, nil, err
			}
			j, failure := s.authenticate(session.LocalAddr(), auth.Mechanism, auth.Payload)
			if failure != "" {
				_, _ = fmt.Fprintf(session.Conn(), `<failure xmlns='%s'><%s/></failure></stream:stream>`, nsSASL, failure)
				return 0, nil, fmt.Errorf("server: login refused: %s", failure)
			}
			*user = j
			_, err := fmt.Fprintf(session.Conn(), `<success xmlns='%s'/>`, nsSASL)
			return xmpp.Authn, session.Conn(), err
		},
	}
}

// authenticate returns the account that a message of a mechanism proves, or the
// failure to be told (RFC 6120 section 6.5).
func (s *Server) authenticate(host jid.JID, mechanism, payload string) (j jid.JID, failure string) {
	if mechanism != "PLAIN" {
		return jid.JID{}, "invalid-mechanism"
	}
	b, err := base64.StdEncoding.DecodeString(payload)
	if err != nil {
		return jid.JID{}, "incorrect-encoding"
	}
	parts := bytes.Split(b, []byte{0})
	if len(parts) != 3 {
		return jid.JID{}, "malformed-request"
	}
	j, err = jid.New(string(parts[1]), host.Domainpart(), "")
	if err != nil {
		return jid.JID{}, "not-authorized"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch a := s.accounts[j.String()]; {
	case a == nil || a.password != string(parts[2]):
		return jid.JID{}, "not-authorized"
	case len(parts[0]) > 0 && string(parts[0]) != j.String():
		return jid.JID{}, "invalid-authzid"
	}
	return j, ""
}
