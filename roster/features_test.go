package roster_test

import (
	"context"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	melliumroster "mellium.im/xmpp/roster"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/roster"
)

// recorder is a session's connection that keeps what is written. While full, it
// takes nothing more until it is closed, as if the peer read nothing.
type recorder struct {
	net.Conn
	session *xmpp.Session
	full    atomic.Bool
	stuck   chan struct{} // holds one token once a write waits
	closed  context.Context
	mu      sync.Mutex
	said    strings.Builder
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.full.Load() {
		select {
		case r.stuck <- struct{}{}:
		default:
		}
		<-r.closed.Done()
	}
	r.mu.Lock()
	r.said.Write(p)
	r.mu.Unlock()
	return r.Conn.Write(p)
}

func (r *recorder) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.said.String()
}

// withPassword logs in with SASL PLAIN (RFC 4616), so that the library does not require
// a package of SASL for its tests.
func withPassword(user, password string) xmpp.StreamFeature {
	const ns = "urn:ietf:params:xml:ns:xmpp-sasl"
	return xmpp.StreamFeature{
		Name:       xml.Name{Space: ns, Local: "mechanisms"},
		Necessary:  xmpp.Secure,
		Prohibited: xmpp.Authn,
		Parse: func(_ context.Context, d *xml.Decoder, _ *xml.StartElement) (bool, any, error) {
			return true, nil, d.Skip()
		},
		Negotiate: func(_ context.Context, s *xmpp.Session, _ any) (xmpp.SessionState, io.ReadWriter, error) {
			conn := s.Conn()
			secret := base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
			if _, err := fmt.Fprintf(conn, "<auth xmlns='%s' mechanism='PLAIN'>%s</auth>", ns, secret); err != nil {
				return 0, nil, err
			}
			r := s.TokenReader()
			defer func() { _ = r.Close() }()
			tok, err := r.Token()
			if err != nil {
				return 0, nil, err
			}
			if start, ok := tok.(xml.StartElement); !ok || start.Name.Local != "success" {
				return 0, nil, fmt.Errorf("no success but %v", tok)
			}
			return xmpp.Authn, conn, xmlstream.Skip(r)
		},
	}
}

// negotiate returns a Cache whose session, on loopback, has negotiated the stream
// features that the server offers, and what the client said.
func (w world) negotiate(t *testing.T, opts ...roster.Option) (*roster.Cache, *recorder) {
	t.Helper()
	w.AddAccount(juliet, "secret")
	addr, err := w.Listen()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	closed, end := context.WithCancel(context.Background())
	r := &recorder{Conn: conn, closed: closed, stuck: make(chan struct{}, 1)}
	session, err := xmpp.NewSession(t.Context(), juliet.Domain(), juliet, r, xmpp.Secure, xmpp.NewNegotiator(
		func(*xmpp.Session, *xmpp.StreamConfig) xmpp.StreamConfig {
			return xmpp.StreamConfig{Features: []xmpp.StreamFeature{withPassword("juliet", "secret"), melliumroster.Versioning(), xmpp.BindResource()}}
		}))
	if err != nil {
		t.Fatal(err)
	}
	r.session = session
	c := roster.New(session, opts...)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = c.Serve(nil)
	}()
	t.Cleanup(func() {
		_ = c.Close()
		_ = conn.Close()
		end()
		<-served
	})
	if err := c.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := session.Send(t.Context(), stanza.Presence{}.Wrap(nil)); err != nil {
		t.Fatal(err)
	}
	return c, r
}

// While a session says good-bye, it holds its locks.
func TestCallsKeepTheirContextWhileTheServerReadsNothing(t *testing.T) {
	for name, begin := range map[string]func(*recorder){
		"and the session is open": func(*recorder) {},
		"and the session is being closed": func(conn *recorder) {
			go conn.session.Close()
			<-conn.stuck
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := sifting(server.XEP0318)
			b.ClientState = server.HoldAll
			c, conn := newWorld(t, b, 1).negotiate(t)
			for _, call := range []func(context.Context) error{c.Sift, c.Inactive} {
				if err := call(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			conn.full.Store(true)
			begin(conn)
			for name, call := range map[string]func(context.Context) error{
				"Sync": c.Sync, "Sift": c.Sift, "Unsift": c.Unsift, "Inactive": c.Inactive, "Active": c.Active,
				"Open":    func(ctx context.Context) error { _, err := c.Open(ctx, romeo); return err },
				"Refresh": func(ctx context.Context) error { _, err := c.Refresh(ctx, romeo); return err },
			} {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
				if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s = %v", name, err)
				}
				cancel()
			}
		})
	}
}

func TestWhatIsKnownWhileInactive(t *testing.T) {
	b := server.XEP0318
	b.ClientState = server.HoldAll
	c, _ := newWorld(t, b, 1).negotiate(t)
	if got, err := c.Open(t.Context(), romeo); err != nil || got.Lack != roster.Nothing {
		t.Fatalf("Open = %+v, %v", got, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for i, call := range []func(context.Context) error{c.Inactive, c.Active} { // in this order
		name := []string{"Inactive", "Active"}[i]
		if err := call(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a context that has ended = %v", name, err)
		}
		if got, _ := c.Contact(romeo); got.Lack != roster.Outdated {
			t.Errorf("after %s failed: %v, want outdated", name, got.Lack)
		}
	}
	if err := c.Inactive(t.Context()); err != nil {
		t.Errorf("Inactive = %v", err)
	}
	if got, _ := c.Contact(romeo); got.Lack != roster.Outdated {
		t.Errorf("while inactive: %v, want outdated", got.Lack)
	}
	if err := c.Active(t.Context()); err != nil {
		t.Errorf("Active = %v", err)
	}
	if got, _ := c.Contact(romeo); got.Lack != roster.Nothing {
		t.Errorf("afterwards: %v, want nothing", got.Lack)
	}
}

func TestActiveWithoutInactiveSendsNothing(t *testing.T) {
	b := server.XEP0318
	b.ClientState = server.HoldAll
	c, said := newWorld(t, b, 1).negotiate(t)
	before := said.text()
	if err := c.Active(t.Context()); err != nil {
		t.Errorf("Active = %v", err)
	}
	if sent := strings.TrimPrefix(said.text(), before); sent != "" {
		t.Errorf("Active sent %s", sent)
	}
	offline := roster.Offline(juliet)
	defer offline.Close()
	if err := offline.Active(t.Context()); err != nil {
		t.Errorf("Active without a session = %v", err)
	}
}

func TestARosterIsAskedForByTheVersionThatWasKept(t *testing.T) {
	store := new(memory)
	w := newWorld(t, server.Ejabberd, 1)
	for session, want := range []string{`<query xmlns="jabber:iq:roster" ver="">`, `<query xmlns="jabber:iq:roster" ver="`} {
		c, said := w.negotiate(t, roster.Persist(store, nil))
		_, rest, found := strings.Cut(said.text(), want)
		if !found || session > 0 && strings.HasPrefix(rest, `"`) {
			t.Errorf("session %d, which asked:\n%s", session, said.text())
		}
		if got, ok := c.Contact(romeo); !ok || got.Subscription != "both" {
			t.Errorf("session %d knows %+v", session, got)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
