package server

import (
	"context"
	"crypto/rand"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"strings"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
	"mellium.im/xmpp/stream"
)

// negotiate makes a client's stream: StartTLS where there is a certificate,
// SASL, and resource binding (RFC 6120 sections 5 to 7).
func (s *Server) negotiate(ctx context.Context, c *conn) (*xmpp.Session, error) {
	var user jid.JID
	features := []xmpp.StreamFeature{
		s.sasl(&user),
		informs("urn:xmpp:features:rosterver", "ver"),
		informs("urn:xmpp:features:pre-approval", "sub"),
		s.csi(&user),
		xmpp.BindCustom(func(claimed jid.JID, resource string) (jid.JID, error) {
			// mellium's client asks for an empty resource here, and says the
			// one that it wants in the stream's from.
			if resource == "" && claimed.Bare().Equal(user) {
				resource = claimed.Resourcepart()
			}
			return s.bind(c, user, resource)
		}),
	}
	if s.cfg.TLS != nil {
		features = append(features, xmpp.StartTLS(s.cfg.TLS))
	}
	return xmpp.ReceiveSession(ctx, c.net, 0, xmpp.NewNegotiator(func(*xmpp.Session, *xmpp.StreamConfig) xmpp.StreamConfig {
		return xmpp.StreamConfig{Features: features}
	}))
}

// informs is a stream feature that says what the server can do, after login.
func informs(space, local string) xmpp.StreamFeature {
	return xmpp.StreamFeature{
		Name:      xml.Name{Space: space, Local: local},
		Necessary: xmpp.Authn,
		List: func(_ context.Context, w xmlstream.TokenWriter, start xml.StartElement) (bool, error) {
			_, err := xmlstream.Copy(w, xmlstream.Wrap(nil, start))
			return false, err
		},
	}
}

func newResource() string {
	return strings.ToLower(rand.Text()[:12])
}

// Session returns a client's session of the account that is bound and ready,
// over a pipe inside the process: no port, no password, no negotiation, and so
// it works in a bubble of testing/synctest. The resource is that of the
// address, if it has one and that is free, else a new one. The session is not
// served yet; closing its connection logs it out, and so does Close.
func (s *Server) Session(ctx context.Context, j jid.JID) (*xmpp.Session, error) {
	client, own := net.Pipe()
	bound := make(chan jid.JID, 1)
	accepted := s.accept(own, func(ctx context.Context, c *conn) (*xmpp.Session, error) {
		defer close(bound)
		to, err := s.bind(c, j, j.Resourcepart())
		if err != nil {
			_ = own.Close()
			return nil, err
		}
		bound <- to
		return xmpp.ReceiveSession(ctx, own, xmpp.Secure|xmpp.Authn, ready(to, false))
	})
	if !accepted {
		return nil, net.ErrClosed
	}
	to, ok := <-bound
	if !ok {
		return nil, fmt.Errorf("server: no account %s", j.Bare())
	}
	// Not by mellium, which may take notice too late, when the stream is ready.
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	session, err := xmpp.NewSession(context.WithoutCancel(ctx), to.Domain(), to, client, xmpp.Secure|xmpp.Authn, ready(to, true))
	if !stop() {
		return nil, ctx.Err()
	}
	if err != nil {
		_ = client.Close()
		return nil, err
	}
	return session, nil
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
