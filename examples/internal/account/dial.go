package account

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"os"

	"golang.org/x/net/proxy"
	"golang.org/x/net/websocket"
	mellium "mellium.im/xmpp/dial"
	"mellium.im/xmpp/jid"
	xmppws "mellium.im/xmpp/websocket"
)

// dial connects to the account's server by TCP.
func dial(ctx context.Context, set Settings, account jid.JID) (net.Conn, error) {
	direct := set.TLS == "direct"
	addr := set.Addr
	if addr == "" && (os.Getenv("ALL_PROXY") != "" || os.Getenv("all_proxy") != "") {
		// SRV records are not asked for behind the proxy's back.
		addr = net.JoinHostPort(account.Domainpart(), "5222")
		if direct {
			addr = net.JoinHostPort(account.Domainpart(), "5223")
		}
	}
	if addr == "" {
		d := mellium.Dialer{NoTLS: !direct, TLSConfig: trust(set, account.Domainpart())}
		conn, err := d.Dial(ctx, "tcp", account)
		if _, encrypted := conn.(*tls.Conn); err == nil && direct && !encrypted {
			_ = conn.Close()
			return nil, errors.New("the server offers no direct TLS (XEP-0368)")
		}
		return conn, err
	}
	conn, err := proxy.Dial(ctx, "tcp", addr)
	if err != nil || !direct {
		return conn, err
	}
	return encrypt(ctx, conn, trust(set, account.Domainpart()))
}

func encrypt(ctx context.Context, conn net.Conn, trust *tls.Config) (net.Conn, error) {
	secure := tls.Client(conn, trust)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

// webSocket returns an address if it is the URL of a WebSocket, and whether
// that is encrypted.
func webSocket(addr string) (location *url.URL, encrypted, ok bool) {
	u, err := url.Parse(addr)
	if err != nil || u.Scheme != "wss" && u.Scheme != "ws" {
		return nil, false, false
	}
	return u, u.Scheme == "wss", true
}

// dialWebSocket connects to the account's server by WebSocket.
func dialWebSocket(ctx context.Context, location *url.URL, account jid.JID, trust *tls.Config) (net.Conn, error) {
	port := location.Port()
	if port == "" {
		port = map[string]string{"ws": "80", "wss": "443"}[location.Scheme]
	}
	config, err := websocket.NewConfig(location.String(), "https://"+account.Domainpart())
	if err != nil {
		return nil, err
	}
	config.Protocol = []string{xmppws.WSProtocol}
	conn, err := proxy.Dial(ctx, "tcp", net.JoinHostPort(location.Hostname(), port))
	if err == nil && location.Scheme == "wss" {
		conn, err = encrypt(ctx, conn, trust)
	}
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	framed, err := websocket.NewClient(config, conn)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return framed, nil
}
