package server_test

import (
	"fmt"
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

// line is a client that writes stanzas as they are and keeps what it reads.
type line struct {
	*xmpp.Session
	mu  sync.Mutex
	got strings.Builder
}

func login(t *testing.T, s *server.Server, address string) *line {
	t.Helper()
	session, err := s.Session(t.Context(), jid.MustParse(address))
	if err != nil {
		t.Fatalf("Session(%s): %v", address, err)
	}
	l := &line{Session: session}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := session.Conn().Read(buf)
			l.mu.Lock()
			l.got.Write(buf[:n])
			l.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return l
}

// ask writes a stanza and returns all that came until nothing moved any more.
func (l *line) ask(t *testing.T, stanza string) string {
	t.Helper()
	l.mu.Lock()
	l.got.Reset()
	l.mu.Unlock()
	if _, err := io.WriteString(l.Conn(), stanza); err != nil {
		t.Fatalf("writing %s: %v", stanza, err)
	}
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.got.String()
}

func TestProbeOfAnOfflineContact(t *testing.T) {
	const head = `<presence from='romeo@montague.lit' to='juliet@capulet.lit/balcony' type='unavailable'>`
	const status = `<status>Out of battery.</status>`
	for _, test := range []struct {
		behaviour server.Behaviour
		want      string
	}{
		{server.ProsodyStock, head + `</presence>`},
		{server.ProsodyStamps, head + `<delay xmlns='urn:xmpp:delay' from='montague.lit' stamp='1999-12-31T23:59:58Z'/></presence>`},
		{server.Ejabberd, ``},
		{server.Openfire, head + status + `</presence>`},
		{server.Tigase, head + status + `<delay xmlns='urn:xmpp:delay' stamp='1999-12-31T23:59:58.000Z'/></presence>`},
		{server.Jabberd, head + status + `<x xmlns='jabber:x:delay' from='romeo@montague.lit/orchard' stamp='19991231T23:59:58'/>` +
			`<delay xmlns='urn:xmpp:delay' from='romeo@montague.lit/orchard' stamp='1999-12-31T23:59:58Z'/></presence>`},
		{server.XEP0318, head + status + `<delay xmlns='urn:xmpp:delay' from='romeo@montague.lit/orchard' stamp='1999-12-31T23:59:58Z'/></presence>`},
		{server.Silent, ``},
	} {
		t.Run(test.behaviour.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: test.behaviour})
				juliet, romeo := jid.MustParse("juliet@capulet.lit"), jid.MustParse("romeo@montague.lit/orchard")
				s.AddAccount(juliet, "secret")
				s.AddAccount(romeo, "secret")
				s.Befriend(juliet, romeo, "Romeo")
				s.SetOffline(romeo, time.Now().Add(-2*time.Second), "Out of battery.")
				l := login(t, s, "juliet@capulet.lit/balcony")
				got := l.ask(t, fmt.Sprintf(`<presence type='probe' to='%s' id='pr1'/>`, romeo.Bare()))
				if got != test.want {
					t.Errorf("probe got\n%s\nwant\n%s", got, test.want)
				}
				if n := s.Count(juliet, "probe"); n != 1 {
					t.Errorf("Count(juliet, probe) = %d, want 1", n)
				}
				_ = l.Conn().Close()
				_ = s.Close()
			})
		})
	}
}
