package probe

import (
	"fmt"
	"slices"
	"time"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/delay"
	"example.org/lastpresence/internal/wire/lastactivity"
)

// The grace is how long a presence may arrive after the fence that overtook it. It
// is measured in round trips of the exchange, so that it suits slow networks.
//
// Between two servers the fence and the presence travel on one TCP connection, but
// in two segments. The second may wait until the first is acknowledged. That takes
// one round trip between the servers, which is at most that of the exchange, and
// the delayed-acknowledgement timer of the receiver, 40 ms on Linux. Two round
// trips cover both if a round trip is longer than the timer. If not, minGrace
// covers two timers. 47 ms were measured.
const (
	graceTrips = 2
	minGrace   = 100 * time.Millisecond
)

// exchange is one probe with its fence, as a state machine without a session or a
// clock. Each event is passed in with its time. Afterwards done reports whether
// the outcome is conclusive. If not, until is when to call expire; zero means that
// only the deadline is left. Events that arrive after done still change the
// exchange, for a late answer.
type exchange struct {
	target  jid.JID
	self    bool // the target is our own account
	probeID string
	sent    time.Time
	grace   time.Duration // 0: in round trips
	settle  time.Duration // how long to wait for further resources

	presences []Presence
	arrived   time.Time // when the first available presence came
	fenced    time.Time // when the fence came; zero: not yet
	activity  LastActivity
	verdict   verdict
	err       error
	moved     string
	returned  bool // the probe came back with an error
	denied    bool // the contact does not share its presence with us

	last  time.Time
	until time.Time
	done  bool
}

// presence applies a presence from the target, or an error of the probe.
func (x *exchange) presence(p Presence, now time.Time) {
	switch p.Type {
	case stanza.AvailablePresence, stanza.UnavailablePresence:
		if p.Room {
			return // an occupant is not the room
		}
		x.keep(p, now)
	case stanza.UnsubscribedPresence:
		if x.self {
			return
		}
		x.dropAvailable()
		x.denied = true
	case stanza.ErrorPresence:
		// Servers may refuse a probe to one's own account. The fence decides.
		if p.ID != x.probeID || x.self {
			return
		}
		x.returned = true
		x.setError(p.Err, p.Moved, judge(p.Err))
		if judge(p.Err) == refused {
			x.dropAvailable()
			x.denied = true
		}
	default:
		return
	}
	x.last = now
	x.conclude(now)
}

// keep keeps the latest presence of each resource. An unavailable presence from
// the bare JID is about the whole contact, and ends all available ones.
func (x *exchange) keep(p Presence, now time.Time) {
	switch {
	case p.Type == stanza.AvailablePresence:
		x.denied = false
		if x.arrived.IsZero() {
			x.arrived = now
		}
	case p.bare():
		x.dropAvailable()
	}
	x.presences = slices.DeleteFunc(x.presences, func(old Presence) bool { return old.From.Equal(p.From) })
	x.presences = append(x.presences, p)
}

// dropAvailable records that no resource is available any more.
func (x *exchange) dropAvailable() {
	x.presences = slices.DeleteFunc(x.presences, func(p Presence) bool { return p.Type == stanza.AvailablePresence })
	x.arrived = time.Time{}
}

// setError records an error of the probe or of the fence, unless an earlier one
// says something about the contact.
func (x *exchange) setError(e stanza.Error, moved string, v verdict) {
	if x.verdict == inconclusive {
		x.err, x.moved, x.verdict = e, moved, v
	}
}

// fence applies a result of the query for last activity. ok is false if its
// seconds cannot be read.
func (x *exchange) fence(a lastactivity.Answer, ok bool, now time.Time) {
	if _, past := (delay.Rules{}).Past(now.Add(-a.Ago), now); !past {
		ok = false // counts from 1970: the server has no date of a logout
	}
	x.last, x.fenced = now, now
	x.activity = LastActivity{Told: ok, Status: a.Status}
	if ok {
		x.activity.Ago = a.Ago
	}
	x.conclude(now)
}

// fenceError applies an error answer to the query for last activity. ours
// reports whether it came from our own server, in the server's own name.
func (x *exchange) fenceError(e stanza.Error, moved string, ours bool, now time.Time) {
	x.last, x.fenced = now, now
	v := judge(e)
	if ours && v != blocked {
		v = failed
	}
	x.setError(e, moved, v)
	x.conclude(now)
}

// expire applies the passing of time.
func (x *exchange) expire(now time.Time) {
	x.done = x.done || !x.until.IsZero() && !now.Before(x.until)
}

// conclude decides whether the wait is over, and if not, until when it lasts.
func (x *exchange) conclude(now time.Time) {
	x.until = time.Time{}
	switch {
	case x.denied, x.returned && x.verdict != inconclusive:
		x.done = true
	case x.hasPresent() || x.hasAvailable() && x.hasFence():
		x.concludeAvailable()
	case x.hasFence():
		x.until = x.fenced.Add(x.graceTime())
	}
	x.expire(now)
}

// concludeAvailable decides whether an available presence is enough. For a host
// the wait goes on until its uptime is known.
func (x *exchange) concludeAvailable() {
	if !x.host() {
		x.until = x.arrived.Add(x.settle)
		return
	}
	stamped := func(p Presence) bool {
		return p.Type == stanza.AvailablePresence && !p.Delay.Stamp.IsZero()
	}
	x.done = x.done || x.hasFence() || slices.ContainsFunc(x.presences, stamped)
}

// graceTime returns how long after the fence a presence that it overtook may still
// arrive, or 0 if none can be on its way.
func (x *exchange) graceTime() time.Duration {
	trip := x.fenced.Sub(x.sent)
	now := x.activity.Told && !x.left()
	switch {
	case x.self || x.host() || x.returned || x.hasBare():
		return 0
	case x.grace > 0 && (now || x.unserved()):
		return x.grace
	case now:
		return max(graceTrips*trip, minGrace)
	case x.unserved():
		return trip / 2
	}
	return 0
}

// unserved reports whether the contact's server does not support last activity,
// so that the fence does not say whether a presence is on its way. The grace is
// for servers that handle the two in different processes and send them right
// after each other. No such server without last activity was seen.
func (x *exchange) unserved() bool {
	e, ok := x.err.(stanza.Error)
	return ok && x.verdict == inconclusive && e.Condition == stanza.ServiceUnavailable
}

func (x *exchange) hasFence() bool {
	return !x.fenced.IsZero()
}

func (x *exchange) host() bool {
	return x.target.Localpart() == ""
}

// left reports whether last activity says that the contact is offline. Only then
// has it a text.
func (x *exchange) left() bool {
	return x.activity.Ago > 0 || x.activity.Status != ""
}

// hasBare reports whether a presence arrived that is about the whole contact.
func (x *exchange) hasBare() bool {
	return slices.ContainsFunc(x.presences, func(p Presence) bool { return p.bare() })
}

// hasPresent reports whether a presence says that the contact is available now.
// One that our own server held back says that it was, and others may follow.
func (x *exchange) hasPresent() bool {
	return slices.ContainsFunc(x.presences, func(p Presence) bool { return p.Type == stanza.AvailablePresence && p.Held.IsZero() })
}

func (x *exchange) hasAvailable() bool {
	return slices.ContainsFunc(x.presences, func(p Presence) bool { return p.Type == stanza.AvailablePresence })
}

// answer returns what is known by now.
func (x *exchange) answer() Answer {
	a := Answer{
		Contact:   x.target,
		Outcome:   x.outcome(),
		Presences: slices.Clone(x.presences),
		Activity:  x.activity,
		Received:  x.last.Round(0),
	}
	if !x.last.IsZero() {
		a.RoundTrip = x.last.Sub(x.sent)
	}
	switch {
	case a.Outcome == Unavailable:
		x.departure(&a)
	case a.Outcome == Available && x.host():
		x.uptime(&a)
	case a.Outcome != Available && x.err != nil:
		a.Err, a.Moved = x.err, x.moved
		if x.verdict == blocked {
			a.Err = fmt.Errorf("%w: %w", ErrBlocked, x.err)
		}
	}
	return a
}

func (x *exchange) outcome() Outcome {
	switch {
	case x.denied:
		return Unauthorized
	case x.hasAvailable(), x.self && x.hasFence(), x.host() && x.activity.Told:
		return Available
	case x.self:
		return Unanswered
	case x.hasBare(), x.left() && !x.host():
		return Unavailable
	case x.verdict == refused:
		return Unauthorized
	case x.verdict != inconclusive, x.returned:
		return Error
	}
	return Unanswered
}
