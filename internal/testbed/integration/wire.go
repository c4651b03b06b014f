package integration

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"mellium.im/xmpp/jid"
)

// Wire is a client that writes stanzas as they are and keeps what the server
// writes, byte for byte.
type Wire struct {
	JID jid.JID

	t     testing.TB
	conn  net.Conn     // for stanzas
	line  *net.TCPConn // below TLS
	ended chan struct{}

	mu    sync.Mutex
	got   string
	asked int
}

// Wire logs an account in. The test's end closes the connection.
func (s *Server) Wire(t testing.TB, account jid.JID) *Wire {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	line, err := s.dial(ctx, s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	session, err := s.logIn(ctx, account, line)
	if err != nil {
		t.Fatalf("log in as %s: %v", account, err)
	}
	w := &Wire{JID: session.LocalAddr(), t: t, conn: session.Conn(), line: line.(*net.TCPConn), ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		buf := make([]byte, 4096)
		for {
			n, err := w.conn.Read(buf)
			w.mu.Lock()
			w.got += string(buf[:n])
			w.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(w.Cut)
	return w
}

// Say writes stanzas.
func (w *Wire) Say(stanzas string) {
	w.t.Helper()
	if _, err := io.WriteString(w.conn, stanzas); err != nil {
		w.t.Fatalf("%s: writing %s: %v", w.JID, stanzas, err)
	}
}

// Close closes the connection, and TLS in good order, but not the stream.
func (w *Wire) Close() {
	_ = w.conn.Close()
	<-w.ended
}

// Cut closes the connection below TLS, as the end of a program does.
func (w *Wire) Cut() {
	_ = w.line.Close()
	<-w.ended
}

// Reset has the server's kernel hear that there is no such connection, as after
// the end of a machine.
func (w *Wire) Reset() {
	_ = w.line.SetLinger(0)
	w.Cut()
}

// Until returns what the server wrote since the last call, up to the text, for
// which it waits.
func (w *Wire) Until(text string) string {
	w.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		w.mu.Lock()
		before, after, ok := strings.Cut(w.got, text)
		if ok {
			w.got = after
		}
		w.mu.Unlock()
		switch {
		case ok:
			return before + text
		case time.Now().After(deadline):
			w.t.Fatalf("%s: no %q in %s", w.JID, text, before)
		}
	}
}

// Pong pings the server, and returns what it wrote before its answer.
func (w *Wire) Pong() string {
	w.t.Helper()
	w.asked++
	id := fmt.Sprintf("pong%d", w.asked)
	w.Say(fmt.Sprintf("<iq type='get' to='%s' id='%s'><ping xmlns='urn:xmpp:ping'/></iq>", w.JID.Domain(), id))
	before := w.Until(id)
	w.Until(">")
	return before[:strings.LastIndexByte(before, '<')]
}

// Last asks for an account's last activity, and returns the answer (XEP-0012).
func (w *Wire) Last(account jid.JID) string {
	w.t.Helper()
	w.asked++
	id := fmt.Sprintf("last%d", w.asked)
	w.Say(fmt.Sprintf("<iq type='get' to='%s' id='%s'><query xmlns='jabber:iq:last'/></iq>", account.Bare(), id))
	before := w.Until(id)
	return before[strings.LastIndexByte(before, '<'):] + w.Until("</iq>")
}

// Rest returns what came until the connection ended.
func (w *Wire) Rest() string {
	w.t.Helper()
	select {
	case <-w.ended:
	case <-time.After(patience):
		w.t.Fatalf("%s: the connection does not end", w.JID)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	rest := w.got
	w.got = ""
	return rest
}
