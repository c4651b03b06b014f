package judge

import (
	"cmp"
	"slices"

	"example.org/lastpresence/delay"
	"example.org/lastpresence/probe"
)

// How far two reports of one departure may be apart.
const (
	// Seconds are rounded down, and the answer takes time to arrive.
	early = 3 * second
	// Some servers report the time of the disconnect, a few seconds after the
	// unavailable presence that announced it.
	late = 8 * second
	// A stamp that is later than our time by more than clocks differ belongs to
	// another departure.
	apart = 1800 * second
)

// departure is one departure of the contact.
type departure struct {
	at       Moment // zero: not known
	stamp    Moment // what its server stamped on it
	heard    Moment
	parted   Moment // when another resource left, of which this may be a report; zero: of none
	resource string
	words    string // the contact's own, or a server's
	epoch    Epoch  // in which it was last reported; zero: not since the start
	cause    Cause
	source   Source
	server   bool // the words are a server's
	live     bool // we saw it
	settled  bool // an empty status means that nothing was said
	byStamp  bool // at is its server's time, not ours
	bounded  bool // it happened at some time before at
	doubt    bool // something was told since that leaves it in doubt
}

// told returns the departure that an unavailable presence reports.
func told(p *probe.Presence, h Hearing) departure {
	d := departure{
		stamp:    MomentOf(p.Delay.Stamp),
		heard:    h.At,
		resource: p.Delay.From.Resourcepart(),
		epoch:    h.Epoch,
		source:   h.Source,
		byStamp:  true,
	}
	if ahead(p) {
		// Its server's clock is ahead, and the stamp stands for now.
		d.stamp, d.at, d.byStamp, d.bounded = 0, h.At, false, true
	} else {
		d.at = d.stamp
	}
	if p.MadeFromAvailable() {
		d.at = 0 // the stamp may be of when the contact was still there
		return d
	}
	d.say(p.Status(), Live)
	return d
}

// ahead reports whether the stamp of a presence lies in the future.
func ahead(p *probe.Presence) bool {
	return !p.Delay.Stamp.IsZero() && p.Delay.Stamp.Equal(p.Received) ||
		slices.ContainsFunc(p.Doubts, func(d delay.Doubt) bool { return d.Why == delay.Future })
}

// exact reports whether the time is known by our clock.
func (d *departure) exact() bool { return d.at != 0 && !d.byStamp && !d.bounded }

// say records the text that came with a departure; it may be a server's own.
func (d *departure) say(s string, source Source) {
	d.words = s
	if cause, ok := causeOf(s, source); ok {
		d.cause, d.server, d.settled = cause, true, true
	} else if s != "" {
		d.cause = Goodbye
	}
}

// status returns the contact's own text, and text that of a server.
func (d *departure) status() string {
	if d.server {
		return ""
	}
	return d.words
}

func (d *departure) text() string {
	if d.server {
		return d.words
	}
	return ""
}

// distinct reports whether another report has a different text of the contact's
// own.
func (d *departure) distinct(other *departure) bool {
	return other.status() != "" && other.status() != d.status()
}

// relation says how a report relates to the departure that is known.
type relation uint8

const (
	same relation = iota
	later
	earlier
	unclear
)

// account applies a server's report of the last departure.
func (k *Knowledge) account(d *departure, h Hearing) {
	now := h.At
	if k.online > now {
		k.online = 0 // our clock was ahead
	}
	if k.left != nil && k.left.at > now && !k.left.byStamp {
		k.left = nil
	}
	relation := k.relate(d, h.Filtered != 0)
	if k.parted() && relation != later {
		if relation == unclear && d.at+early >= k.online {
			d.parted, d.doubt = k.left.at, true
			k.leave(d)
		}
		return
	}
	if k.left != nil && k.left.parted != 0 && k.settles(d) {
		return
	}
	switch relation {
	case same:
		k.left.enrich(d)
	case later:
		k.leave(d)
	case unclear:
		if k.left != nil {
			k.left.doubt = true
		}
	}
}

// relate returns how a report relates to the departure that is known. In a
// session that hears everything, all reports while the contact is offline are
// about one departure.
func (k *Knowledge) relate(d *departure, filtered bool) relation {
	old := k.left
	inSession := old != nil && old.epoch == d.epoch && d.epoch != 0 && !filtered
	before := d.at != 0 && d.at+early < k.online
	switch {
	case before && !d.byStamp:
		return earlier
	case before && old != nil && old.bounded && k.online-d.at > apart:
		return earlier // no clock is that wrong
	case before && !inSession:
		return unclear
	case old == nil:
		return later
	case k.parted():
		return k.left.sinceParted(d)
	}
	switch {
	case old.exact() && d.exact():
		r := compareTimes(d.at-old.at, early, late)
		if r == same && d.at != old.at && d.at > old.at-second && old.status() != "" && old.distinct(d) {
			return later // within seconds, with other words
		}
		return r
	case old.byStamp && old.at != 0 && !d.byStamp && !d.bounded && d.at-old.at > apart:
		return later // even in one answer: its stamp is of the departure before
	case old.bounded && old.settled && old.distinct(d) && d.exact() && d.at <= old.heard+early:
		return earlier // its own words were held back with it
	case inSession:
		return same
	case old.bounded && d.exact():
		if d.at > old.heard+early {
			return later
		}
		return same
	case old.stamp != 0 && d.stamp != 0:
		return compareTimes(d.stamp-old.stamp, second, second)
	case old.at == 0:
		return later
	case d.at == 0 || d.bounded:
		if old.distinct(d) {
			return later
		}
		return unclear
	}
	r := compareTimes(d.at-old.at, early, late)
	switch {
	case r == same:
		return same
	case old.byStamp: // and d is by our clock
		return later
	case r == later && (d.at-old.at > apart || old.distinct(d)):
		return later
	}
	return unclear
}

// settles applies a report in seconds where it may be of a resource that left
// before the last, and reports whether there is no more to it.
func (k *Knowledge) settles(d *departure) bool {
	old, r := k.left, earlier
	if d.exact() {
		r = compareTimes(d.at-old.parted, early, late)
	}
	switch {
	case d.exact() && d.at+early < k.online:
		return true // it is of an earlier departure
	case r == same && old.live:
		return true // the last one was seen
	case r == same:
		part := partedAt(old.parted, old.resource, d.epoch)
		part.heard = min(part.at, k.online-1)
		k.leave(part)
		return true
	case old.live:
		return false
	case r == later:
		k.leave(d)
		return true
	}
	d.parted, d.doubt = old.parted, true
	return false
}

// partedAt is the departure of a resource after which others were still there.
func partedAt(at Moment, resource string, e Epoch) *departure {
	return &departure{at: at, heard: at, resource: resource, epoch: e, source: Live, live: true, settled: true}
}

// sinceParted returns how a report relates to a departure after which the contact
// was online.
func (d *departure) sinceParted(other *departure) relation {
	switch {
	case other.at == 0 || other.bounded:
		return later
	case other.byStamp && compareTimes(other.at-d.at, apart, apart) == same:
		return unclear // clocks differ
	case d.bounded && other.at <= d.at+late:
		return unclear
	}
	r := compareTimes(other.at-d.at, early, late)
	if r == same && d.distinct(other) {
		return later // within seconds, with words of its own
	}
	return r
}

// compareTimes returns how a report relates to another one that is earlier by
// diff.
func compareTimes(diff, before, after Moment) relation {
	switch {
	case diff > after:
		return later
	case diff < -before:
		return earlier
	}
	return same
}

// enrich completes d with another report of the same departure.
func (d *departure) enrich(other *departure) {
	switch {
	case d.at != 0 && !d.bounded && d.at == other.at:
		d.byStamp = d.byStamp && other.byStamp // told once more, and confirmed
	case d.wantsTime(other):
		d.at, d.byStamp, d.bounded, d.source = other.at, other.byStamp, other.bounded, other.source
	}
	switch {
	case d.status() != "" || other.words == "":
	case other.server && d.words == "", !other.server && !d.settled:
		d.words, d.server, d.cause = other.words, other.server, other.cause
		if !other.server {
			d.source = other.source
		}
	}
	d.settled = d.settled || other.settled
	d.stamp = cmp.Or(d.stamp, other.stamp)
	d.resource = cmp.Or(d.resource, other.resource)
	if !d.live && !d.bounded {
		d.heard = other.heard // what is bounded is so by when it was heard first
	}
	d.epoch, d.doubt = max(d.epoch, other.epoch), d.parted != 0 && !d.live
}

// wantsTime reports whether the other report knows the time better.
func (d *departure) wantsTime(other *departure) bool {
	switch {
	case other.at == 0:
		return false
	case d.at == 0:
		return true
	case other.bounded:
		return false
	case d.bounded && other.byStamp:
		// A stamp after what we know is of a clock that is ahead.
		return other.settled && other.at <= d.heard+early
	case d.bounded:
		return true
	}
	return d.byStamp && !other.byStamp
}
