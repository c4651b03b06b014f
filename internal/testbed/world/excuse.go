package world

import (
	"slices"
	"strings"
	"time"

	"example.org/lastpresence/roster"
)

// unclear reports whether the contact blocks us, or did, and nothing was told since.
func (w *world) unclear() bool {
	if w.theirs.blocks || w.now().Sub(w.blockedAt) < w.window() {
		return true
	}
	return !w.blockedAt.IsZero() && !slices.ContainsFunc(w.client.memory.facts, func(f fact) bool {
		return f.sent.After(w.blockedAt) && (f.what == available || f.of != nil || f.what == absent)
	})
}

// unseen excuses a contact who is shown online and is not.
func (w *world) unseen(c roster.Contact, states []state) Reason {
	s := w.client.line
	switch {
	case w.unclear():
		return Blocks
	case s != nil && s.deadline:
		return LineDead
	case s != nil && (s.inactive || w.client.resting) && w.now().Sub(c.Learnt) <= time.Minute+time.Second:
		return HeldBack
	}
	died, blocked := len(c.Resources) == 0 && w.diedUnnoticed(""), false
	for _, r := range c.Resources {
		there := slices.ContainsFunc(states, func(s state) bool { return s.has(r) })
		switch {
		case there:
		case w.leftUnseen(r.Name):
			blocked = true
		case w.diedUnnoticed(r.Name):
			died = true
		default:
			return ""
		}
	}
	switch {
	case died:
		return ServerDied
	case blocked:
		return Blocks
	}
	return ""
}

// changedUnseen reports whether all that is wrong of the resources changed while the
// contact blocked us.
func (w *world) changedUnseen(c roster.Contact, states []state) bool {
	during := w.duringSilence
	login := w.client.began
	if s := w.client.line; s != nil && !s.initial.IsZero() {
		login = s.initial.Add(w.across) // when the contact's server was asked
	}
	shown := make(map[string]string)
	for _, r := range c.Resources {
		shown[r.Name] = r.Status
	}
	lately := func(name, status string) bool {
		return slices.ContainsFunc(states, func(s state) bool { return s.has(roster.Resource{Name: name, Status: status}) })
	}
	// Of a resource that is there for no longer than the window, nobody has told yet.
	window := w.now().Add(-w.window())
	for name, r := range w.theirs.resources {
		status, ok := shown[name]
		if !ok && r.came.Before(window) && !during(r.came) && !during(login) && !during(w.grantedAt) || ok && r.since.Before(window) && !during(r.since) && !lately(name, status) {
			return false
		}
	}
	for name, status := range shown {
		if w.theirs.resources[name] == nil && !lately(name, status) && !slices.ContainsFunc(states, func(s state) bool { return s.named(name) }) && !slices.ContainsFunc(w.truth.departures, func(d *departure) bool {
			return d.resource == name && during(d.at)
		}) {
			return false
		}
	}
	return true
}

// duringSilence reports whether the contact blocked us then, without a word of it.
func (w *world) duringSilence(at time.Time) bool {
	return slices.ContainsFunc(w.silent, func(s span) bool { return !at.Before(s.from) && at.Before(s.to) })
}

// cameUnseen reports whether a resource appeared while the contact blocked us, and
// left, and we were never told of it.
func (w *world) cameUnseen(d *departure) bool {
	return d != nil && w.duringSilence(d.came) && !slices.ContainsFunc(w.client.memory.facts, func(f fact) bool {
		return f.of == d && f.what > absent || f.what == available && f.resource == d.resource && !f.sent.Before(d.came)
	})
}

// others reports whether, as far as this client was told, another resource was
// there as this one left.
func (w *world) others(d *departure) bool {
	return slices.ContainsFunc(w.truth.departures, func(o *departure) bool {
		if o.how != died && !w.whileBlocked(o) || o.resource == d.resource || o.at.After(d.at) {
			return false
		}
		told := false
		for _, f := range w.client.memory.facts {
			if f.resource == o.resource && !f.sent.After(d.at) {
				told = f.what == available && !f.sent.After(o.at)
			}
		}
		return told
	})
}

// has reports whether a resource is there, and says what is shown.
func (s state) has(r roster.Resource) bool {
	return slices.Contains(strings.Split(s.here, "; "), r.Name+"="+r.Status)
}

// named reports whether a resource is there.
func (s state) named(name string) bool {
	return slices.ContainsFunc(strings.Split(s.here, "; "), func(r string) bool { return strings.HasPrefix(r, name+"=") })
}

// leftUnseen reports whether a resource left while the contact blocked us.
func (w *world) leftUnseen(name string) bool {
	for _, d := range slices.Backward(w.truth.departures) {
		if d.resource == name {
			return w.whileBlocked(d)
		}
	}
	return false
}

// diedUnnoticed reports whether a resource, or any if it has no name, was told to
// be online in this session, and its server died since.
func (w *world) diedUnnoticed(name string) bool {
	var last *departure
	for _, d := range w.truth.departures {
		if d.how != died && d.at.After(w.now().Add(-w.window())) {
			continue // the news of it is on its way
		}
		if name == "" || d.resource == name {
			last = d
		}
	}
	if last == nil || last.how != died {
		return false
	}
	told := false
	for _, f := range w.client.memory.facts {
		if f.got.Before(w.client.began) || name != "" && f.resource != name {
			continue
		}
		if f.what == available {
			told = !f.sent.After(last.at)
		} else if f.sent.After(last.at) {
			told = false
		}
	}
	return told
}

// heldOver reports whether our server held back the presence of a resource that is
// shown from before we blocked the contact.
func (w *world) heldOver(c roster.Contact) bool {
	return slices.ContainsFunc(c.Resources, func(r roster.Resource) bool {
		var last fact
		for _, f := range w.client.memory.facts {
			if f.resource == r.Name && f.what == available {
				last = f
			}
		}
		return last.held && last.sent.Before(w.weBlockedAt)
	})
}

// mistaken excuses a claim about who is there.
func (w *world) mistaken(c roster.Contact, states []state) Reason {
	s := w.client.line
	if s != nil && w.now().Sub(later(s.initial, w.client.began)) < settling && slices.ContainsFunc(states, func(s state) bool { return !c.Online && s.online || s.hasAll(c) }) {
		return LoginComes
	}
	if w.heldOver(c) {
		return Unblocked
	}
	if kind := w.story.Kind; (kind.Deaf || kind.FenceFirst && w.now().Sub(w.ask.at) <= w.window()) && w.weBlockedAt.After(w.client.began) &&
		slices.ContainsFunc(states, func(s state) bool { return s.hasAll(c) }) {
		return Unblocked
	}
	if len(w.silent) > 0 && (c.Online || len(w.theirs.resources) > 0) && w.changedUnseen(c, states) {
		return Blocks
	}
	if c.Online {
		return w.unseen(c, states)
	}
	switch {
	case w.unclear(), w.cameUnseen(states[len(states)-1].last):
		return Blocks
	case s != nil && s.deadline:
		return LineDead
	case s != nil && (s.inactive || w.client.resting) && w.now().Sub(c.Learnt) <= time.Minute+time.Second:
		return HeldBack
	}
	return ""
}
