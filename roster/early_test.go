package roster

import (
	"context"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
)

const pushOfTheFirst = `<iq xmlns='jabber:client' type='set' id='p'><query xmlns='jabber:iq:roster'><item jid='contact0@montague.lit' subscription='both'/></query></iq>`

// early returns a Cache that has heard of a contact before its roster is said to
// be unchanged, and its handler.
func early(t *testing.T) (*Cache, xmpp.Handler) {
	t.Helper()
	c, l := newTestCache(t, 0)
	c.items.synced = false
	h := c.Handler(nil)
	hear(t, h, strings.NewReader(`<presence xmlns='jabber:client' from='contact0@montague.lit/orchard'/>`))
	d := xml.NewDecoder(strings.NewReader(`<iq type='result' id='r'></iq>`))
	start, _ := d.Token()
	answer := start.(xml.StartElement)
	if err := c.fetched(l, true, &answer, d, time.Now()); err != nil {
		t.Fatal(err)
	}
	return c, h
}

// A server whose roster is unchanged tells what is new since then by pushes.
func TestPresenceHeardBeforeAPushIsKnown(t *testing.T) {
	c, h := early(t)
	hear(t, h, strings.NewReader(pushOfTheFirst))
	if contact, ok := c.Contact(contactNumber(0)); !ok || !contact.Online {
		t.Errorf("%t, %+v", ok, contact)
	}
}

func TestStrangersAreForgottenWhenNoPushCame(t *testing.T) {
	c, h := early(t)
	c.items.early = 1
	hear(t, h, strings.NewReader(`<presence xmlns='jabber:client' from='contact1@montague.lit/orchard'/>`))
	if len(c.items.entries) != 0 {
		t.Errorf("%d are kept", len(c.items.entries))
	}
}

// shelved is a store with a record, which counts how often it was written to.
type shelved struct {
	record Record
	saves  int
}

func (s *shelved) Load(context.Context, jid.JID) (Saved, error) {
	return Saved{Records: []Record{s.record}}, nil
}

func (s *shelved) Save(context.Context, jid.JID, Saved) error {
	s.saves++
	return nil
}

func (s *shelved) Edit(context.Context, jid.JID, func(Record) (Record, bool)) error { return nil }

func (s *shelved) Remove(context.Context, jid.JID) error { return nil }

func TestAFetchedRosterIsLaterThanAStore(t *testing.T) {
	c, _ := newTestCache(t, 1)
	ahead := time.Now().Add(time.Hour) // by another machine's clock
	c.cfg.store = &shelved{record: Record{JID: contactNumber(0), Subscription: "remove", Listed: ahead, Since: ahead}}
	if err := c.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Contact(contactNumber(0)); !ok {
		t.Error("the store removed a contact")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// The timer may fire while Close is about to stop it.
func TestNothingIsWrittenAfterClose(t *testing.T) {
	c, _ := newTestCache(t, 1)
	store := new(shelved)
	c.cfg.store = store
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	c.keep(c.items.entries[contactNumber(0).String()])
	c.mu.Unlock()
	before := store.saves
	c.keepSoon()
	if store.saves != before {
		t.Error("it was written")
	}
}
