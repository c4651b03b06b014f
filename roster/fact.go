package roster

import (
	"cmp"
	"slices"
)

// hearing is when and how something was heard. It was heard in an epoch: from
// its beginning on the server tells everything anew, as it does with each session
// and after some silences. Zero is the time before this process began.
type hearing struct {
	at     moment
	began  moment // when the epoch began
	source Source
}

// event is a resource's coming, change or leaving. There is at least one for
// each contact who was heard of, so it is kept small.
type event struct {
	name  string
	at    moment // what counts for which is later
	heard moment
	here  *appearance // nil: it left
}

// appearance is how a resource is online.
type appearance struct {
	status   string
	since    moment
	idle     moment
	show     show
	priority int8
}

// resource is the copy for callers, of one that is online.
func (e event) resource() Resource {
	return Resource{
		Name:     e.name,
		Show:     shows[e.here.show],
		Status:   e.here.status,
		Priority: e.here.priority,
		Since:    e.here.since.time(),
		Idle:     e.here.idle.time(),
	}
}

// show is an index of shows (RFC 6121 section 4.7.2.1).
type show uint8

var shows = [...]string{"", "away", "chat", "dnd", "xa"}

func showOf(s string) show {
	return show(max(slices.Index(shows[:], s), 0))
}

// end is a moment at which no resource was online.
type end struct {
	at     moment
	heard  moment
	began  moment // when the epoch began in which it was heard
	source Source
}

// sighting is the end of an appearance of the contact.
type sighting struct {
	at       moment // zero: not known
	heard    moment
	resource string
	status   string
	settled  bool // an empty status means that nothing was said
	source   Source
}

func (s *sighting) take(other sighting) {
	if other.compare(*s) > 0 {
		*s = other
	}
}

// words are what a contact said as it left, nobody knows when.
type words struct {
	heard  moment
	status string
	source Source
}

func (a event) compare(b event) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.heard, b.heard), -compareBool(a.here != nil, b.here != nil),
		valueOf(a.here).compare(valueOf(b.here)))
}

func (a appearance) compare(b appearance) int {
	return cmp.Or(cmp.Compare(a.since, b.since), cmp.Compare(a.priority, b.priority), cmp.Compare(a.show, b.show),
		cmp.Compare(a.status, b.status), cmp.Compare(a.idle, b.idle))
}

func (a end) compare(b end) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.heard, b.heard), cmp.Compare(a.began, b.began), cmp.Compare(b.source, a.source))
}

func (a sighting) compare(b sighting) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.heard, b.heard), compareBool(a.settled, b.settled),
		cmp.Compare(a.status, b.status), cmp.Compare(a.resource, b.resource), cmp.Compare(b.source, a.source))
}

func (a words) compare(b words) int {
	return cmp.Or(cmp.Compare(a.heard, b.heard), cmp.Compare(a.status, b.status), cmp.Compare(b.source, a.source))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// valueOf is what p points to, or the zero value.
func valueOf[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
