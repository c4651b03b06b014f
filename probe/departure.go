package probe

import (
	"slices"
	"time"

	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/delay"
)

// rounding is how far apart a stamp and seconds of the same time may be: both
// may be rounded to whole seconds, up or down.
const rounding = 2 * time.Second

// depart fills in when the contact went offline and what it said. Presence and
// last activity may report the same departure, or two.
func (x *exchange) depart(a *Answer) {
	seen := x.parting(a)
	told := x.activity.Told && x.left()
	byActivity := x.byActivity()
	switch {
	case !seen.IsZero():
		a.LastSeen, a.LastSeenFrom = seen, FromPresence
		if seen.After(byActivity.Add(rounding)) {
			return // seconds and text are of a departure before this one
		}
	case told && !x.agrees(a.Stamp) && (a.Stamp.IsZero() || !x.distinct(a)):
		a.LastSeen, a.LastSeenFrom = byActivity, FromLastActivity
		if x.distinct(a) {
			a.Status = "" // the time's own text is there
		}
	case !a.Stamp.IsZero():
		a.LastSeen, a.LastSeenFrom = a.Stamp, FromPresence
	}
	if s := x.activity.Status; s != "" && a.Status == "" {
		a.Status, a.StatusFrom = s, FromLastActivity
	}
}

// parting reads from the unavailable presences the time that the contact's
// server has, and the contact's text. It returns when a resource left while we
// were listening. A presence that the server made from the last available one
// has neither.
func (x *exchange) parting(a *Answer) (seen time.Time) {
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
		case s == "" && p.Delay.Stamp.IsZero() && !p.bare():
			a.Status, a.StatusFrom, said = "", FromNothing, at // it left after those before it, and said nothing
		}
	}
	return seen
}

// ofFuture reports whether a delay was passed over because its stamp lies in the
// future: the presence is of the past all the same.
func ofFuture(d delay.Doubt) bool { return d.Why == delay.Future }

// distinct reports whether presence and last activity have different texts, and
// so report two departures.
func (x *exchange) distinct(a *Answer) bool {
	return a.Status != "" && x.activity.Status != "" && a.Status != x.activity.Status
}

func (x *exchange) up(a *Answer) {
	for _, p := range x.presences {
		if p.Type == stanza.AvailablePresence && !p.Delay.Stamp.IsZero() {
			a.Up, a.UpFrom = p.Delay.Stamp, FromPresence
		}
	}
	if x.activity.Told && !x.agrees(a.Up) {
		a.Up, a.UpFrom = x.byActivity(), FromLastActivity
	}
}

// byActivity is the time in last activity, by our clock.
func (x *exchange) byActivity() time.Time {
	return x.fenced.Add(-x.activity.Ago).Round(0)
}

// agrees reports whether a stamp is the time that last activity tells, by our
// clock: its server counted the seconds at some time between the question and
// the answer. Then the stamp is the more exact of the two.
func (x *exchange) agrees(stamp time.Time) bool {
	earliest := x.sent.Add(-x.activity.Ago - rounding)
	latest := x.fenced.Add(-x.activity.Ago + rounding)
	return !stamp.Before(earliest) && !stamp.After(latest)
}
