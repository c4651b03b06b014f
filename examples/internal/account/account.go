// Package account logs the example programs in to an XMPP account.
package account

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"mellium.im/sasl"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/roster"
	"mellium.im/xmpp/websocket"
)

// Settings are what is needed to log in.
type Settings struct {
	JID      string
	Password string
	// Addr is the server's host:port, looked up by SRV records where it is
	// empty, or a WebSocket's URL (RFC 7395).
	Addr string
	// TLS is starttls, direct, insecure (StartTLS with any certificate) or
	// none. A WebSocket's URL says whether there is TLS, and then insecure
	// means any certificate, and none that the password may go without.
	TLS string
}

// Connect opens a session. Connections go through the proxy that ALL_PROXY in
// the environment names, if it does.
func Connect(ctx context.Context, set Settings) (*xmpp.Session, error) {
	account, err := jid.Parse(set.JID)
	if err != nil {
		return nil, fmt.Errorf("no address: %w", err)
	}
	if account.Localpart() == "" {
		return nil, errors.New("the address of an account has the form user@server")
	}
	config := xmpp.StreamConfig{Features: []xmpp.StreamFeature{
		xmpp.SASL("", set.Password, sasl.ScramSha256, sasl.ScramSha1, sasl.Plain),
		roster.Versioning(),
		xmpp.BindResource(),
	}}
	var secure xmpp.SessionState
	if set.TLS == "direct" || set.TLS == "none" {
		secure = xmpp.Secure // as far as SASL is concerned
	}
	negotiator := xmpp.NewNegotiator
	var conn net.Conn
	if location, encrypted, ok := webSocket(set.Addr); ok {
		negotiator = websocket.Negotiator
		conn, err = dialWebSocket(ctx, location, account, trust(set, location.Hostname()))
		if encrypted {
			secure = xmpp.Secure
		}
	} else {
		conn, err = dial(ctx, set, account)
		if secure == 0 {
			config.Features = append(config.Features, xmpp.StartTLS(trust(set, account.Domainpart())))
		}
	}
	if err != nil {
		return nil, err
	}
	// Negotiation may take no notice of the context while it reads.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	session, err := xmpp.NewSession(ctx, account.Domain(), account, conn, secure,
		negotiator(func(*xmpp.Session, *xmpp.StreamConfig) xmpp.StreamConfig { return config }))
	if err == nil && session.State()&xmpp.Authn == 0 {
		err = errors.New("the server offers no way to log in (SASL)")
	}
	if err != nil {
		_ = conn.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	return session, nil
}

func trust(set Settings, name string) *tls.Config {
	return &tls.Config{
		ServerName:         strings.TrimSuffix(name, "."),
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: set.TLS == "insecure",
	}
}
