// Command webchat is a small web chat gateway: users log in on a page with their
// XMPP address and password, see their contacts with presence and last-seen times,
// and chat. The gateway keeps an XMPP session for each browser.
//
// Without flags it starts an XMPP server inside the program, with contacts who
// come, go and answer. With -addr or -domain it serves users of real servers:
//
//	webchat -domain capulet.lit,montague.lit -store postgres://…
//
// What is known of contacts survives a restart in the store. Any number of
// processes may share one, behind any balancer that keeps a browser on one of them.
// Passwords are in memory only, for reconnecting. The process serves its metrics at
// /metrics, to the machine it runs on.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"
	_ "time/tzdata" // browsers name any time zone

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/examples/internal/account"
	"example.org/lastpresence/examples/internal/command"
)

type session = *xmpp.Session

// settings is what the command line says.
type settings struct {
	listen   string
	proxy    bool
	addr     string
	tls      string
	domains  []string // whose users may log in; empty: all
	store    string
	idle     time.Duration
	sessions int
	logins   int
}

// demo reports whether the embedded server is used.
func (set settings) demo() bool { return set.addr == "" && len(set.domains) == 0 }

func main() {
	command.Main("webchat", run)
}

// run serves the page until the context ends.
func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	set, err := parse(args, errOut)
	if err != nil {
		return err
	}
	connect := func(ctx context.Context, who jid.JID, password string) (session, error) {
		return account.Connect(ctx, account.Settings{JID: who.String(), Password: password, Addr: set.addr, TLS: set.tls})
	}
	if set.demo() {
		d := newDemo()
		defer d.close()
		connect = d.connect
	}
	m := newMetrics()
	store, closeStore, err := openStore(ctx, set.store, m)
	if err != nil {
		return err
	}
	defer func() { _ = closeStore() }()
	g := newGateway(set, connect, store, m, slog.New(slog.NewTextHandler(errOut, nil)))
	listener, err := net.Listen("tcp", set.listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "http://%s/\n", listener.Addr())
	if set.demo() {
		fmt.Fprintf(out, "log in as %s with the password %s\n", demoUser, demoPassword)
	}
	return g.serve(ctx, listener)
}

// serve serves HTTP until the context ends, and then logs all users out.
func (g *gateway) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           g.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          slog.NewLogLogger(g.log.Handler(), slog.LevelDebug),
	}
	swept := make(chan struct{})
	go func() {
		defer close(swept)
		g.sweep(ctx)
	}()
	stop := context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
		_ = server.Close()
	})
	defer stop()
	err := server.Serve(listener)
	if ctx.Err() != nil {
		err = nil
	}
	g.close()
	if err == nil {
		<-swept
	}
	return err
}

func parse(args []string, errOut io.Writer) (settings, error) {
	var set settings
	var domains string
	flags := command.NewFlags("webchat", "")
	flags.StringVar(&set.listen, "listen", "127.0.0.1:8080", "the `host:port` at which the page is served")
	flags.BoolVar(&set.proxy, "proxy", false, "a reverse proxy serves the page over HTTPS and sets X-Forwarded-For")
	flags.StringVar(&set.addr, "addr", "", "the XMPP server's `host:port` or WebSocket URL (default: looked up for the user's domain)")
	flags.StringVar(&set.tls, "tls", "starttls", "`how` to encrypt to it: starttls, direct, insecure (StartTLS with any certificate) or none")
	flags.StringVar(&domains, "domain", "", "the `domains` whose users may log in, separated by commas (default: all, where -addr is given)")
	flags.StringVar(&set.store, "store", os.Getenv("WEBCHAT_STORE"), "`where` to keep what is known: a folder, an SQLite file (.db) or postgres://… (default: $WEBCHAT_STORE, else nowhere)")
	flags.DurationVar(&set.idle, "idle", 15*time.Minute, "the `time` after which a session without a browser is ended")
	flags.IntVar(&set.sessions, "sessions", 10_000, "how `many` users may be logged in")
	flags.IntVar(&set.logins, "logins", 20, "how `many` logins an IP address may try per minute")
	if err := flags.Parse(args, errOut); err != nil {
		return set, err
	}
	for domain := range strings.SplitSeq(domains, ",") {
		if domain = strings.TrimSpace(domain); domain == "" {
			continue
		}
		j, err := jid.Parse(domain)
		if err != nil || j.Domain().String() != j.String() {
			return set, flags.Wrong("-domain: %q is not the name of a server", domain)
		}
		set.domains = append(set.domains, j.String())
	}
	check := account.Settings{JID: "nobody@example.org", Addr: set.addr, TLS: set.tls}
	switch err := check.Check(); {
	case err != nil:
		return set, flags.Wrong("%w", err)
	case set.idle < time.Second || set.sessions < 1 || set.logins < 1:
		return set, flags.Wrong("-idle, -sessions and -logins: want more than nothing")
	case !set.proxy && !local(set.listen):
		return set, flags.Wrong("-listen %s: passwords would travel in the clear; -proxy says that a proxy in front encrypts", set.listen)
	}
	return set, nil
}

// local reports whether only programs on this machine can connect to an address.
func local(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		return true // listening says what is wrong
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
