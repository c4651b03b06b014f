package roster

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/wire/request"
	"example.org/lastpresence/probe"
)

// nsVersioning is the stream feature of roster versioning (RFC 6121 section
// 2.6.1).
const nsVersioning = "urn:xmpp:features:rosterver"

// errNoRoster means that the server's answer held no roster.
var errNoRoster = errors.New("the answer has no roster (RFC 6121 section 2.1.3)")

// Sync fetches the roster (RFC 6121 section 2.1.3). Call it before initial
// presence, while the session is being served. Contacts that are no longer in
// the roster are forgotten. Presence that strangers sent earlier is dropped
// within a minute.
//
// If the session was negotiated with the roster.Versioning feature of mellium
// and the server supports it, a roster that has not changed since the [Store]
// kept it is not sent again (RFC 6121 section 2.6).
//
// Sync returns the error of ctx, [probe.ErrClosed], the error of the session,
// or the stanza error that the server sent; the Cache is then unchanged. Errors
// of the store go to the function given to [Persist] instead.
func (c *Cache) Sync(ctx context.Context) error {
	if err := c.Load(ctx); err != nil && c.cfg.failed != nil {
		c.cfg.failed(err)
	}
	l := c.current()
	if l == nil {
		return errNoSession("sync")
	}
	ask, since := c.asks(l)
	build := func(id string) xml.TokenReader { return rosterGet(id, ask, since) }
	var refused error
	began := time.Now()
	err := l.requests.Do(ctx, l.s, jid.JID{}, build, func(start *xml.StartElement, r xml.TokenReader) {
		refused = c.fetched(l, ask, start, r, began)
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

// asks reports whether to ask for what changed alone, and since which version,
// which is empty for the whole roster.
func (c *Cache) asks(l *link) (ask bool, since string) {
	if _, ask = l.s.Feature(nsVersioning); !ask {
		return false, ""
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return true, c.items.version
}

func rosterGet(id string, ask bool, since string) xml.TokenReader {
	query := xml.StartElement{Name: xml.Name{Space: NS, Local: "query"}}
	if ask {
		query.Attr = []xml.Attr{{Name: xml.Name{Local: "ver"}, Value: since}}
	}
	return stanza.IQ{ID: id, Type: stanza.GetIQ}.Wrap(xmlstream.Wrap(nil, query))
}

// fetched reads the server's answer. It applies the roster on the session's
// own goroutine, so that a push that comes behind it is applied after it.
func (c *Cache) fetched(l *link, asked bool, start *xml.StartElement, r xml.TokenReader, began time.Time) error {
	iq, err := stanza.NewIQ(*start)
	if err != nil {
		return err
	}
	if iq.Type == stanza.ErrorIQ {
		e, err := stanza.UnmarshalError(r)
		if err != nil {
			return err
		}
		return e
	}
	q, err := readQuery(r)
	if err != nil {
		return err
	}
	if !q.found && !asked {
		return errNoRoster
	}
	c.report(q)
	c.mu.Lock()
	defer c.mu.Unlock()
	if l != c.link {
		return probe.ErrClosed
	}
	l.trip = time.Since(began)
	if q.found {
		c.replace(q)
		return nil
	}
	// What changed since then comes as pushes (RFC 6121 section 2.6.3).
	c.items.synced, l.fetched = true, true
	c.items.early = c.stamp() + interim
	return nil
}
