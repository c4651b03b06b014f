package responder_test

import (
	"context"
	"encoding/xml"
	"errors"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/line"
	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe/responder"
)

var (
	juliet   = jid.MustParse("juliet@capulet.lit/balcony")
	romeo    = jid.MustParse("romeo@montague.lit/orchard")
	gate     = jid.MustParse("gate.capulet.lit")
	other    = jid.MustParse("gate.montague.lit")
	cupboard = jid.MustParse("skeleton@gate.capulet.lit")
)

// world is a server with two users and the domains of two components.
type world struct {
	*testing.T
	*server.Server
}

// gauge counts what runs at the same time, now and at most.
type gauge struct{ running, most atomic.Int32 }

func (g *gauge) enter() {
	n := g.running.Add(1)
	for most := g.most.Load(); n > most && !g.most.CompareAndSwap(most, n); most = g.most.Load() {
	}
}

func (g *gauge) leave() { g.running.Add(-1) }

// bubble runs a test in a bubble, which fails if a goroutine is left behind.
func bubble(t *testing.T, test func(t *testing.T, w world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := world{t, server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: server.XEP0318})}
		defer func() { _ = w.Close() }()
		w.AddAccount(juliet, "")
		w.AddAccount(romeo, "")
		w.AddComponent(gate, "secret")
		w.AddComponent(other, "secret")
		test(t, w)
	})
}

// serve connects a component with a Responder, until its session is closed.
func (w world) serve(host jid.JID, next xmpp.Handler, opts ...responder.Option) (*responder.Responder, *xmpp.Session) {
	w.Helper()
	session, err := w.Component(w.Context(), host)
	if err != nil {
		w.Fatal(err)
	}
	r := responder.New(session, opts...)
	go func() {
		_ = session.Serve(r.Handler(next))
		_ = r.Close()
	}()
	return r, session
}

func (w world) login(j jid.JID) *line.Line {
	w.Helper()
	session, err := w.Session(w.Context(), j)
	if err != nil {
		w.Fatal(err)
	}
	return line.New(w, session)
}

// someID is what mellium adds to a stanza without an id.
var someID = regexp.MustCompile(` id='[0-9a-f]{16}'`)

// says checks what came over a line.
func says(t *testing.T, got []string, want ...string) {
	t.Helper()
	got = slices.Clone(got)
	for i := range got {
		got[i] = someID.ReplaceAllString(got[i], "")
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// refusing is a component's own handler that refuses whatever comes.
func refusing(heard *[]string) xmpp.Handler {
	return xmpp.HandlerFunc(func(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
		var b strings.Builder
		e := xml.NewEncoder(&b)
		if _, err := xmlstream.Copy(e, xmlstream.MultiReader(xmlstream.Token(*start), t)); err != nil {
			return err
		}
		if err := e.Flush(); err != nil {
			return err
		}
		*heard = append(*heard, b.String())
		return nil
	})
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// breakable is a connection that fails to write once it is broken.
type breakable struct {
	net.Conn
	broken atomic.Bool
}

func pipe() (near *breakable, far net.Conn) {
	one, far := net.Pipe()
	return &breakable{Conn: one}, far
}

func (b *breakable) Write(p []byte) (int, error) {
	if b.broken.Load() {
		return 0, errors.New("no line")
	}
	return b.Conn.Write(p)
}
