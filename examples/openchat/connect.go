package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"mellium.im/sasl"
	"mellium.im/xmpp"
	"mellium.im/xmpp/dial"
	"mellium.im/xmpp/jid"
)

// connect opens a session as the command line says.
func connect(ctx context.Context, set settings) (*xmpp.Session, error) {
	account, err := jid.Parse(set.jid)
	if err != nil {
		return nil, fmt.Errorf("no address: %w", err)
	}
	if account.Localpart() == "" {
		return nil, errors.New("the address of an account has the form user@server")
	}
	trust := &tls.Config{
		ServerName:         account.Domainpart(),
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: set.tls == "insecure",
	}
	conn, err := dialServer(ctx, set, account)
	if err != nil {
		return nil, err
	}
	// Negotiation may take no notice of the context while it reads.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	features := []xmpp.StreamFeature{
		xmpp.SASL("", set.password, sasl.ScramSha256, sasl.ScramSha1, sasl.Plain),
		xmpp.BindResource(),
	}
	var state xmpp.SessionState
	switch set.tls {
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

func dialServer(ctx context.Context, set settings, account jid.JID) (net.Conn, error) {
	if set.addr != "" {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", set.addr)
	}
	d := dial.Dialer{NoTLS: set.tls != "direct"}
	return d.Dial(ctx, "tcp", account)
}
