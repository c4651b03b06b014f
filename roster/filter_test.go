package roster_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/roster"
)

// sifting is a server that can be hushed.
func sifting(b server.Behaviour) server.Behaviour {
	b.Sift = true
	return b
}

// visit has a contact come online and say that.
func (w world) visit(t *testing.T, j jid.JID, say string) *xmpp.Session {
	t.Helper()
	full, err := j.WithResource("orchard")
	if err != nil {
		t.Fatal(err)
	}
	s, err := w.Session(t.Context(), full)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(nil) }()
	t.Cleanup(func() { _ = s.Conn().Close() })
	w.tell(t, s, "", say)
	return s
}

// tell sends presence with a status, a while after what was before: servers
// stamp in whole seconds.
func (w world) tell(t *testing.T, s *xmpp.Session, typ stanza.PresenceType, say string) {
	t.Helper()
	time.Sleep(2 * time.Second)
	if typ != "" {
		typ = "type='" + typ + "'"
	}
	if _, err := fmt.Fprintf(s.Conn(), "<presence %s><status>%s</status></presence>", typ, say); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

func TestWhatIsKnownWhileSifted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, sifting(server.ProsodyStamps), 2)
		c, _ := w.logIn(t, nil)
		session := w.visit(t, romeo, "Here.")
		if err := c.Sift(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.tell(t, session, stanza.UnavailablePresence, "Gone.")
		if contact, _ := c.Contact(romeo); !contact.Online {
			t.Errorf("while hushed, presence came through: %+v", contact)
		}
		time.Sleep(2 * time.Minute)
		contact, _ := c.Contact(romeo)
		if !contact.Online || contact.Lack != roster.Outdated {
			t.Errorf("two minutes later: online %v, %v, want online, outdated", contact.Online, contact.Lack)
		}
		contact, err := c.Open(t.Context(), romeo)
		if err != nil || contact.Online || contact.Status != "Gone." || contact.Lack != roster.Nothing {
			t.Errorf("Open of one who seemed online = %+v, %v", contact, err)
		}
		w.tell(t, session, "", "Back.")
		if err := c.Unsift(t.Context()); err != nil {
			t.Fatal(err)
		}
		if contact, _ := c.Contact(romeo); !contact.Online || contact.Status != "Back." || contact.Lack != roster.Nothing {
			t.Errorf("after Unsift: %+v", contact)
		}
		if n := len(slices.Collect(c.Lacking())); n != 1 {
			t.Errorf("after Unsift %d contacts lack details, want the other one", n)
		}
		if n := w.Count(juliet, server.Probes); n != 1 {
			t.Errorf("%d probes, want 1", n)
		}
	})
}

// A server that never tells of those who are offline does not tell that one
// has left meanwhile, either.
func TestAContactThatLeftWhileSiftedIsOutdatedAfterwards(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, sifting(server.Ejabberd), 1)
		c, _ := w.logIn(t, nil)
		session := w.visit(t, romeo, "Here.")
		if err := c.Sift(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.tell(t, session, stanza.UnavailablePresence, "Gone.")
		_ = session.Conn().Close()
		synctest.Wait() // the server notices
		if err := c.Unsift(t.Context()); err != nil {
			t.Fatal(err)
		}
		if contact, _ := c.Contact(romeo); contact.Lack != roster.Outdated {
			t.Errorf("after Unsift: %v, want outdated", contact.Lack)
		}
		if contact, err := c.Open(t.Context(), romeo); err != nil || contact.Online || contact.Status != "Gone." {
			t.Errorf("Open = %+v, %v", contact, err)
		}
	})
}

func TestAServerWithoutFilters(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Silent, 1)
		c, _ := w.logIn(t, nil)
		w.visit(t, romeo, "Here.")
		for name, call := range map[string]func(context.Context) error{"Sift": c.Sift, "Inactive": c.Inactive} {
			if err := call(t.Context()); !errors.Is(err, roster.ErrNotOffered) {
				t.Errorf("%s = %v, want ErrNotOffered", name, err)
			}
		}
		for name, call := range map[string]func(context.Context) error{"Unsift": c.Unsift, "Active": c.Active} {
			if err := call(t.Context()); err != nil {
				t.Errorf("%s with nothing to undo = %v", name, err)
			}
		}
		time.Sleep(2 * time.Minute)
		if contact, _ := c.Contact(romeo); contact.Lack != roster.Nothing {
			t.Errorf("two minutes later: %v, want nothing lacking", contact.Lack)
		}
	})
}

func TestSiftEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, sifting(server.ProsodyStock), 1)
		c, _ := w.logIn(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := c.Sift(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("with a context that has ended: %v", err)
		}
		w.Cut(juliet)
		if err := c.Sift(t.Context()); err == nil {
			t.Error("without a connection there is no error")
		}
	})
}
