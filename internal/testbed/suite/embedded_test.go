package suite_test

import (
	"context"
	"testing"
	"testing/synctest"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/internal/testbed/suite"
)

// embedded is a world inside the process.
type embedded struct{ *server.Server }

func (w embedded) Login(t testing.TB, account jid.JID) *xmpp.Session {
	t.Helper()
	session, err := w.Session(context.Background(), account)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func newEmbedded(t testing.TB, b server.Behaviour) embedded {
	t.Helper()
	s := server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: b})
	t.Cleanup(func() { _ = s.Close() })
	for _, j := range []jid.JID{suite.Juliet, suite.Romeo, suite.Benvolio, suite.Mercutio} {
		s.AddAccount(j, "secret")
	}
	s.Befriend(suite.Juliet, suite.Romeo, "Romeo")
	s.Befriend(suite.Juliet, suite.Benvolio, "Benvolio")
	return embedded{s}
}

// bubbles returns worlds whose time is not real.
func bubbles(b server.Behaviour) suite.Bubble {
	return func(t *testing.T, f func(t *testing.T, w suite.World)) {
		synctest.Test(t, func(t *testing.T) { f(t, newEmbedded(t, b)) })
	}
}

func TestEmbedded(t *testing.T) {
	for _, tc := range []struct {
		behaviour server.Behaviour
		expect    suite.Expect
	}{
		{server.ProsodyShipped, suite.ProsodyShipped},
		{server.ProsodyStock, suite.Prosody},
		{server.Jabberd2, suite.Jabberd2},
		{server.Jackal, suite.Prosody},
		{server.Metronome, suite.Prosody},
		{server.ProsodyStamps, suite.ProsodyStamps},
		{server.XEP0318, suite.XEP0318},
		{server.Ejabberd, suite.Ejabberd},
		{server.Openfire, suite.Prosody},
		{server.Tigase, suite.Tigase},
		{server.Jabberd, suite.Jabberd},
		{server.Silent, suite.Silent},
	} {
		t.Run(tc.behaviour.Name, func(t *testing.T) {
			t.Parallel()
			for _, row := range suite.RunInBubbles(t, bubbles(tc.behaviour), tc.expect) {
				t.Logf("%-24s %s", row.Case, row)
			}
		})
	}
}

// TestEmbeddedWithMeddling leaves out those that never answer a probe, so that
// there is nothing to meddle with.
func TestEmbeddedWithMeddling(t *testing.T) {
	for _, b := range []server.Behaviour{
		server.ProsodyShipped, server.Jackal, server.Metronome,
		server.ProsodyStock, server.ProsodyStamps, server.XEP0318, server.Ejabberd, server.Openfire, server.Tigase, server.Jabberd,
	} {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			suite.MeddleInBubbles(t, bubbles(b))
		})
	}
}
