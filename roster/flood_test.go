package roster

import (
	"encoding/xml"
	"mellium.im/xmlstream"
	"strings"

	"fmt"
	"runtime"
	"testing"
	"time"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/leak"
	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
)

// newTestCache returns a cache with so many contacts, and its session's link.
func newTestCache(t testing.TB, contacts int) (*Cache, *link) {
	t.Helper()
	leak.Check(t)
	srv := server.New(server.Config{Domains: []string{"capulet.lit"}, Behaviour: server.Silent})
	t.Cleanup(func() { _ = srv.Close() })
	juliet := jid.MustParse("juliet@capulet.lit/balcony")
	srv.AddAccount(juliet, "")
	session, err := srv.Session(t.Context(), juliet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Conn().Close() })
	c := New(session)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.items.synced = true
	for i := range contacts {
		c.apply(item{contactNumber(i), details{subscription: subBoth}})
	}
	return c, c.link
}

func contactNumber(i int) jid.JID {
	return jid.MustParse(fmt.Sprintf("contact%d@montague.lit", i))
}

// orchard is the resource of a contact.
func orchard(i int) jid.JID {
	return jid.MustParse(fmt.Sprintf("contact%d@montague.lit/orchard", i))
}

// leaving is the presence of a contact who leaves now with a word.
func leaving(t testing.TB, from jid.JID) probe.Presence {
	return read(t, time.Now(), "<presence xmlns='jabber:client' type='unavailable' from='"+from.String()+
		"'><status>Going offline. Out of battery.</status></presence>")
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestAFloodOfStrangersCostsNoMemory(t *testing.T) {
	c, l := newTestCache(t, 10)
	p := leaving(t, jid.MustParse("stranger@example.net/spam"))
	before := heap()
	for i := range 1_000_000 {
		if i%10_000 == 0 {
			p.From = jid.MustParse(fmt.Sprintf("stranger%d@example.net/spam", i))
		}
		c.observe(l, &p, false)
	}
	after := heap()
	if len(c.items.entries) != 10 {
		t.Errorf("%d contacts after a flood of strangers, want 10", len(c.items.entries))
	}
	if grown := int64(after) - int64(before); grown > 1<<20 {
		t.Errorf("a flood of strangers cost %d bytes", grown)
	}
}

func TestBeforeTheRosterIsKnownStrangersAreBounded(t *testing.T) {
	c, l := newTestCache(t, 0)
	c.items.synced = false
	p := probe.Presence{Presence: stanza.Presence{Type: stanza.UnavailablePresence}, Received: time.Now()}
	for i := range 30_000 {
		p.From = contactNumber(i)
		c.observe(l, &p, false)
	}
	if len(c.items.entries) != 10_000 {
		t.Errorf("%d senders are kept, want 10,000", len(c.items.entries))
	}
}

func TestResourcesAreBounded(t *testing.T) {
	c, l := newTestCache(t, 1)
	for _, typ := range []stanza.PresenceType{stanza.UnavailablePresence, stanza.AvailablePresence} {
		for i := range 1000 {
			p := probe.Presence{Presence: stanza.Presence{Type: typ}, Received: time.Now()}
			p.From, _ = contactNumber(0).WithResource(fmt.Sprint(string(typ), i))
			c.observe(l, &p, false)
		}
	}
	contact, _ := c.Contact(contactNumber(0))
	if n := len(contact.Resources); n != 32 {
		t.Errorf("%d resources of one contact are kept, want 32", n)
	}
}

// read makes a presence of XML, as if it came at a time.
func read(t testing.TB, at time.Time, s string) probe.Presence {
	t.Helper()
	p, err := probe.ReadPresence(xmlstream.ReaderFunc(xml.NewDecoder(strings.NewReader(s)).Token))
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	p.Received = at
	return p
}
