package world

import (
	"slices"
	"strings"
	"time"

	"example.org/lastpresence/roster"
)

// settling is how long after the initial presence a session has told everything.
const settling = 10 * time.Second

// settled checks, whatever is lacking, that who is online is shown so, and nobody
// else.
func (w *world) settled(c roster.Contact) {
	s, now := w.client.line, w.now()
	if !s.available || s.inactive || s.deadline || w.unclear() || now.Sub(s.activeAt) < w.window()+w.near {
		return
	}
	states := w.truth.between(now.Add(-w.window()), now)
	online := slices.ContainsFunc(states, func(s state) bool { return s.online })
	offline := slices.ContainsFunc(states, func(s state) bool { return !s.online })
	switch {
	case c.Online && !online && now.Sub(later(s.initial, w.client.began)) > settling+w.window():
		if r := w.unseen(c, states); r != "" {
			w.excuse(r)
			return
		}
		w.wrong("after the login nobody who is offline is shown online", c, "the contact is offline")
	case !c.Online && !offline && w.toldOnline():
		w.wrong("who is told to be online is shown online", c, "the contact's presence came in this session")
	}
}

// toldOnline reports whether this session told of a resource that is there, since it
// is.
func (w *world) toldOnline() bool {
	since := later(w.client.began, later(w.subbedAt, later(w.weBlockedAt, w.blockedAt)))
	return slices.ContainsFunc(w.client.memory.facts, func(f fact) bool {
		r := w.theirs.resources[f.resource]
		return f.what == available && r != nil && !f.sent.Before(later(since, r.came)) && !f.got.Before(w.client.began)
	})
}

// full checks a claim of which nothing is lacking: it must be true as of a moment
// of a time.
//
// An opening is over with the first presence that comes, so it may not have seen
// all resources.
func (w *world) full(c roster.Contact, from, to time.Time, opened bool) {
	states := w.truth.between(from.Add(-w.window()), to)
	claimed := claimedSignature(c)
	var why string
	var excuse Reason
	for _, s := range states {
		if s.online != c.Online || c.Online && s.here != claimed && !(opened && s.hasAll(c)) {
			continue
		}
		if c.Online {
			return
		}
		rule, reason := w.left(c, s.last)
		if rule == "" && reason == "" {
			return
		}
		if excuse == "" {
			why, excuse = rule, reason
		}
	}
	if excuse == "" {
		excuse = w.mistaken(c, states)
	}
	switch {
	case excuse != "":
		w.excuse(excuse)
	case why != "":
		w.wrong(why, c, "nothing is said to be lacking")
	case c.Online && !states[len(states)-1].online:
		w.wrong("who is shown online is online", c, "nothing is said to be lacking")
	case c.Online:
		w.wrong("the resources that are shown are those that are there", c, "nothing is said to be lacking")
	default:
		w.wrong("who is shown offline is offline", c, "nothing is said to be lacking")
	}
}

// hasAll reports whether all resources that are shown are there.
func (s state) hasAll(c roster.Contact) bool {
	return len(c.Resources) > 0 && !slices.ContainsFunc(c.Resources, func(r roster.Resource) bool { return !s.has(r) })
}

func claimedSignature(c roster.Contact) string {
	var all []string
	for _, r := range c.Resources {
		all = append(all, r.Name+"="+r.Status)
	}
	if c.Online && len(all) == 0 {
		return "=" + c.Status // an entity without resources
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

// left holds the details of who is offline against the last departure. It returns
// the rule that is broken, or why that is none.
func (w *world) left(c roster.Contact, d *departure) (rule string, excuse Reason) {
	if d == nil {
		if !c.LastSeen.IsZero() || c.Status != "" {
			return "who never was here was never seen", ""
		}
		return "", ""
	}
	if c.LastSeen.IsZero() && w.toldNever(d) {
		return "", ServerForgot
	}
	if c.LastSeen.IsZero() {
		return "nothing is lacking only if the time is known", ""
	}
	if ok, reason := w.explains(c.LastSeen, d); ok && reason == HeldStamp {
		return "what was held back is known only not to be later", ""
	} else if ok && reason == TheirClock && c.Status == "" {
		return "", reason // it may be of a later departure
	} else if ok {
		rule, excuse = w.said(c.Status, d)
		if rule == "" && !plausible(c.Cause, d.how) {
			if rule = "the cause is why the contact left"; w.followed(d) {
				rule, excuse = "", TooClose
			}
		}
		if rule == "" && excuse == "" {
			excuse = reason
		}
		return rule, excuse
	}
	for _, other := range slices.Concat(w.truth.departures, w.hidden) {
		ok, _ := w.explains(c.LastSeen, other)
		if !ok || other == d {
			continue
		}
		switch rule, _ := w.said(c.Status, other); {
		case rule != "":
		case w.toldInstead(other, d):
			return "", ServerForgot
		case min(d.at.Sub(other.at).Abs(), d.came.Sub(other.at).Abs()) <= 5*time.Second+2*w.tolerance():
			return "", TooClose
		}
	}
	for _, f := range w.client.memory.facts {
		if f.here && !f.time.IsZero() && f.when().Sub(c.LastSeen).Abs() <= w.tolerance() && !f.marked &&
			!w.client.memory.words[f.text] && !w.client.memory.knewBetter(w.now(), f.when(), nil, clocks) {
			return "", LastAvailableWords
		}
	}
	if w.whileBlocked(d) {
		return "", Blocks
	}
	return "the last departure is the one that is shown", ""
}

// whileBlocked reports whether the contact left while it blocked us, and nobody
// ever told us of it, but by a stamp.
func (w *world) whileBlocked(d *departure) bool {
	return slices.ContainsFunc(w.blocked, func(s span) bool { return !d.at.Before(s.from) && d.at.Before(s.to) }) &&
		!slices.ContainsFunc(w.client.memory.facts, func(f fact) bool { return f.of == d && f.what > stamped })
}

// plausible reports whether a cause does not contradict how a contact left.
func plausible(cause roster.Cause, how how) bool {
	switch cause {
	case roster.CauseUnknown:
		return true
	case roster.Goodbye:
		return how == left
	case roster.ConnectionLost, roster.TimedOut:
		return how == lost
	case roster.ServerStopped:
		return how == stopped
	}
	return false
}

// toldNever reports whether a server told that the contact never was here, and the
// client had no reason to doubt it.
func (w *world) toldNever(d *departure) bool {
	m := w.client.memory
	return slices.ContainsFunc(m.facts, func(f fact) bool { return f.never && f.sent.After(d.at) }) &&
		!slices.ContainsFunc(m.facts, func(f fact) bool { return f.what == available || f.of != nil })
}

// toldInstead reports whether a server told of a departure as the last although it
// was not, and the client had no reason to doubt it.
func (w *world) toldInstead(other, d *departure) bool {
	m := w.client.memory
	return slices.ContainsFunc(m.facts, func(f fact) bool {
		return f.of == other && !f.time.IsZero() && f.sent.After(d.at) && !m.knewBetter(w.now(), f.when(), other, w.tolerance())
	})
}

// said checks the words of a departure.
func (w *world) said(text string, d *departure) (rule string, excuse Reason) {
	m := w.client.memory
	if text == d.words {
		return "", ""
	}
	if text == "" {
		if m.heard(d) && !w.silentBeside(d) {
			return "words that were told are not lost", ""
		}
		if m.heard(d) {
			return "", TooClose
		}
		return "", ""
	}
	if r := w.saidHere(text); r != "" {
		return "", r
	}
	if r := w.beside(text, d.at); r != "" {
		return "", r
	}
	for _, other := range w.truth.departures {
		if other.words == text && d.at.Sub(other.at).Abs() <= 5*time.Second+2*w.tolerance() {
			return "", TooClose
		}
	}
	return "the words are those of the last departure", ""
}

// beside excuses words that came with a stamp from about a time: one answer may tell
// them together with the seconds of another departure, and clocks differ.
func (w *world) beside(text string, at time.Time) Reason {
	for _, f := range w.client.memory.facts {
		if f.of != nil && f.what == stamped && f.text == text && f.time.Sub(at).Abs() <= clocks {
			return StampAlone
		}
	}
	return ""
}

// silentBeside reports whether another departure, without words, was within seconds.
func (w *world) silentBeside(d *departure) bool {
	return slices.ContainsFunc(slices.Concat(w.truth.departures, w.hidden), func(o *departure) bool {
		return o != d && o.words == "" && d.at.Sub(o.at).Abs() <= 5*time.Second+2*w.tolerance()
	})
}

// explains reports whether a time that is shown can be that of a departure, and
// why no client could have known better if it is not exact.
func (w *world) explains(shown time.Time, d *departure) (ok bool, excuse Reason) {
	tolerance := w.tolerance()
	if near(shown, d.at, d.gone, tolerance) {
		return true, ""
	}
	best := absent
	for _, f := range w.client.memory.facts {
		if f.of != d || f.here || !near(f.when(), d.at, d.gone, tolerance) {
			continue
		}
		if near(shown, f.when(), f.when(), tolerance) {
			return true, ""
		}
		best = max(best, f.what)
	}
	for _, f := range w.client.memory.facts {
		if f.of != d || f.here || f.time.IsZero() {
			continue
		}
		if (f.what < best || f.what == best && f.what == live) && !w.steppedSince(f, d) {
			continue
		}
		told := f.when()
		if !near(shown, earlier(told, d.at), later(told, d.gone), tolerance) {
			continue
		}
		switch {
		case f.shift != 0:
			return true, OwnClock
		case f.what == stamped && f.bound:
			excuse = HeldStamp
		case f.what == stamped:
			return true, StampAlone
		case f.what == counted:
			return true, TheirClock
		}
	}
	return excuse != "", excuse
}

// steppedSince reports whether the clock of the contact's server stepped between a
// departure and a fact that counts seconds since: it may as well be of a later one.
func (w *world) steppedSince(f fact, d *departure) bool {
	return f.what == counted && w.steppedFrom(d.at, f.sent)
}

// steppedFrom reports whether the clock of the contact's server stepped in a time.
func (w *world) steppedFrom(from, to time.Time) bool {
	return slices.ContainsFunc(w.steps, func(at time.Time) bool { return from.Before(at) && !to.Before(at) })
}

// followed reports whether a departure follows another one within seconds.
func (w *world) followed(d *departure) bool {
	return slices.ContainsFunc(slices.Concat(w.truth.departures, w.hidden), func(o *departure) bool {
		return o != d && d.at.Sub(o.at).Abs() <= 8*time.Second+w.tolerance()
	})
}

func near(t, from, to time.Time, tolerance time.Duration) bool {
	return !t.Before(from.Add(-tolerance)) && !t.After(to.Add(tolerance))
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
