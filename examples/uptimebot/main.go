// Command uptimebot is a component (XEP-0114) that tells everyone who probes it how
// long it has been up, and accepts users and servers as its buddies.
//
// Without flags it starts an XMPP server inside the program and shows the whole
// exchange. With -jid it connects to a real server, and again whenever that
// connection is lost, until it is interrupted:
//
//	uptimebot -jid bot.capulet.lit -addr localhost:5347 -secret … -buddies buddies.json
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/component"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/examples/internal/command"
	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe/responder"
)

func main() {
	command.Main("uptimebot", run)
}

func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	flags := command.NewFlags("uptimebot", "")
	address := flags.String("jid", "", "the component's `domain`; without it, a demo runs on an embedded server")
	addr := flags.String("addr", "localhost:5347", "the server's `host:port` for components")
	secret := flags.String("secret", "", "the `secret` shared with the server (default $XMPP_SECRET)")
	buddies := flags.String("buddies", "", "the `file` that keeps the buddies (default: they are not kept)")
	if err := flags.Parse(args, errOut); err != nil {
		return err
	}
	if *address == "" {
		if flags.NFlag() > 0 {
			return flags.Wrong("the other flags need -jid")
		}
		return show(ctx, out)
	}
	host, err := command.Address(*address)
	if err != nil {
		return flags.Wrong("-jid: %w", err)
	}
	if !host.Equal(host.Domain()) {
		return flags.Wrong("-jid: %s is not a component's address, which is a domain", host)
	}
	if *secret == "" {
		*secret = os.Getenv("XMPP_SECRET")
	}
	opts := []responder.Option{
		responder.Since(time.Now()), // the program's start, however often it connects
		responder.Failed(func(err error) { fmt.Fprintf(errOut, "uptimebot: %v\n", err) }),
	}
	var store responder.Store = new(memory)
	if *buddies != "" {
		store = responder.File(*buddies)
	}
	if _, err := store.Load(ctx); err != nil {
		return fmt.Errorf("read the buddies: %w", err)
	}
	opts = append(opts, responder.Keep(store))
	return stay(ctx, out, errOut, host, func() (*xmpp.Session, error) { return connect(ctx, host, *addr, *secret) }, opts)
}

// How long it waits before it connects again: twice as long each time, until
// it has been connected for a while.
const (
	firstWait = time.Second
	lastWait  = 30 * time.Second
)

// stay keeps the component connected until the context ends. That the first
// connection fails is an error: something is wrong with the command line.
func stay(ctx context.Context, out, errOut io.Writer, host jid.JID, connect func() (*xmpp.Session, error), opts []responder.Option) error {
	session, err := connect()
	if err != nil {
		return fmt.Errorf("connect the component %s: %w", host, err)
	}
	wait := firstWait
	for {
		if session != nil {
			since := time.Now()
			err = once(ctx, out, host, session, opts)
			if ctx.Err() != nil {
				return err
			}
			fmt.Fprintf(errOut, "uptimebot: the connection is lost: %v\n", err)
			if time.Since(since) > lastWait {
				wait = firstWait
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		wait = min(2*wait, lastWait)
		if session, err = connect(); err != nil && ctx.Err() == nil {
			fmt.Fprintf(errOut, "uptimebot: not connected, trying again in %v: %v\n", wait, err)
		}
	}
}

// once serves one connection until it ends or the context does.
func once(ctx context.Context, out io.Writer, host jid.JID, session *xmpp.Session, opts []responder.Option) error {
	defer func() { _ = session.Conn().Close() }()
	bot, served := serve(session, opts...)
	if err := bot.Start(ctx); err != nil {
		return errors.Join(err, bot.Close())
	}
	fmt.Fprintf(out, "%s is up.\n", host)
	select {
	case err := <-served:
		if err == nil {
			err = io.EOF
		}
		return errors.Join(err, bot.Close())
	case <-ctx.Done():
	}
	// The caller's context is over; this one is for telling the buddies.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return bot.Stop(ctx, "Shutting down.")
}

// memory keeps the buddies from one connection to the next.
type memory struct {
	mu      sync.Mutex
	buddies []responder.Buddy
}

func (m *memory) Load(context.Context) ([]responder.Buddy, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.buddies, nil
}

func (m *memory) Save(_ context.Context, buddies []responder.Buddy) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.buddies = buddies
	return nil
}

// connect opens a component's session.
func connect(ctx context.Context, host jid.JID, addr, secret string) (*xmpp.Session, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	// Negotiation may take no notice of the context while it reads.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	session, err := component.NewSession(ctx, host, []byte(secret), conn)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return session, nil
}

// serve answers everything that is sent to the component, and accepts every
// request to subscribe to its presence.
func serve(session *xmpp.Session, opts ...responder.Option) (*responder.Responder, <-chan error) {
	bot := responder.New(session, append([]responder.Option{
		responder.Identity("component", "bot", "Uptime"),
		responder.Requests(responder.Always(responder.Accept)),
	}, opts...)...)
	served := make(chan error, 1)
	go func() { served <- session.Serve(bot.Handler(nil)) }()
	return bot, served
}

// show plays the exchange on a server inside the program, between this
// component and a user whose stanzas are printed as they are.
func show(ctx context.Context, out io.Writer) error {
	juliet := jid.MustParse("juliet@capulet.lit/balcony")
	host := jid.MustParse("bot.capulet.lit")
	srv := server.New(server.Config{Domains: []string{"capulet.lit"}})
	defer func() { _ = srv.Close() }()
	srv.AddAccount(juliet, "")
	srv.AddComponent(host, "secret")
	addr, err := srv.ListenComponents()
	if err != nil {
		return err
	}
	session, err := connect(ctx, host, addr.String(), "secret")
	if err != nil {
		return err
	}
	up := time.Now().Add(-90 * time.Minute)
	bot, _ := serve(session, responder.Since(up))
	defer func() { _ = bot.Close() }()
	user, err := srv.Session(ctx, juliet)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = user.Conn().Close() })
	defer stop()
	stanzas := strings.NewReplacer("><presence ", ">\n  <- <presence ", "><iq ", ">\n  <- <iq ")
	ask := func(title, stanza, end string) error {
		fmt.Fprintf(out, "\n%s:\n", title)
		if stanza != "" {
			fmt.Fprintf(out, "  -> %s\n", stanza)
			if _, err := io.WriteString(user.Conn(), stanza); err != nil {
				return err
			}
		}
		got, buf := "", make([]byte, 4096)
		for !strings.Contains(got, end) {
			n, err := user.Conn().Read(buf)
			if err != nil {
				return err
			}
			got += string(buf[:n])
		}
		fmt.Fprintf(out, "  <- %s\n", stanzas.Replace(got))
		return nil
	}
	fmt.Fprintf(out, "An XMPP server runs inside this program, and the component %s has connected to it.\n", host)
	for _, step := range []struct{ title, stanza, end string }{
		{"Juliet probes it (XEP-0318)", "<presence type='probe' to='bot.capulet.lit' id='p1'/>", "</presence>"},
		{"She asks the old way (XEP-0012)", "<iq type='get' to='bot.capulet.lit' id='q1'><query xmlns='jabber:iq:last'/></iq>", "</iq>"},
		{"She asks what it can do (XEP-0030)", "<iq type='get' to='bot.capulet.lit' id='d1'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>", "</iq>"},
		{"She comes online, as clients do", "<iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq><presence/>", "/balcony'/>"},
		{"She subscribes to its presence (XEP-0267)", "<presence type='subscribe' to='bot.capulet.lit'/>", "</presence>"},
	} {
		if err := ask(step.title, step.stanza, step.end); err != nil {
			return err
		}
	}
	if err := bot.Stop(ctx, "Shutting down."); err != nil {
		return err
	}
	if err := ask("It shuts down, and tells her", "", "</presence>"); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nNow on your own server: go run -C examples ./uptimebot -jid bot.example.org -secret …")
	return session.Conn().Close()
}
