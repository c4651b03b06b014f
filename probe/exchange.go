package probe

import (
	"slices"
	"time"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/wire/lastactivity"
)

// The bounds of the grace, see [Grace], and of the wait for further resources
// of a contact whose first presence came after the fence.
const (
	minGrace  = 100 * time.Millisecond
	maxGrace  = time.Second
	minSettle = 50 * time.Millisecond
	maxSettle = 100 * time.Millisecond
)

// exchange is one probe with its fence, as a state machine apart from any
// session and clock. Events go in with their time; afterwards done tells
// whether what is held is conclusive, and if not, until says when to call
// expire (zero: nothing to wait for but the deadline).
type exchange struct {
	target  jid.JID
	self    bool // the target is the own account
	probeID string
	sent    time.Time
	grace   time.Duration // 0: ten round trips, within the bounds

	presences []Presence
	fenced    time.Time // when the fence came; zero: not yet
	activity  LastActivity
	verdict   verdict
	err       error
	moved     string

	last  time.Time
	until time.Time
	done  bool
	ended Outcome // set by what decides alone: unauthorized, error
}

// presence takes a presence from the target.
func (x *exchange) presence(p Presence, now time.Time) {
	if x.done {
		return
	}
	switch p.Type {
	case stanza.AvailablePresence, stanza.UnavailablePresence:
		x.last = now
		x.keep(p)
		x.afterPresence(p, now)
	case stanza.UnsubscribedPresence:
		x.last = now
		x.end(Unauthorized)
	case stanza.ErrorPresence:
		// Servers refuse a probe to the own account; the fence tells.
		if p.ID != x.probeID || x.self {
			return
		}
		x.last = now
		x.err, x.moved = p.Err, p.Moved
		switch {
		case judge(p.Err) == refused:
			x.end(Unauthorized)
		default:
			x.end(Error)
		}
	}
}

func (x *exchange) keep(p Presence) {
	for i := range x.presences {
		if x.presences[i].From.Equal(p.From) {
			x.presences = append(x.presences[:i], x.presences[i+1:]...)
			break
		}
	}
	x.presences = append(x.presences, p)
}

func (x *exchange) afterPresence(p Presence, now time.Time) {
	switch {
	case p.Type == stanza.UnavailablePresence && p.bare():
		// It speaks of the whole contact. Without its details the fence
		// may have them.
		x.done = x.hasFence() || !p.Delay.Stamp.IsZero() && p.Status() != "" && !p.LastWords()
		x.wait(x.graceAfter(now), now)
	case p.Type == stanza.UnavailablePresence:
		// One resource left; nothing is said of the others. After the
		// fence the grace goes on.
	case x.hasFence():
		// The fence overtook the presences: more may be right behind.
		x.settleAt(now)
	default:
		x.wait(x.graceAfter(now), now)
	}
}

// fence takes a result of the last-activity query.
func (x *exchange) fence(a lastactivity.Answer, ok bool, now time.Time) {
	if x.done {
		return
	}
	x.last, x.fenced = now, now
	if ok {
		x.activity = LastActivity{Told: true, Ago: a.Ago, Status: a.Status}
	}
	x.done = x.hasPresence() || x.self || ok && (x.host() || a.Ago > 0)
	x.until = now.Add(x.graceAfter(now))
	if ok && a.Ago == 0 && x.hasAvailable() && !x.self && !x.host() {
		// The fence may have come between the presences of two resources.
		x.done = false
		x.settleAt(now)
	}
}

// fenceError takes an error answer to the last-activity query.
func (x *exchange) fenceError(e stanza.Error, moved string, now time.Time) {
	if x.done {
		return
	}
	x.last, x.fenced = now, now
	x.err, x.moved, x.verdict = e, moved, judge(e)
	x.done = x.hasPresence() || x.verdict != mute
	x.until = now.Add(x.graceAfter(now))
}

// expire takes the passing of time.
func (x *exchange) expire(now time.Time) {
	if !x.until.IsZero() && !now.Before(x.until) {
		x.done = true
	}
}

func (x *exchange) end(o Outcome) {
	x.ended, x.done = o, true
}

func (x *exchange) wait(d time.Duration, now time.Time) {
	if x.until.IsZero() {
		x.until = now.Add(d)
	}
}

func (x *exchange) graceAfter(now time.Time) time.Duration {
	if x.grace > 0 {
		return x.grace
	}
	return min(max(10*now.Sub(x.sent), minGrace), maxGrace)
}

// settleAt waits for the presences of further resources, each of which lets the
// wait begin anew, though not for ever.
func (x *exchange) settleAt(now time.Time) {
	x.until = now.Add(min(max(now.Sub(x.sent), minSettle), maxSettle))
	if last := x.fenced.Add(x.graceAfter(x.fenced) + maxSettle); x.until.After(last) {
		x.until = last
	}
}

func (x *exchange) hasFence() bool {
	return !x.fenced.IsZero()
}

func (x *exchange) host() bool {
	return x.target.Localpart() == ""
}

// hasPresence tells whether the target's own answer has come: any resource
// that is available, or a presence that speaks of the whole contact.
func (x *exchange) hasPresence() bool {
	return x.hasAvailable() || slices.ContainsFunc(x.presences, func(p Presence) bool { return p.bare() })
}

func (x *exchange) hasAvailable() bool {
	return slices.ContainsFunc(x.presences, func(p Presence) bool { return p.Type == stanza.AvailablePresence })
}

// answer returns what is held now.
func (x *exchange) answer() Answer {
	a := Answer{
		Contact:   x.target,
		Outcome:   x.outcome(),
		Presences: append([]Presence(nil), x.presences...),
		Activity:  x.activity,
		Err:       x.err,
		Moved:     x.moved,
		Received:  x.last,
	}
	if !x.last.IsZero() {
		a.RoundTrip = x.last.Sub(x.sent)
	}
	switch {
	case a.Outcome == Unavailable:
		x.left(&a)
	case a.Outcome == Available && x.host():
		x.up(&a)
	}
	return a
}

func (x *exchange) outcome() Outcome {
	available, unavailable := false, false
	for _, p := range x.presences {
		available = available || p.Type == stanza.AvailablePresence
		unavailable = unavailable || p.Type == stanza.UnavailablePresence
	}
	switch {
	case x.ended != Unanswered && !available:
		return x.ended
	case available, x.self && x.hasFence(), x.host() && x.activity.Told:
		return Available
	case unavailable, x.activity.Told:
		return Unavailable
	case x.verdict == refused:
		return Unauthorized
	case x.verdict == failed:
		return Error
	}
	return Unanswered
}

// left fills in when the contact went offline and what was said: the time
// from a presence, the status from whichever has one. Last activity knows both
// better than somebody's last words.
func (x *exchange) left(a *Answer) {
	words, stamped := false, false
	var said time.Time // when the status was
	for _, p := range x.presences {
		at := p.Delay.Stamp
		if at.IsZero() && !p.bare() {
			at = p.Received // a resource that left before our eyes
		}
		if at.After(a.LastSeen) {
			a.LastSeen, a.LastSeenFrom = at, FromPresence
			stamped = !p.Delay.Stamp.IsZero()
		}
		if s := p.Status(); s != "" && !at.Before(said) {
			a.Status, a.StatusFrom, said = s, FromPresence, at
		}
		words = words || p.LastWords()
	}
	if !x.activity.Told {
		return
	}
	if x.activity.Status != "" && (a.Status == "" || words) {
		a.Status, a.StatusFrom = x.activity.Status, FromLastActivity
	}
	// No seconds means connected now, or that the server knows nothing; but
	// a text is only told of someone who has just left.
	told := x.activity.Ago > 0 || x.activity.Status != ""
	switch {
	case told && (a.LastSeen.IsZero() || words):
		a.LastSeen, a.LastSeenFrom = x.byActivity(), FromLastActivity
	case told && stamped:
		a.Skew = x.skew(a.LastSeen)
	}
}

func (x *exchange) up(a *Answer) {
	for _, p := range x.presences {
		if p.Type == stanza.AvailablePresence && !p.Delay.Stamp.IsZero() {
			a.Up, a.UpFrom = p.Delay.Stamp, FromPresence
			if x.activity.Told {
				a.Skew = x.skew(a.Up)
			}
			return
		}
	}
	if x.activity.Told {
		a.Up, a.UpFrom = x.byActivity(), FromLastActivity
	}
}

// byActivity is the time that last activity tells, by our clock.
func (x *exchange) byActivity() time.Time {
	return x.fenced.Add(-x.activity.Ago)
}

// skew is how far the clock that stamped is ahead of ours. Seconds and stamps
// are whole numbers, and the answer was under way: what that explains is none.
func (x *exchange) skew(stamp time.Time) time.Duration {
	d := stamp.Sub(x.byActivity())
	if d.Abs() <= 2*time.Second+x.fenced.Sub(x.sent) {
		return 0
	}
	return d
}
