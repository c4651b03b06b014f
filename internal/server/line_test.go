package server_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/server"
)

var (
	juliet   = jid.MustParse("juliet@capulet.lit")
	romeo    = jid.MustParse("romeo@montague.lit")
	benvolio = jid.MustParse("benvolio@montague.lit")
	mercutio = jid.MustParse("mercutio@montague.lit")
)

// newServer has four accounts, and no friends yet.
func newServer(b server.Behaviour) *server.Server {
	s := server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: b})
	for _, j := range []jid.JID{juliet, romeo, benvolio, mercutio} {
		s.AddAccount(j, "secret")
	}
	return s
}

// bubble runs a test in a bubble of its own with a server that is closed at the
// end; the bubble fails if a goroutine is left behind.
func bubble(t *testing.T, b server.Behaviour, test func(t *testing.T, s *server.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(b)
		defer func() { _ = s.Close() }()
		test(t, s)
	})
}

// line is a client that writes stanzas as they are and keeps what it reads. It
// is for use in a bubble.
type line struct {
	*xmpp.Session
	t *testing.T

	mu   sync.Mutex
	got  strings.Builder
	over error // why nothing comes any more
}

func login(t *testing.T, s *server.Server, address string) *line {
	t.Helper()
	session, err := s.Session(t.Context(), jid.MustParse(address))
	if err != nil {
		t.Fatalf("Session(%s): %v", address, err)
	}
	l := &line{Session: session, t: t}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := session.Conn().Read(buf)
			l.mu.Lock()
			l.got.Write(buf[:n])
			l.over = err
			l.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return l
}

// say writes a stanza.
func (l *line) say(stanza string) {
	l.t.Helper()
	if _, err := io.WriteString(l.Conn(), stanza); err != nil {
		l.t.Fatalf("writing %s: %v", stanza, err)
	}
}

// heard returns the stanzas that came until nothing moved any more, since it was
// called last.
func (l *line) heard() []string {
	l.t.Helper()
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	got := l.got.String()
	l.got.Reset()
	return split(l.t, got)
}

// ask writes a stanza, and returns the stanzas that come then.
func (l *line) ask(stanza string) []string {
	l.t.Helper()
	l.heard()
	l.say(stanza)
	return l.heard()
}

// split cuts what came over the line into stanzas, byte for byte.
func split(t *testing.T, s string) []string {
	t.Helper()
	var stanzas []string
	d := xml.NewDecoder(strings.NewReader("<line>" + s))
	depth, begin := -1, int64(0)
	for {
		before := d.InputOffset()
		tok, err := d.Token()
		if err != nil {
			var unfinished *xml.SyntaxError
			if depth != 0 || !errors.As(err, &unfinished) && !errors.Is(err, io.EOF) {
				t.Fatalf("not stanzas: %v in %q", err, s)
			}
			return stanzas
		}
		switch tok.(type) {
		case xml.StartElement:
			if depth++; depth == 1 {
				begin = before
			}
		case xml.EndElement:
			if depth--; depth == 0 {
				const opening = int64(len("<line>"))
				stanzas = append(stanzas, s[begin-opening:d.InputOffset()-opening])
			}
		}
	}
}

// aWhile is the time between two events of a story.
func aWhile() { time.Sleep(2 * time.Second) }
