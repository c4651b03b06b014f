package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
	"mellium.im/xmpp/stream"
)

const nsSASL = "urn:ietf:params:xml:ns:xmpp-sasl"

// handshake bounds how long a client may take to log in.
const handshake = 30 * time.Second

// negotiate makes a client's stream: StartTLS where there is a certificate,
// SASL, and resource binding (RFC 6120 sections 5 to 7).
func (s *Server) negotiate(ctx context.Context, nc net.Conn) (*xmpp.Session, jid.JID, error) {
	ctx, cancel := context.WithTimeout(ctx, handshake)
	defer cancel()
	var user string
	var bound jid.JID
	features := []xmpp.StreamFeature{
		s.sasl(&user),
		xmpp.BindCustom(func(claimed jid.JID, resource string) (j jid.JID, err error) {
			// mellium's client asks for its resource in the stream's from only.
			bound, err = s.bind(user, claimed, resource)
			return bound, err
		}),
	}
	if s.cfg.TLS != nil {
		features = append(features, xmpp.StartTLS(s.cfg.TLS))
	}
	session, err := xmpp.ReceiveSession(ctx, nc, 0, xmpp.NewNegotiator(func(*xmpp.Session, *xmpp.StreamConfig) xmpp.StreamConfig {
		return xmpp.StreamConfig{Features: features}
	}))
	return session, bound, err
}

func (s *Server) bind(user string, claimed jid.JID, resource string) (jid.JID, error) {
	bare, err := jid.Parse(user)
	if err != nil {
		return jid.JID{}, err
	}
	if resource == "" && claimed.Bare().Equal(bare) {
		resource = claimed.Resourcepart()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[user]; resource == "" || a != nil && a.conns[resource] != nil {
		resource = rand.Text()[:8]
	}
	return bare.WithResource(resource)
}

// sasl is the PLAIN mechanism (RFC 4616), from the server's side.
func (s *Server) sasl(user *string) xmpp.StreamFeature {
	var necessary xmpp.SessionState
	if s.cfg.TLS != nil {
		necessary = xmpp.Secure
	}
	return xmpp.StreamFeature{
		Name:       xml.Name{Space: nsSASL, Local: "mechanisms"},
		Necessary:  necessary,
		Prohibited: xmpp.Authn,
		List: func(_ context.Context, w xmlstream.TokenWriter, start xml.StartElement) (bool, error) {
			_, err := xmlstream.Copy(w, xmlstream.Wrap(
				xmlstream.Wrap(xmlstream.Token(xml.CharData("PLAIN")), xml.StartElement{Name: xml.Name{Local: "mechanism"}}), start))
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
			account, ok := s.authenticate(session.LocalAddr().Domainpart(), auth.Payload)
			if !ok || auth.Mechanism != "PLAIN" {
				_, _ = fmt.Fprintf(session.Conn(), `<failure xmlns='%s'><not-authorized/></failure></stream:stream>`, nsSASL)
				return 0, nil, errors.New("server: not authorized")
			}
			*user = account
			_, err := fmt.Fprintf(session.Conn(), `<success xmlns='%s'/>`, nsSASL)
			return xmpp.Authn, session.Conn(), err
		},
	}
}

// authenticate returns the account that a PLAIN message proves.
func (s *Server) authenticate(host, payload string) (string, bool) {
	b, err := base64.StdEncoding.DecodeString(payload)
	parts := bytes.Split(b, []byte{0})
	if err != nil || len(parts) != 3 {
		return "", false
	}
	j, err := jid.New(string(parts[1]), host, "")
	if err != nil {
		return "", false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[j.String()]
	return j.String(), a != nil && a.password == string(parts[2])
}

// Session returns a client's session of the account that is bound and ready,
// over a pipe inside the process. Without a resource the server makes one. The
// session is not served yet; closing its connection logs it out.
func (s *Server) Session(ctx context.Context, j jid.JID) (*xmpp.Session, error) {
	s.mu.Lock()
	a := s.accounts[j.Bare().String()]
	s.mu.Unlock()
	if a == nil {
		return nil, fmt.Errorf("server: no account %s", j.Bare())
	}
	bound, err := s.bind(j.Bare().String(), j, "")
	if err != nil {
		return nil, err
	}
	client, own := net.Pipe()
	s.accept(own, func(ctx context.Context, nc net.Conn) (*xmpp.Session, jid.JID, error) {
		session, err := xmpp.ReceiveSession(ctx, nc, xmpp.Secure|xmpp.Authn, ready(bound, false))
		return session, bound, err
	})
	return xmpp.NewSession(ctx, bound.Domain(), bound, client, xmpp.Secure|xmpp.Authn, ready(bound, true))
}

// ready exchanges stream headers and nothing else: the client's first.
func ready(client jid.JID, first bool) xmpp.Negotiator {
	return func(_ context.Context, in, out *stream.Info, session *xmpp.Session, _ any) (xmpp.SessionState, io.ReadWriter, any, error) {
		in.XMLNS, out.XMLNS = stanza.NSClient, stanza.NSClient
		steps := []func() error{
			func() error {
				_, err := fmt.Fprintf(session.Conn(), `<stream:stream xmlns='%s' xmlns:stream='%s' version='1.0'>`, stanza.NSClient, stream.NS)
				return err
			},
			func() error {
				r := session.TokenReader()
				defer r.Close()
				_, err := r.Token()
				return err
			},
		}
		if !first {
			steps[0], steps[1] = steps[1], steps[0]
			in.From, out.To = client, client
		}
		if err := steps[0](); err != nil {
			return 0, nil, nil, err
		}
		return xmpp.Ready, nil, nil, steps[1]()
	}
}
