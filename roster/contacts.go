package roster

import (
	"slices"
	"strings"
	"sync/atomic"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/roster/internal/judge"
)

// items is the roster: its contacts, and what is known of it as a whole. The
// Cache's lock guards it.
type items struct {
	entries map[string]*entry
	removed map[string]judge.Moment // when contacts were removed

	synced  bool   // it was fetched or given: only contacts count from then on
	version string // RFC 6121 section 2.6
	asOf    judge.Moment
	sum     uint64       // of all items, see mark
	listed  int          // how many there are
	early   judge.Moment // until when strangers may still become contacts; 0: there are none

	// listing has the contacts in order, nil where they have changed since it
	// was made.
	listing atomic.Pointer[listing]
}

// entry is a contact, or a sender who may turn out to be one.
type entry struct {
	details
	judge.Knowledge
	key    string       // the bare address
	listed judge.Moment // when the roster item was told; zero: the sender is not in the roster
}

func newItems() items {
	return items{entries: make(map[string]*entry), removed: make(map[string]judge.Moment)}
}

// find returns the entry of j, or nil if there is none.
func (it *items) find(j jid.JID) *entry {
	var buf [128]byte
	return it.entries[string(address.AppendBare(buf[:0], j))]
}

// entry returns the entry of j, and adds one if there is none.
func (it *items) entry(j jid.JID) *entry {
	var buf [128]byte
	b := address.AppendBare(buf[:0], j)
	e := it.entries[string(b)]
	if e == nil {
		key := string(b)
		e = &entry{key: key}
		e.Forget(it.removed[key])
		it.entries[key] = e
	}
	return e
}

// directory returns the roster's contacts, ordered by address.
func (it *items) directory() *listing {
	if d := it.listing.Load(); d != nil {
		return d
	}
	d := &listing{entries: make([]*entry, 0, it.listed), addresses: make([]jid.JID, 0, it.listed)}
	for _, e := range it.entries {
		if e.listed != 0 {
			d.entries = append(d.entries, e)
		}
	}
	slices.SortFunc(d.entries, func(a, b *entry) int { return strings.Compare(a.key, b.key) })
	for _, e := range d.entries {
		d.addresses = append(d.addresses, address.OfKey(e.key))
	}
	it.listing.Store(d)
	return d
}

// list sets the roster item of an entry, as of the moment at. Zero means that
// the sender is not a contact yet.
func (it *items) list(e *entry, d details, at judge.Moment) {
	it.unlist(e)
	it.listing.Store(nil)
	e.details, e.listed = d, at
	if at != 0 {
		it.sum += d.sum(e.key)
		it.listed++
	}
}

// unlist removes an entry from the count and the sum of all items.
func (it *items) unlist(e *entry) {
	if e.listed != 0 {
		it.sum -= e.details.sum(e.key)
		it.listed--
		it.listing.Store(nil)
		e.listed = 0
	}
}

// listing is the contacts of a roster, ordered by address. It never changes.
type listing struct {
	entries   []*entry
	addresses []jid.JID
}
