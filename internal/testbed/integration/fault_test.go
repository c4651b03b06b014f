package integration_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"mellium.im/sasl"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/fault"
	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/internal/testbed/suite"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

// faulty is a server behind a network that fails.
type faulty struct {
	*fault.Proxy
	connect func(ctx context.Context, addr string) (*xmpp.Session, error)
	direct  string
	login   *sync.Mutex // one at a time, whose connection is the last
}

// embeddedBehind is the embedded server, without TLS, so that every byte of a
// stanza can be the last.
func embeddedBehind(t *testing.T) faulty {
	t.Helper()
	s := server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: server.XEP0318})
	t.Cleanup(func() { _ = s.Close() })
	for _, j := range []jid.JID{suite.Juliet, suite.Romeo} {
		s.AddAccount(j, integration.Password)
	}
	s.Befriend(suite.Juliet, suite.Romeo, "Romeo")
	s.SetOffline(suite.Romeo, time.Now().Add(-time.Hour), suite.Goodbye)
	addr, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	return behind(t, addr.String(), func(ctx context.Context, addr string) (*xmpp.Session, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		defer stop()
		session, err := xmpp.NewSession(ctx, suite.Juliet.Domain(), suite.Juliet, conn, xmpp.Secure, xmpp.NewNegotiator(
			func(*xmpp.Session, *xmpp.StreamConfig) xmpp.StreamConfig {
				return xmpp.StreamConfig{Features: []xmpp.StreamFeature{
					xmpp.SASL("", integration.Password, sasl.Plain), xmpp.BindResource(),
				}}
			}))
		if err != nil {
			_ = conn.Close()
		}
		return session, err
	})
}

// realBehind is a real server on which Romeo left.
func realBehind(t *testing.T, s *integration.Server) faulty {
	t.Helper()
	romeo := suite.LogIn(t, s, suite.Romeo)
	romeo.Available()
	romeo.Leave(suite.Goodbye)
	return behind(t, s.Addr, func(ctx context.Context, addr string) (*xmpp.Session, error) {
		return s.ConnectVia(ctx, suite.Juliet, addr)
	})
}

func behind(t *testing.T, addr string, connect func(context.Context, string) (*xmpp.Session, error)) faulty {
	t.Helper()
	p, err := fault.New(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return faulty{p, connect, addr, new(sync.Mutex)}
}

// client is one that logs in again when its session is gone.
type client struct {
	cache   *roster.Cache
	session *xmpp.Session
	served  chan struct{}
}

// logIn connects and fetches the roster.
func (c *client) logIn(ctx context.Context, f faulty, addr string) (err error) {
	if c.session, err = f.connect(ctx, addr); err != nil {
		return err
	}
	if c.cache == nil {
		c.cache = roster.New(c.session, roster.Probing(probe.CoolDown(0), probe.Budget(1000, time.Millisecond), probe.Timeout(time.Second)))
	} else if err = c.cache.Connect(c.session); err != nil {
		return err
	}
	session, served, h := c.session, make(chan struct{}), c.cache.Handler(nil)
	c.served = served
	go func() {
		defer close(served)
		_ = session.Serve(h)
	}()
	return c.cache.Sync(ctx)
}

func (c *client) logOut() {
	_ = c.session.Conn().Close()
	<-c.served
}

// endure has a client whose session meets a fault open a chat, and then another
// session on the same Cache do so without one.
func endure(f faulty, plan fault.Plan) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var c client
	f.login.Lock()
	err := c.logIn(ctx, f, f.Addr())
	conn := f.Last()
	f.login.Unlock()
	if err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	defer func() { _ = c.cache.Close() }()
	conn.Arm(plan)
	asking, stop := context.WithTimeout(ctx, 3*time.Second)
	began := time.Now()
	contact, err := c.cache.Open(asking, suite.Romeo)
	stop()
	if took := time.Since(began); took > 20*time.Second {
		return fmt.Errorf("Open returned after %v", took)
	}
	switch {
	case err == nil && contact.Status == suite.Goodbye && !contact.LastSeen.IsZero():
	case err == nil:
		return fmt.Errorf("Open says %+v, without an error", contact)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, probe.ErrClosed), errors.Is(err, probe.ErrNoAnswer):
	case isNetwork(err):
	default:
		return fmt.Errorf("Open: %w", err)
	}
	known := contact
	c.logOut()
	if err := c.logIn(ctx, f, f.direct); err != nil {
		return fmt.Errorf("log in again: %w", err)
	}
	defer c.logOut()
	if kept, _ := c.cache.Contact(suite.Romeo); kept.Status != known.Status || kept.LastSeen.Before(known.LastSeen) {
		return fmt.Errorf("knew %+v, then %+v", known, kept)
	}
	contact, err = c.cache.Open(ctx, suite.Romeo)
	if err != nil || contact.Status != suite.Goodbye || contact.LastSeen.IsZero() || contact.Lack != roster.Nothing {
		return fmt.Errorf("afterwards Open says %+v, %w", contact, err)
	}
	return nil
}

// isNetwork reports whether an error is of the connection or its stream.
func isNetwork(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, xmpp.ErrOutputStreamClosed)
}

// TestEveryBytePositionOfAnOpening cuts the connection at each byte that a
// client and the server write while a chat is opened.
func TestEveryBytePositionOfAnOpening(t *testing.T) {
	t.Parallel()
	f := embeddedBehind(t)
	up, down := f.measure(t)
	t.Logf("an opening is of %d bytes up and %d down", up, down)
	var wg sync.WaitGroup
	slots := make(chan struct{}, 64)
	for _, action := range []fault.Action{fault.Reset, fault.Close, fault.HalfClose} {
		for i := range up + down {
			plan := fault.Plan{Up: fault.Stream{Action: action, After: i}}
			if i >= up {
				plan = fault.Plan{Down: fault.Stream{Action: action, After: i - up}}
			}
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				if err := endure(f, plan); err != nil {
					t.Errorf("%v: %v", plan, err)
				}
			})
		}
	}
	wg.Wait()
}

// measure returns how many bytes an opening is of.
func (f faulty) measure(t *testing.T) (up, down int) {
	t.Helper()
	var c client
	if err := c.logIn(t.Context(), f, f.Addr()); err != nil {
		t.Fatal(err)
	}
	defer c.logOut()
	defer func() { _ = c.cache.Close() }()
	beforeUp, beforeDown := f.Last().Passed()
	if _, err := c.cache.Open(t.Context(), suite.Romeo); err != nil {
		t.Fatal(err)
	}
	afterUp, afterDown := f.Last().Passed()
	return afterUp - beforeUp, afterDown - beforeDown
}

// TestRandomFaults plays random plans, from seeds that a failure names. More of
// them are played with LASTPRESENCE_FAULTS set to their number.
func TestRandomFaults(t *testing.T) {
	t.Parallel()
	faults := 300
	if s := os.Getenv("LASTPRESENCE_FAULTS"); s != "" {
		var err error
		if faults, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	worlds := []struct {
		name  string
		bytes int // TLS makes more of them
		share int
		start func(t *testing.T) faulty
	}{
		{"embedded", 800, 2, embeddedBehind},
		{"Prosody", 1500, 4, func(t *testing.T) faulty { return realBehind(t, integration.StartProsody(t, integration.XEP0318)) }},
		{"ejabberd", 1500, 4, func(t *testing.T) faulty { return realBehind(t, integration.StartEjabberd(t)) }},
	}
	for _, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			f := w.start(t)
			var wg sync.WaitGroup
			slots := make(chan struct{}, 16)
			for seed := range uint64(faults / w.share) {
				slots <- struct{}{}
				wg.Go(func() {
					defer func() { <-slots }()
					plan := fault.Random(rand.New(rand.NewPCG(seed, 8)), w.bytes)
					if err := endure(f, plan); err != nil {
						t.Errorf("seed %d, %v: %v", seed, plan, err)
					}
				})
			}
			wg.Wait()
		})
	}
}
