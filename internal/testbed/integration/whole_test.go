package integration_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"mellium.im/sasl"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	mellium "mellium.im/xmpp/roster"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/internal/testbed/suite"
	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/filestore"
)

var tybalt = jid.MustParse("tybalt@montague.lit")

// house is an embedded server on which Juliet's roster, with Romeo and Benvolio,
// has versions.
type house struct {
	*testing.T
	*server.Server
	addr string
	n    int
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{T: t, Server: server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: server.Ejabberd})}
	t.Cleanup(func() { _ = h.Close() })
	for _, j := range []jid.JID{suite.Juliet, suite.Romeo, suite.Benvolio, tybalt} {
		h.AddAccount(j, integration.Password)
	}
	h.Server.Befriend(suite.Juliet, suite.Romeo, "")
	h.Server.Befriend(suite.Juliet, suite.Benvolio, "")
	addr, err := h.Listen()
	if err != nil {
		t.Fatal(err)
	}
	h.addr = addr.String()
	return h
}

// push has the roster change, and whoever is connected told so.
func (h *house) push(contact jid.JID, subscription string) {
	h.Push(suite.Juliet, contact, "", subscription)
	time.Sleep(50 * time.Millisecond)
}

func (h *house) dial() *xmpp.Session {
	h.Helper()
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		h.Fatal(err)
	}
	h.n++
	j, err := suite.Juliet.WithResource(fmt.Sprintf("resource%d", h.n))
	if err != nil {
		h.Fatal(err)
	}
	s, err := xmpp.NewSession(h.Context(), j.Domain(), j, conn, xmpp.Secure, xmpp.NewNegotiator(func(*xmpp.Session, *xmpp.StreamConfig) xmpp.StreamConfig {
		return xmpp.StreamConfig{Features: []xmpp.StreamFeature{
			xmpp.SASL("", integration.Password, sasl.ScramSha1, sasl.Plain), mellium.Versioning(), xmpp.BindResource(),
		}}
	}))
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = s.Conn().Close() })
	return s
}

// program is a Cache with its session.
type program struct {
	*house
	*roster.Cache
	session *xmpp.Session
	served  sync.WaitGroup
}

// start begins a program, which serves its session.
func (h *house) start(store roster.Store) *program {
	h.Helper()
	p := &program{house: h, session: h.dial()}
	var opts []roster.Option
	if store != nil {
		opts = append(opts, roster.Persist(store, func(err error) { h.Log(err) }))
	}
	p.Cache = roster.New(p.session, opts...)
	p.serve()
	return p
}

func (p *program) serve() {
	s, handler := p.session, p.Handler(nil)
	p.served.Go(func() { _ = s.Serve(handler) })
}

func (p *program) disconnect() {
	_ = p.session.Conn().Close()
	p.served.Wait()
}

// end is that of the program.
func (p *program) end() {
	if err := p.Cache.Close(); err != nil {
		p.Log(err)
	}
	p.disconnect()
}

// knows fetches the roster, and compares the contacts.
func (p *program) knows(want ...jid.JID) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), patience)
	defer cancel()
	if err := p.Sync(ctx); err != nil {
		p.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond) // for pushes of what has changed
	var got []string
	for c := range p.All() {
		got = append(got, c.JID.String())
	}
	var addresses []string
	for _, j := range want {
		addresses = append(addresses, j.String())
	}
	if !slices.Equal(got, addresses) {
		p.Errorf("the contacts are %q, want %q", got, addresses)
	}
}

// shelf is a store that may fail.
type shelf struct {
	mu    sync.Mutex
	saved roster.Saved
	err   error
}

func (s *shelf) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *shelf) Load(context.Context, jid.JID) (roster.Saved, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.saved, s.err
}

func (s *shelf) Save(_ context.Context, _ jid.JID, changes roster.Saved) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.saved = s.saved.Merge(changes)
	}
	return s.err
}

func (s *shelf) Edit(context.Context, jid.JID, func(roster.Record) (roster.Record, bool)) error {
	return nil
}

func (s *shelf) Remove(context.Context, jid.JID) error { return nil }

// A server that is told a version sends nothing that it thinks is known.
func TestTheWholeRosterIsKnown(t *testing.T) {
	t.Parallel()
	both := []jid.JID{suite.Benvolio, suite.Romeo}
	t.Run("after an answer that came too late, and a push", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		p := &program{house: h, session: h.dial()}
		p.Cache = roster.New(p.session)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := p.Sync(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Sync of a session that nobody serves = %v", err)
		}
		p.serve()
		defer p.end()
		h.push(tybalt, "to")
		p.knows(suite.Benvolio, suite.Romeo, tybalt)
	})
	for name, harm := range map[string]func(t *testing.T, dir string){
		"damaged": func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, suite.Juliet.String()+".roster"), []byte("oops"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"removed": func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, suite.Juliet.String()+".roster")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run("after the file was "+name, func(t *testing.T) {
			t.Parallel()
			h, dir := newHouse(t), t.TempDir()
			store, err := filestore.New(dir)
			if err != nil {
				t.Fatal(err)
			}
			p := h.start(store)
			p.knows(both...)
			time.Sleep(1500 * time.Millisecond) // it is written
			harm(t, dir)
			h.push(tybalt, "to")
			time.Sleep(3 * time.Second)
			p.end()
			p = h.start(store)
			defer p.end()
			p.knows(suite.Benvolio, suite.Romeo, tybalt)
		})
	}
	t.Run("after the store could not be read", func(t *testing.T) {
		t.Parallel()
		h, store := newHouse(t), new(shelf)
		p := h.start(store)
		p.knows(both...)
		p.end()
		h.push(suite.Romeo, "remove")
		store.fail(errors.New("not there yet"))
		p = h.start(store)
		p.knows(suite.Benvolio)
		store.fail(nil)
		p.knows(suite.Benvolio)
		p.end()
		p = h.start(store)
		defer p.end()
		p.knows(suite.Benvolio)
	})
	for name, tc := range map[string]struct {
		contact       jid.JID
		first, second string
	}{
		"added and removed": {tybalt, "to", "remove"},
		"removed and added": {suite.Romeo, "remove", "both"},
	} {
		t.Run("by two programs, a contact is "+name, func(t *testing.T) {
			t.Parallel()
			h, store := newHouse(t), new(shelf)
			a := h.start(store)
			a.knows(both...)
			time.Sleep(1500 * time.Millisecond) // it is written
			b := h.start(store)
			b.knows(both...)
			a.disconnect()
			h.push(tc.contact, tc.first)
			b.end()
			h.push(tc.contact, tc.second)
			a.session = h.dial()
			if err := a.Connect(a.session); err != nil {
				t.Fatal(err)
			}
			a.serve()
			a.knows(both...)
			a.end()
			c := h.start(store)
			defer c.end()
			c.knows(both...)
		})
	}
}
