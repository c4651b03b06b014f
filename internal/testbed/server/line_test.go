package server_test

import (
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/line"
	"example.org/lastpresence/internal/testbed/server"
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

func login(t *testing.T, s *server.Server, address string) *line.Line {
	t.Helper()
	session, err := s.Session(t.Context(), jid.MustParse(address))
	if err != nil {
		t.Fatalf("Session(%s): %v", address, err)
	}
	return line.New(t, session)
}

// aWhile is the time between two events of a story.
func aWhile() { time.Sleep(2 * time.Second) }
