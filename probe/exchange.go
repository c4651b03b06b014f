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

// How long a presence may come behind the fence that has overtaken it, in round
// trips of the exchange itself, so that no network is too slow for it.
//
// Between two servers the two leave one behind the other and on the same way, but
// in two segments: the second may wait until the first is acknowledged, which
// takes one round trip of that way, no more than that of the whole exchange, and a
// timer of the receiver's kernel, 40 ms on Linux. Two round trips cover both where
// they take longer than the timer, and minGrace covers two timers where they do
// not; seen were 47 ms.
const (
	graceTrips = 2
	minGrace   = 100 * time.Millisecond
)

// exchange is one probe with its fence, as a state machine without session and
// clock. Events go in with their time. Afterwards done reports whether the
// outcome is certain. If it is not, until says when to call expire; zero means
// that only the deadline is left to wait for. Events that arrive when it is
// done still change the exchange, for a late answer.
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
	returned  bool // the probe came back
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
		x.part()
		x.denied = true
	case stanza.ErrorPresence:
		// Servers refuse a probe to one's own account; the fence tells.
		if p.ID != x.probeID || x.self {
			return
		}
		x.returned = true
		x.refuse(p.Err, p.Moved, judge(p.Err))
		if judge(p.Err) == refused {
			x.part()
			x.denied = true
		}
	default:
		return
	}
	x.last = now
	x.conclude(now)
}

// keep keeps the latest presence of each resource. A bare unavailable one
// speaks of the whole contact, and so ends what was available before.
func (x *exchange) keep(p Presence, now time.Time) {
	switch {
	case p.Type == stanza.AvailablePresence:
		x.denied = false
		if x.arrived.IsZero() {
			x.arrived = now
		}
	case p.bare():
		x.part()
	}
	x.presences = slices.DeleteFunc(x.presences, func(old Presence) bool { return old.From.Equal(p.From) })
	x.presences = append(x.presences, p)
}

// part records that no resource is available any more.
func (x *exchange) part() {
	x.presences = slices.DeleteFunc(x.presences, func(p Presence) bool { return p.Type == stanza.AvailablePresence })
	x.arrived = time.Time{}
}

// refuse records an error of the probe or of the fence. An error that says
// nothing does not replace one that says something.
func (x *exchange) refuse(e stanza.Error, moved string, v verdict) {
	if x.verdict == mute {
		x.err, x.moved, x.verdict = e, moved, v
	}
}

// fence applies a result of the query for last activity. ok is false if its
// seconds cannot be read.
func (x *exchange) fence(a lastactivity.Answer, ok bool, now time.Time) {
	if _, past := (delay.Rules{}).Past(now.Add(-a.Ago), now); !past {
		ok = false // it counts from when nobody has ever logged out, or a date that was never set
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
	x.refuse(e, moved, v)
	x.conclude(now)
}

// expire applies the passing of time.
func (x *exchange) expire(now time.Time) {
	x.done = x.done || !x.until.IsZero() && !now.Before(x.until)
}

// conclude decides whether the wait is over, and if not, how long it lasts at
// most.
func (x *exchange) conclude(now time.Time) {
	x.until = time.Time{}
	switch {
	case x.denied, x.returned && x.verdict != mute:
		x.done = true
	case x.hasAvailable():
		x.settleDown()
	case !x.hasFence():
	case x.overtaken() > 0:
		x.until = x.fenced.Add(x.overtaken())
	default:
		x.done = true
	}
	x.expire(now)
}

// settleDown decides whether an available presence is enough. For a host it
// waits for the uptime, too.
func (x *exchange) settleDown() {
	switch {
	case x.host():
		stamped := func(p Presence) bool {
			return p.Type == stanza.AvailablePresence && !p.Delay.Stamp.IsZero()
		}
		x.done = x.done || x.hasFence() || slices.ContainsFunc(x.presences, stamped)
	case x.settle > 0:
		x.until = x.arrived.Add(x.settle)
	default:
		x.done = true
	}
}

// overtaken returns how long after the fence a presence that it has overtaken
// may still arrive, or 0 if none can be on its way.
func (x *exchange) overtaken() time.Duration {
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
// so that it is not known whether a presence is on its way. No server was seen
// to do this. Half a round trip more is for servers that handle the two in
// different processes and send them right after each other.
func (x *exchange) unserved() bool {
	e, ok := x.err.(stanza.Error)
	return ok && x.verdict == mute && e.Condition == stanza.ServiceUnavailable
}

func (x *exchange) hasFence() bool {
	return !x.fenced.IsZero()
}

func (x *exchange) host() bool {
	return x.target.Localpart() == ""
}

// left reports whether last activity says that the contact is gone. A text is
// only sent for a contact that is.
func (x *exchange) left() bool {
	return x.activity.Ago > 0 || x.activity.Status != ""
}

// hasBare reports whether a presence came that speaks of the whole contact.
func (x *exchange) hasBare() bool {
	return slices.ContainsFunc(x.presences, func(p Presence) bool { return p.bare() })
}

func (x *exchange) hasAvailable() bool {
	return slices.ContainsFunc(x.presences, func(p Presence) bool { return p.Type == stanza.AvailablePresence })
}

// answer returns the answer as known now.
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
		x.depart(&a)
	case a.Outcome == Available && x.host():
		x.up(&a)
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
	case x.verdict != mute, x.returned:
		return Error
	}
	return Unanswered
}
