package roster

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/address"
	"example.org/lastpresence/internal/request"
	"example.org/lastpresence/probe"
)

// errNoRoster means that the server's answer held no roster.
var errNoRoster = errors.New("the answer is no roster (RFC 6121 section 2.1.3)")

// Sync fetches the roster (RFC 6121 section 2.1.3). The session must be served
// with the Cache's handler meanwhile. Contacts that the roster no longer has
// are forgotten, and so is what was heard of strangers.
//
// It returns the context's error, [probe.ErrClosed], what the session failed
// with, or the stanza error that the server sent; the Cache stays as it was
// then.
func (c *Cache) Sync(ctx context.Context) error {
	var refused error
	err := c.requests.Do(ctx, c.s, jid.JID{}, rosterGet, func(start *xml.StartElement, r xml.TokenReader) {
		refused = c.fetched(start, r)
	})
	switch {
	case errors.Is(err, request.ErrClosed):
		err = probe.ErrClosed
	case err == nil:
		err = refused
	}
	if err != nil {
		return fmt.Errorf("roster: sync: %w", err)
	}
	return nil
}

func rosterGet(id string) xml.TokenReader {
	return stanza.IQ{ID: id, Type: stanza.GetIQ}.Wrap(
		xmlstream.Wrap(nil, xml.StartElement{Name: xml.Name{Space: NS, Local: "query"}}))
}

// fetched reads the server's answer. It applies the roster on the session's
// own goroutine, so that a push that comes behind it is applied after it.
func (c *Cache) fetched(start *xml.StartElement, r xml.TokenReader) error {
	iq, err := stanza.NewIQ(*start)
	if err != nil {
		return err
	}
	if iq.Type == stanza.ErrorIQ {
		e, err := stanza.UnmarshalError(xmlstream.MultiReader(xmlstream.Token(*start), r))
		if err != nil {
			return err
		}
		return e
	}
	var items []item
	found, err := readItems(r, func(it item) { items = append(items, it) })
	if err != nil {
		return err
	}
	if !found {
		return errNoRoster
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.contacts
	c.contacts = make(map[string]*entry, len(items))
	for _, it := range items {
		key := string(address.AppendBare(nil, it.jid))
		if e := old[key]; e != nil {
			c.contacts[key] = e
		}
		c.apply(it)
	}
	c.synced = true
	return nil
}
