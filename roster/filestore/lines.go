package filestore

import (
	"bytes"
	"encoding/json"
	"fmt"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/roster"
)

// lines iterates over the records of a file, which are ordered by address, one
// for each contact. Any other order ends it with an error.
type lines struct {
	version int // of the format
	rest    []byte
	line    []byte // with its end
	address string // of the contact
	n       int
	err     error
}

func (l *lines) next() bool {
	if len(l.rest) == 0 || l.err != nil {
		return false
	}
	end := bytes.IndexByte(l.rest, '\n') + 1
	l.line, l.rest = l.rest[:end], l.rest[end:]
	l.n++
	last := l.address
	if err := l.readAddress(); err != nil {
		return l.fail(err)
	}
	if l.address <= last {
		return l.fail(fmt.Errorf("%q does not come after %q", l.address, last))
	}
	return true
}

// readAddress reads no more of the line than it needs.
func (l *lines) readAddress() error {
	if rest, ok := bytes.CutPrefix(l.line, []byte(`{"jid":"`)); ok {
		if key, _, ok := bytes.Cut(rest, []byte(`"`)); ok && bytes.IndexByte(key, '\\') < 0 {
			l.address = string(key)
			return nil
		}
	}
	var c struct {
		JID string `json:"jid"`
	}
	err := json.Unmarshal(l.line, &c)
	l.address = c.JID
	return err
}

// contact returns what the line says, in this version of the format.
func (l *lines) contact() (c contact, err error) {
	if l.version == 1 {
		var old contact1
		err = json.Unmarshal(l.line, &old)
		return old.upgrade(), err
	}
	err = json.Unmarshal(l.line, &c)
	return c, err
}

// record returns what the line says of the contact.
func (l *lines) record() roster.Record {
	c, err := l.contact()
	if err != nil {
		l.fail(err)
		return roster.Record{}
	}
	if len(c.Groups) == 0 {
		c.Groups = nil // as it is written
	}
	if len(c.Words) == 0 {
		c.Words = nil
	}
	j, err := address.Parse(c.JID)
	switch {
	case err != nil:
		l.fail(fmt.Errorf("%q: %w", c.JID, err))
	case c.JID != l.address || c.JID != j.Bare().String():
		l.fail(fmt.Errorf("%q is not a bare address in its usual form", c.JID))
	}
	return roster.Record{
		JID:          j,
		Listed:       c.Listed.time(),
		Name:         c.Name,
		Groups:       c.Groups,
		Subscription: c.Subscription,
		Ask:          c.Ask,
		Approved:     c.Approved,
		Since:        c.Since.time(),
		Seen:         c.Seen.departure(),
		Told:         c.Told.departure(),
		Online:       c.Online.time(),
		Words:        c.Words,
		Learnt:       c.Learnt.time(),
	}
}

func (l *lines) fail(err error) bool {
	l.err = fmt.Errorf("line %d: %w", l.n+1, err)
	return false
}

func (d departure) departure() roster.Departure {
	return roster.Departure{At: d.At.time(), Heard: d.Heard.time(), Stamp: d.Stamp.time(), Resource: d.Resource, Status: d.Status,
		Cause: d.Cause, Text: d.Text, Settled: d.Settled, Ours: d.Ours, Bounded: d.Bounded}
}
