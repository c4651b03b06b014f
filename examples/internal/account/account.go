// Package account logs the example programs in to an XMPP account.
package account

import (
	"context"
	"crypto/tls"
	"encoding/xml"
	"fmt"
	"net"
	"strings"

	"mellium.im/sasl"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/roster"
	"mellium.im/xmpp/websocket"

	"example.org/lastpresence/examples/internal/command"
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

// Address parses the address of an account. The error says in words what is
// wrong.
func Address(s string) (jid.JID, error) {
	account, err := command.Address(s)
	if err == nil && account.Localpart() == "" {
		err = fmt.Errorf("%q is not an account: the address of an account has the form user@server", s)
	}
	return account, err
}

// Check reports what is wrong with the settings, as far as that can be seen
// without a connection.
func (set Settings) Check() error {
	if _, err := Address(set.JID); err != nil {
		return fmt.Errorf("-jid: %w", err)
	}
	_, _, socket := webSocket(set.Addr)
	if _, port, err := net.SplitHostPort(set.Addr); set.Addr != "" && !socket && (err != nil || port == "") {
		return fmt.Errorf("-addr %q: want host:port or a WebSocket's URL", set.Addr)
	}
	switch set.TLS {
	case "starttls", "direct", "insecure", "none":
		return nil
	}
	return fmt.Errorf("-tls %q: want starttls, direct, insecure or none", set.TLS)
}

// Connect opens a session. It connects through the proxy that ALL_PROXY in the
// environment names, if any. Errors are in words for the user; [ErrPassword]
// means that the login was refused.
func Connect(ctx context.Context, set Settings) (*xmpp.Session, error) {
	account, err := Address(set.JID)
	if err != nil {
		return nil, err
	}
	session, err := connect(ctx, set, account)
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err() // the connection was closed because of it
		}
		return nil, inWords(err, set, account.Domainpart())
	}
	return session, nil
}

func connect(ctx context.Context, set Settings, account jid.JID) (*xmpp.Session, error) {
	var offered offers
	config := xmpp.StreamConfig{Features: []xmpp.StreamFeature{
		noticed(xmpp.SASL("", set.Password, sasl.ScramSha256, sasl.ScramSha1, sasl.Plain), &offered.sasl),
		roster.Versioning(),
		xmpp.BindResource(),
	}}
	var secure xmpp.SessionState
	if set.TLS == "direct" || set.TLS == "none" {
		secure = xmpp.Secure // as far as SASL is concerned
	}
	negotiator := xmpp.NewNegotiator
	var conn net.Conn
	var err error
	if location, encrypted, ok := webSocket(set.Addr); ok {
		negotiator = websocket.Negotiator
		conn, err = dialWebSocket(ctx, location, account, trust(set, location.Hostname()))
		if encrypted {
			secure = xmpp.Secure
		}
	} else {
		conn, err = dial(ctx, set, account)
		if secure == 0 {
			config.Features = append(config.Features, noticed(xmpp.StartTLS(trust(set, account.Domainpart())), &offered.tls))
		}
	}
	if err != nil {
		return nil, err
	}
	// Negotiation may ignore the context while it reads.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	session, err := xmpp.NewSession(ctx, account.Domain(), account, conn, secure,
		negotiator(func(*xmpp.Session, *xmpp.StreamConfig) xmpp.StreamConfig { return config }))
	if err == nil && session.State()&xmpp.Authn != 0 {
		return session, nil
	}
	_ = conn.Close()
	switch {
	case secure == 0 && offered.sasl && !offered.tls:
		return nil, errNoTLS
	case err == nil || secure != 0 && !offered.sasl && unfinished(err):
		return nil, errNoSASL
	}
	return nil, err
}

// offers is what the server's stream features contained.
type offers struct{ sasl, tls bool }

// noticed returns a feature that sets a flag when a server offers it.
func noticed(f xmpp.StreamFeature, offered *bool) xmpp.StreamFeature {
	parse := f.Parse
	f.Parse = func(ctx context.Context, d *xml.Decoder, start *xml.StartElement) (bool, any, error) {
		*offered = true
		return parse(ctx, d, start)
	}
	return f
}

func trust(set Settings, name string) *tls.Config {
	return &tls.Config{
		ServerName:         strings.TrimSuffix(name, "."),
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: set.TLS == "insecure",
	}
}
