// Package account logs the example programs in to an XMPP account.
package account

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/net/proxy"
	"mellium.im/sasl"
	"mellium.im/xmpp"
	"mellium.im/xmpp/dial"
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
	// none.
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
	trust := &tls.Config{
		ServerName:         account.Domainpart(),
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: set.TLS == "insecure",
	}
	features := []xmpp.StreamFeature{
		xmpp.SASL("", set.Password, sasl.ScramSha256, sasl.ScramSha1, sasl.Plain),
		roster.Versioning(),
		xmpp.BindResource(),
	}
	if strings.HasPrefix(set.Addr, "ws://") || strings.HasPrefix(set.Addr, "wss://") {
		origin := "https://" + account.Domainpart()
		conn, err := websocket.DialDirect(ctx, origin, set.Addr)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		defer stop()
		return websocket.NewClient(ctx, origin, set.Addr, account, conn, features...)
	}
	conn, err := dialServer(ctx, set, account)
	if err != nil {
		return nil, err
	}
	// Negotiation may take no notice of the context while it reads.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	var state xmpp.SessionState
	switch set.TLS {
	case "direct":
		secure := tls.Client(conn, trust)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, err
		}
		conn = secure
		state = xmpp.Secure
	case "none":
		state = xmpp.Secure // as far as SASL is concerned
	default:
		features = append(features, xmpp.StartTLS(trust))
	}
	session, err := xmpp.NewSession(ctx, account.Domain(), account, conn, state,
		xmpp.NewNegotiator(func(*xmpp.Session, *xmpp.StreamConfig) xmpp.StreamConfig {
			return xmpp.StreamConfig{Features: features}
		}))
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

func dialServer(ctx context.Context, set Settings, account jid.JID) (net.Conn, error) {
	switch addr := set.Addr; {
	case addr != "":
		return proxy.Dial(ctx, "tcp", addr)
	case os.Getenv("ALL_PROXY") != "" || os.Getenv("all_proxy") != "":
		// SRV records are not asked for behind the proxy's back.
		port := "5222"
		if set.TLS == "direct" {
			port = "5223"
		}
		return proxy.Dial(ctx, "tcp", net.JoinHostPort(account.Domainpart(), port))
	}
	d := dial.Dialer{NoTLS: set.TLS != "direct"}
	return d.Dial(ctx, "tcp", account)
}
