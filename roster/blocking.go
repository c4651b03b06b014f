package roster

import (
	"encoding/xml"
	"strings"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/address"
)

// nsBlocking is the namespace of the block list (XEP-0191).
const nsBlocking = "urn:xmpp:blocking"

// blocks reports whether the block list contains the contact or its server.
func (c *Cache) blocks(key string) bool {
	if len(c.blocked) == 0 {
		return false
	}
	_, domain, found := strings.Cut(key, "@")
	return c.blocked[key] || found && c.blocked[domain]
}

// SetBlocked replaces the block list (XEP-0191). Call it if your client fetches
// the list itself, because the answer does not pass the Cache's handler.
// Changes of the list do pass it, and need no call. Knowledge of contacts that
// are added to the list or removed from it is dropped. [Cache.Open] returns
// [probe.ErrBlocked] for blocked contacts without asking.
func (c *Cache) SetBlocked(list []jid.JID) {
	blocked := make(map[string]bool, len(list))
	for _, j := range list {
		blocked[j.String()] = true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.block(blocked)
}

// block replaces the block list. What is known about contacts that are added or
// removed is dropped, because they were not heard while they were blocked.
func (c *Cache) block(blocked map[string]bool) {
	former := c.blocked
	for key, e := range c.items.entries {
		c.blocked = former
		was, before := c.blocks(key), c.before(e)
		if c.blocked = blocked; c.blocks(key) == was {
			continue
		}
		e.Forget(c.stamp())
		e.Partly(c.epoch) // not every server sends the presence of an unblocked contact again
		c.changed(e, before)
	}
	c.blocked = blocked
}

// heardBlocking applies the block list, or a change of it, that our own server
// sent.
func (c *Cache) heardBlocking(l *link, start xml.StartElement, r xml.TokenReader) {
	items, err := blockItems(r)
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if l != c.link {
		return
	}
	blocked := make(map[string]bool)
	if start.Name.Local != "blocklist" {
		for j := range c.blocked {
			blocked[j] = true
		}
	}
	if start.Name.Local == "unblock" && len(items) == 0 {
		clear(blocked) // all are unblocked (XEP-0191 section 3.5)
	}
	for _, j := range items {
		if start.Name.Local == "unblock" {
			delete(blocked, j)
		} else {
			blocked[j] = true
		}
	}
	c.block(blocked)
}

// blockItems reads the items of a block list.
func blockItems(r xml.TokenReader) (items []string, err error) {
	for {
		tok, err := r.Token()
		switch tok := tok.(type) {
		case xml.EndElement:
			return items, nil
		case xml.StartElement:
			for _, attr := range tok.Attr {
				if attr.Name.Space != "" || attr.Name.Local != "jid" {
					continue
				}
				if j, err := address.Parse(attr.Value); err == nil {
					items = append(items, j.String())
				}
			}
			if err := xmlstream.Skip(r); err != nil {
				return items, err
			}
			continue
		}
		if err != nil || tok == nil {
			return items, err
		}
	}
}
