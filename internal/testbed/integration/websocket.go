package integration

import (
	"context"
	"crypto/tls"
	"net"
	"testing"

	"golang.org/x/net/websocket"
	"mellium.im/sasl"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/roster"
	melliumws "mellium.im/xmpp/websocket"
)

// Framed is a Server whose clients come by WebSocket (RFC 7395).
type Framed struct{ *Server }

// Login implements suite.World.
func (f Framed) Login(t testing.TB, account jid.JID) *xmpp.Session {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	session, err := f.connect(ctx, account)
	if err != nil {
		t.Fatalf("log in as %s by WebSocket: %v", account, err)
	}
	return session
}

func (f Framed) connect(ctx context.Context, account jid.JID) (*xmpp.Session, error) {
	config, err := websocket.NewConfig(f.WebSocket, "https://"+account.Domainpart())
	if err != nil {
		return nil, err
	}
	config.Protocol = []string{melliumws.WSProtocol}
	config.TlsConfig = &tls.Config{RootCAs: f.certs.pool, MinVersion: tls.VersionTLS12}
	config.Dialer = new(net.Dialer)
	conn, err := config.DialContext(ctx)
	if err != nil {
		return nil, err
	}
	bind := xmpp.BindResource()
	if resource := account.Resourcepart(); resource != "" {
		bind = bindNamed(resource)
	}
	session, err := xmpp.NewSession(ctx, account.Domain(), account, conn, xmpp.Secure,
		melliumws.Negotiator(func(*xmpp.Session, *xmpp.StreamConfig) xmpp.StreamConfig {
			return xmpp.StreamConfig{Features: []xmpp.StreamFeature{
				xmpp.SASL("", Password, sasl.ScramSha1, sasl.Plain), roster.Versioning(), bind,
			}}
		}))
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return session, nil
}
