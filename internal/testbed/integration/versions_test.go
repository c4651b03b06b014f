package integration_test

import (
	"context"
	"encoding/xml"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/suite"
	"example.org/lastpresence/roster"
)

// memory is a store for one account that lasts as long as the test.
type memory struct {
	mu    sync.Mutex
	saved roster.Saved
}

func (m *memory) Load(context.Context, jid.JID) (roster.Saved, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.saved, nil
}

func (m *memory) Save(_ context.Context, _ jid.JID, changes roster.Saved) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.saved = m.saved.Merge(changes)
	return nil
}

func (m *memory) Edit(context.Context, jid.JID, func(roster.Record) (roster.Record, bool)) error {
	return errors.ErrUnsupported
}

func (m *memory) Remove(context.Context, jid.JID) error { return errors.ErrUnsupported }

// counter counts the roster items that a server sends.
type counter struct {
	mu    sync.Mutex
	items int
}

// handler stands before the cache's handler.
func (c *counter) handler(next xmpp.Handler) xmpp.Handler {
	return xmpp.HandlerFunc(func(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
		return next.HandleXMPP(counting{t, c}, start)
	})
}

func (c *counter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.items
}

type counting struct {
	xmlstream.TokenReadEncoder
	c *counter
}

// Token implements xml.TokenReader.
func (t counting) Token() (xml.Token, error) {
	tok, err := t.TokenReadEncoder.Token()
	if start, ok := tok.(xml.StartElement); ok && start.Name.Space == roster.NS && start.Name.Local == "item" {
		t.c.mu.Lock()
		t.c.items++
		t.c.mu.Unlock()
	}
	return tok, err
}

// TestAnUnchangedRosterIsNotSentAgain logs in three times: with nothing in
// store, with all of it, and after a change that was made elsewhere.
func TestAnUnchangedRosterIsNotSentAgain(t *testing.T) {
	t.Parallel()
	for _, s := range servers[:1:1] {
		t.Run(s.name, func(t *testing.T) { unchangedRoster(t, s.start(t)) })
	}
	t.Run("ejabberd", func(t *testing.T) { unchangedRoster(t, integration.StartEjabberd(t)) })
}

func unchangedRoster(t *testing.T, s *integration.Server) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	account := suite.Juliet
	store := new(memory)
	login := func() (*roster.Cache, *counter, func()) {
		session := s.Login(t, account)
		c := roster.New(session, roster.Persist(store, func(err error) { t.Error(err) }))
		n := new(counter)
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = session.Serve(n.handler(c.Handler(nil)))
		}()
		if err := c.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		return c, n, func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			_ = session.Conn().Close()
			<-served
		}
	}
	c, n, leave := login()
	contacts := slices.Collect(c.All())
	if len(contacts) == 0 || n.count() != len(contacts) {
		t.Errorf("the first login: %d items for %d contacts", n.count(), len(contacts))
	}
	leave()
	if store.saved.Version == "" {
		t.Fatal("no version was stored")
	}

	c, n, leave = login()
	if again := slices.Collect(c.All()); n.count() != 0 || len(again) != len(contacts) {
		t.Errorf("an unchanged roster: %d items for %d contacts", n.count(), len(again))
	}
	leave()

	other := s.Login(t, account)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = other.Serve(nil)
	}()
	item := xmlstream.Wrap(nil, xml.StartElement{Name: xml.Name{Local: "item"}, Attr: []xml.Attr{
		{Name: xml.Name{Local: "jid"}, Value: "friar@capulet.lit"}, {Name: xml.Name{Local: "name"}, Value: "Laurence"}}})
	set := stanza.IQ{Type: stanza.SetIQ}
	reply, err := other.SendIQElement(ctx, xmlstream.Wrap(item, xml.StartElement{Name: xml.Name{Space: roster.NS, Local: "query"}}), set)
	if err != nil {
		t.Fatal(err)
	}
	_ = reply.Close()
	_ = other.Conn().Close()
	<-served

	c, n, leave = login()
	defer leave()
	deadline := time.Now().Add(10 * time.Second)
	friar := jid.MustParse("friar@capulet.lit")
	for {
		contact, ok := c.Contact(friar)
		if ok && contact.Name == "Laurence" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("a contact that was added elsewhere: %+v, %v", contact, ok)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if again := slices.Collect(c.All()); len(again) != len(contacts)+1 {
		t.Errorf("%d contacts after one was added to %d", len(again), len(contacts))
	}
	t.Logf("%d contacts; after one was added %d items were sent", len(contacts)+1, n.count())
}
