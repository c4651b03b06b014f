package roster

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"mellium.im/xmpp/jid"
)

// Store keeps what is known of contacts while no program runs. See [Persist],
// and the packages filestore and sqlstore.
//
// Several processes may use one Store for one account, and Save must merge:
// what it writes is, for each contact, the [Record.Merge] of what the Store has
// and of the change. So nothing later is overwritten by something earlier,
// whoever writes last. All methods must be safe for concurrent use.
type Store interface {
	// Load returns what is kept of an account, which is a bare address. An
	// account of which nothing is kept is no error.
	Load(ctx context.Context, account jid.JID) (Saved, error)

	// Save merges changes into what is kept of the account: all of them
	// or, with an error, none. An error that is [ErrLost] has everything
	// saved anew.
	Save(ctx context.Context, account jid.JID, changes Saved) error

	// Remove forgets the account.
	Remove(ctx context.Context, account jid.JID) error
}

// ErrLost is an error of a [Store]'s Save that has found what it kept to be lost,
// by [errors.Is].
var ErrLost = errors.New("what was kept is lost")

// Saved is what a [Store] keeps of an account, or changes of it. It holds no
// password and no message. The zero value is nothing.
type Saved struct {
	// Version tells the roster's version as of Synced (RFC 6121 section 2.6),
	// and which items it had. It may be empty. The later Synced counts.
	Version string
	Synced  time.Time

	// Records are of one contact each, in no order.
	Records []Record
}

// Record is what a [Store] keeps of one contact. Its times are in UTC and have
// whole microseconds; a zero time means that it is not known.
//
// Each of its parts is the latest of the facts of one kind, whoever learnt
// them.
type Record struct {
	JID jid.JID // bare

	// The roster item as of Listed. Subscription is none, to, from, both, or
	// remove where the roster has the contact no longer.
	Listed       time.Time
	Name         string
	Groups       []string
	Subscription string
	Ask          bool
	Approved     bool

	// Since is when all that had been known was dropped, because the
	// contact's presence was no longer ours to know. What follows was learnt
	// after it. Of two records the later Since counts with what follows it:
	// where two processes see a contact leave the roster and come back, what
	// one of them learns is not kept until it starts anew.
	Since time.Time

	Seen   Sighting // by presence
	Active Sighting // by last activity (XEP-0012), in whole seconds
	Said   Sighting // as it left, nobody knows when; At is zero

	Online time.Time // when a resource was online last
	Asked  time.Time // when an answer to a probe last said offline
	Learnt time.Time // when anything was last heard
}

// Sighting is the end of an appearance of a contact, as it was told at one
// time.
type Sighting struct {
	At       time.Time // zero: not known
	Heard    time.Time
	Resource string
	Status   string
	Settled  bool // an empty Status means that nothing was said
}

// Merge returns what r and other make together. The order of merging does not
// matter, nor does merging twice.
func (r Record) Merge(other Record) Record {
	if r.compareItem(other) < 0 {
		r.Listed, r.Name, r.Groups = other.Listed, other.Name, other.Groups
		r.Subscription, r.Ask, r.Approved = other.Subscription, other.Ask, other.Approved
	}
	switch c := r.Since.Compare(other.Since); {
	case c < 0:
		r.Since = other.Since
		r.Seen, r.Active, r.Said = other.Seen, other.Active, other.Said
		r.Online, r.Asked, r.Learnt = other.Online, other.Asked, other.Learnt
	case c == 0:
		r.Seen = r.Seen.merge(other.Seen)
		r.Active = r.Active.merge(other.Active)
		r.Said = r.Said.merge(other.Said)
		r.Online = later(r.Online, other.Online)
		r.Asked = later(r.Asked, other.Asked)
		r.Learnt = later(r.Learnt, other.Learnt)
	}
	return r
}

func (r Record) compareItem(other Record) int {
	return cmp.Or(
		r.Listed.Compare(other.Listed),
		strings.Compare(r.Subscription, other.Subscription),
		strings.Compare(r.Name, other.Name),
		slices.Compare(r.Groups, other.Groups),
		compareBool(r.Ask, other.Ask),
		compareBool(r.Approved, other.Approved),
	)
}

func (s Sighting) merge(other Sighting) Sighting {
	if cmp.Or(
		s.At.Compare(other.At),
		s.Heard.Compare(other.Heard),
		compareBool(s.Settled, other.Settled),
		strings.Compare(s.Status, other.Status),
		strings.Compare(s.Resource, other.Resource),
	) < 0 {
		return other
	}
	return s
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Merge returns what s and changes make together, with the records ordered by
// address.
func (s Saved) Merge(changes Saved) Saved {
	if cmp.Or(s.Synced.Compare(changes.Synced), strings.Compare(s.Version, changes.Version)) < 0 {
		s.Synced, s.Version = changes.Synced, changes.Version
	}
	records := make(map[string]Record, len(s.Records)+len(changes.Records))
	for _, list := range [][]Record{s.Records, changes.Records} {
		for _, r := range list {
			key := r.JID.String()
			if old, ok := records[key]; ok {
				r = old.Merge(r)
			}
			records[key] = r
		}
	}
	s.Records = make([]Record, 0, len(records))
	for _, key := range slices.Sorted(maps.Keys(records)) {
		s.Records = append(s.Records, records[key])
	}
	return s
}
