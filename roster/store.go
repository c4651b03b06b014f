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

// Store keeps what is known about contacts between runs of a program. See
// [Persist], and packages filestore and sqlstore.
//
// Several processes may use one Store for one account. Save must therefore
// merge: for each contact it writes the [Record.Merge] of the stored record and
// the change, so that older facts never replace newer ones. All methods must be
// safe for concurrent use.
type Store interface {
	// Load returns what is kept of an account, which is a bare JID. If nothing
	// is kept, it returns the zero Saved and no error.
	Load(ctx context.Context, account jid.JID) (Saved, error)

	// Save merges changes into what is kept of the account. It may save them in
	// parts. After an error, some of them may have been saved; saving all of
	// them again does no harm. If the error wraps [ErrLost], the Cache saves
	// everything again.
	Save(ctx context.Context, account jid.JID, changes Saved) error

	// Remove erases everything about the account.
	Remove(ctx context.Context, account jid.JID) error
}

// Editor is a [Store] that can erase a part of what it keeps, as filestore's
// and sqlstore's can. With any other Store, [Cache.Forget] erases only what
// Save replaces, and [Retention] and [WithoutStatus] do not erase what was
// saved before.
type Editor interface {
	Store

	// Edit replaces each record of the account with the one that edit returns,
	// and erases the record if edit returns false. Edit must not leave a copy of
	// what it erased. edit does not change the JID. It may be called more than
	// once for a record.
	Edit(ctx context.Context, account jid.JID, edit func(Record) (Record, bool)) error
}

// ErrLost means that a [Store] has lost what it kept. The error of Save wraps
// it, and the Cache then saves everything again.
var ErrLost = errors.New("what was kept is lost")

// Saved is what a [Store] keeps of an account, or changes to it. It holds no
// passwords and no messages. The zero value is empty.
type Saved struct {
	// At is when the changes were made, by the clock of the process that made
	// them; zero in what Load returns. Save discards stored facts that are later
	// than At, because a process whose clock was wrong wrote them: see
	// [Record.AsOf].
	At time.Time

	// Version identifies the roster's version as of Synced (RFC 6121 section
	// 2.6) and the items that it had. It may be empty. The later Synced wins.
	Version string
	Synced  time.Time

	// Records has at most one record for each contact, in any order.
	Records []Record
}

// Record is what a [Store] keeps of one contact. Its times are in UTC, in whole
// microseconds; a zero time means not known.
//
// Each part is the latest fact of its kind, whichever process learnt it.
type Record struct {
	JID jid.JID // bare

	// The roster item as it was at the time Listed. Subscription is none, to,
	// from or both, or remove if the contact is no longer in the roster.
	Listed       time.Time
	Name         string
	Groups       []string
	Subscription string
	Ask          bool
	Approved     bool

	// Since is when everything known was dropped because the contact stopped
	// sharing its presence. Everything below was learnt later. When two records
	// are merged, everything below is taken from the one with the later Since.
	// So if two processes see a contact leave the roster and come back, what
	// one of them learns is not kept until that process is restarted.
	Since time.Time

	Seen Departure // the last departure that was seen as it happened
	Told Departure // the last departure that a server reported afterwards

	Online time.Time // when it was last known to be online, or gave another sign of life
	Words  []string  // the statuses of its resources at Online
	Learnt time.Time // when anything was last learnt
}

// Departure is one report that a contact went offline.
type Departure struct {
	Heard    time.Time // when it was reported to us; zero: the Departure is empty
	At       time.Time // when the contact left; zero: not known
	Stamp    time.Time // the stamp of the contact's server, by its clock
	Resource string
	Status   string // the contact's own words
	Cause    Cause
	Text     string // the server's text that says the cause
	Settled  bool   // an empty Status means that the contact said nothing
	Ours     bool   // At is by our clock; otherwise it is the Stamp
	Bounded  bool   // the contact left at some time before At
}

// Merge returns the combination of r and other. It does not depend on the
// order, and merging the same record again changes nothing.
func (r Record) Merge(other Record) Record {
	if r.compareItem(other) < 0 {
		r.Listed, r.Name, r.Groups = other.Listed, other.Name, other.Groups
		r.Subscription, r.Ask, r.Approved = other.Subscription, other.Ask, other.Approved
	}
	switch c := r.Since.Compare(other.Since); {
	case c < 0:
		r.Since = other.Since
		r.Seen, r.Told = other.Seen, other.Told
		r.Online, r.Words, r.Learnt = other.Online, other.Words, other.Learnt
	case c == 0:
		r.Seen = r.Seen.merge(other.Seen)
		r.Told = r.Told.merge(other.Told)
		if cmp.Or(r.Online.Compare(other.Online), slices.Compare(r.Words, other.Words)) < 0 {
			r.Online, r.Words = other.Online, other.Words
		}
		r.Learnt = later(r.Learnt, other.Learnt)
	}
	return r
}

// AsOf returns the record without facts that are later than now; they were
// written while a clock was wrong. It allows for a difference of one minute
// between clocks. A zero now changes nothing.
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
	if r.Online.After(limit) {
		r.Words = nil
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

// AsOf applies [Record.AsOf] to all records, and drops a roster version that is
// later than now.
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

// Merge returns s without facts later than changes.At, merged with changes. The
// records are ordered by address.
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
