package probe

import (
	"slices"
	"time"

	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/delay"
)

// rounding is how far apart a stamp and the seconds of last activity may be for the
// same departure. Both may be rounded up or down to whole seconds.
const rounding = 2 * time.Second

// departure fills in when the contact went offline and what it said. Presence and
// last activity may be about the same departure, or about two.
func (x *exchange) departure(a *Answer) {
	seen := x.fromPresences(a)
	told := x.activity.Told && x.left()
	byActivity := x.byActivity()
	switch {
	case !seen.IsZero():
		a.LastSeen, a.LastSeenFrom = seen, FromPresence
		if seen.After(byActivity.Add(rounding)) {
			return // last activity is about an earlier departure
		}
	case told && !x.agrees(a.Stamp) && (a.Stamp.IsZero() || !x.distinct(a)):
		a.LastSeen, a.LastSeenFrom = byActivity, FromLastActivity
		if x.distinct(a) {
			a.Status = "" // LastSeen is that of the other text
		}
	case !a.Stamp.IsZero():
		a.LastSeen, a.LastSeenFrom = a.Stamp, FromPresence
	}
	if s := x.activity.Status; s != "" && a.Status == "" {
		a.Status, a.StatusFrom = s, FromLastActivity
	}
}

// fromPresences sets the Stamp and Status of the unavailable presences. It returns
// when a resource went offline during the exchange, or zero. A presence that was
// made from an available one says neither.
func (x *exchange) fromPresences(a *Answer) (seen time.Time) {
	var said time.Time
	for _, p := range x.presences {
		if p.MadeFromAvailable() {
			continue
		}
		at := p.Delay.Stamp
		switch {
		case at.After(a.Stamp):
			a.Stamp = at
		case at.IsZero() && !p.bare() && p.Held.IsZero() && !slices.ContainsFunc(p.Doubts, ofFuture):
			at = p.Received
			seen = at
		}
		switch s := p.Status(); {
		case s != "" && !at.Before(said):
			a.Status, a.StatusFrom, said = s, FromPresence, at
		case s == "" && !p.bare() && (p.Delay.Stamp.IsZero() || at.After(said)):
			a.Status, a.StatusFrom, said = "", FromNothing, at // it left last, and said nothing
		}
	}
	return seen
}

// ofFuture reports whether a delay was rejected because its stamp lies in the
// future. The presence is still an old one.
func ofFuture(d delay.Doubt) bool { return d.Why == delay.Future }

// distinct reports whether presence and last activity have different texts, and
// so report two departures.
func (x *exchange) distinct(a *Answer) bool {
	return a.Status != "" && x.activity.Status != "" && a.Status != x.activity.Status
}

// uptime fills in when a host started.
func (x *exchange) uptime(a *Answer) {
	for _, p := range x.presences {
		if p.Type == stanza.AvailablePresence && !p.Delay.Stamp.IsZero() {
			a.Up, a.UpFrom = p.Delay.Stamp, FromPresence
		}
	}
	if x.activity.Told && !x.agrees(a.Up) {
		a.Up, a.UpFrom = x.byActivity(), FromLastActivity
	}
}

// byActivity is the time that last activity names, by our clock.
func (x *exchange) byActivity() time.Time {
	return x.fenced.Add(-x.activity.Ago).Round(0)
}

// agrees reports whether a stamp may be the time that last activity names, given
// that the server counted the seconds between the query and its answer. If so, the
// stamp is the more exact of the two.
func (x *exchange) agrees(stamp time.Time) bool {
	earliest := x.sent.Add(-x.activity.Ago - rounding)
	latest := x.fenced.Add(-x.activity.Ago + rounding)
	return !stamp.Before(earliest) && !stamp.After(latest)
}
