// Package line provides sessions whose stanzas a test writes and reads byte for
// byte.
package line

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
	"mellium.im/xmpp/stream"
)

// Line is a session that is not served, for use in a bubble of package synctest.
type Line struct {
	*xmpp.Session // nil of a bare connection
	t             testing.TB
	conn          net.Conn

	mu   sync.Mutex
	got  strings.Builder
	over error // why nothing comes any more
}

// New listens to a session until it ends.
func New(t testing.TB, session *xmpp.Session) *Line {
	return listen(&Line{Session: session, t: t, conn: session.Conn()})
}

// Listen listens to a connection without negotiating a stream.
func Listen(t testing.TB, conn net.Conn) *Line {
	return listen(&Line{t: t, conn: conn})
}

// Negotiated returns an account's session without negotiating a stream. The test
// plays the other side of the connection.
func Negotiated(t testing.TB, account jid.JID, conn net.Conn) *xmpp.Session {
	t.Helper()
	session, err := xmpp.NewSession(t.Context(), account.Domain(), account, conn, xmpp.Secure|xmpp.Authn,
		func(_ context.Context, in, out *stream.Info, _ *xmpp.Session, _ any) (xmpp.SessionState, io.ReadWriter, any, error) {
			in.XMLNS, out.XMLNS = stanza.NSClient, stanza.NSClient
			return xmpp.Ready, nil, nil, nil
		})
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func listen(l *Line) *Line {
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := l.conn.Read(buf)
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

// Over returns the error that ended the reading, or nil if more may arrive.
func (l *Line) Over() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over
}

// Say writes a stanza.
func (l *Line) Say(stanza string) {
	l.t.Helper()
	if _, err := io.WriteString(l.conn, stanza); err != nil {
		l.t.Fatalf("writing %s: %v", stanza, err)
	}
}

// Heard waits until all goroutines of the bubble are blocked, and returns the stanzas
// that have arrived since its last call.
func (l *Line) Heard() []string {
	l.t.Helper()
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	got := l.got.String()
	l.got.Reset()
	return split(l.t, got)
}

// Ask writes a stanza, and returns the stanzas that arrive afterwards.
func (l *Line) Ask(stanza string) []string {
	l.t.Helper()
	l.Heard()
	l.Say(stanza)
	return l.Heard()
}

// split cuts what arrived into stanzas, byte for byte.
func split(t testing.TB, s string) []string {
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
