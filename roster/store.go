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

	// Save merges changes into what is kept of the account. It may save many
	// changes in parts; with an error some of them may have been saved, and
	// saving all of them again does no harm. An error that is [ErrLost] has
	// everything saved anew.
	Save(ctx context.Context, account jid.JID, changes Saved) error

	// Edit replaces each record of the account by the one that edit returns, or
	// forgets it where edit returns false. What is forgotten must not be left
	// anywhere. edit leaves the JID as it is, and may be called several times
	// for one record.
	Edit(ctx context.Context, account jid.JID, edit func(Record) (Record, bool)) error

	// Remove forgets the account.
	Remove(ctx context.Context, account jid.JID) error
}

// ErrLost is an error of a [Store]'s Save that has found what it kept to be lost,
// by [errors.Is].
var ErrLost = errors.New("what was kept is lost")

// Saved is what a [Store] keeps of an account, or changes of it. It holds no
// password and no message. The zero value is nothing.
type Saved struct {
	// At is when changes were made, by the clock of who made them; zero in what
	// Load returns. What a store has of later than that was written while a
	// clock was wrong, and does not count: see [Record.AsOf].
	At time.Time

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

	Seen Departure // the last that was seen as it happened
	Told Departure // the last that a server told of, as it was told last

	Online time.Time // when it was last told to be online, or gave another sign of life
	Learnt time.Time // when anything was last heard
}

// Departure is the end of an appearance of a contact, as it was told at one
// time.
type Departure struct {
	Heard    time.Time // when it was told; zero: there is none
	At       time.Time // zero: not known
	Stamp    time.Time // what the contact's server stamped on it, by its clock
	Resource string
	Status   string // the contact's own words
	Cause    Cause
	Text     string // in which its server told the cause
	Settled  bool   // an empty Status means that nothing was said
	Ours     bool   // At is by our clock; else it is the Stamp
	Bounded  bool   // it happened at some time before At
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
		r.Seen, r.Told = other.Seen, other.Told
		r.Online, r.Learnt = other.Online, other.Learnt
	case c == 0:
		r.Seen = r.Seen.merge(other.Seen)
		r.Told = r.Told.merge(other.Told)
		r.Online = later(r.Online, other.Online)
		r.Learnt = later(r.Learnt, other.Learnt)
	}
	return r
}

// AsOf returns the record without what lies in the future of a moment, which was
// written while a clock was wrong. A minute is allowed for the clocks of several
// machines. The zero time changes nothing.
func (r Record) AsOf(now time.Time) Record {
	if now.IsZero() {
		return r
	}
	limit := now.Add(time.Minute)
	if r.Listed.After(limit) {
		r.Listed = time.Time{}
	}
	if r.Since.After(limit) {
		r.Since = time.Time{}
	}
	for _, d := range []*Departure{&r.Seen, &r.Told} {
		if d.Heard.After(limit) || d.Ours && d.At.After(limit) {
			*d = Departure{}
		}
	}
	for _, t := range []*time.Time{&r.Online, &r.Learnt} {
		if t.After(limit) {
			*t = time.Time{}
		}
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

func (d Departure) merge(other Departure) Departure {
	if cmp.Or(
		d.Heard.Compare(other.Heard),
		d.At.Compare(other.At),
		d.Stamp.Compare(other.Stamp),
		compareBool(d.Settled, other.Settled),
		compareBool(d.Ours, other.Ours),
		compareBool(d.Bounded, other.Bounded),
		cmp.Compare(d.Cause, other.Cause),
		strings.Compare(d.Status, other.Status),
		strings.Compare(d.Text, other.Text),
		strings.Compare(d.Resource, other.Resource),
	) < 0 {
		return other
	}
	return d
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// AsOf returns what was saved without what lies in the future of a moment.
// The zero time changes nothing.
func (s Saved) AsOf(now time.Time) Saved {
	if now.IsZero() {
		return s
	}
	if s.Synced.After(now.Add(time.Minute)) {
		s.Synced, s.Version = time.Time{}, ""
	}
	records := make([]Record, len(s.Records))
	for i, r := range s.Records {
		records[i] = r.AsOf(now)
	}
	s.Records = records
	return s
}

// Merge returns what s and changes make together, with the records ordered by
// address.
func (s Saved) Merge(changes Saved) Saved {
	s = s.AsOf(changes.At)
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
