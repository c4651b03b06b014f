package world

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"example.org/lastpresence/roster"
)

// rounding is how exact a time can be that is told in whole seconds.
const rounding = 2 * time.Second

// window is how old news may be that is on its way.
func (w *world) window() time.Duration { return w.near + w.across + overtakes + 5*time.Millisecond }

// tolerance is how exact a time must be.
func (w *world) tolerance() time.Duration { return rounding + 2*(w.near+w.across) }

func (w *world) wrong(rule string, c roster.Contact, format string, args ...any) {
	if w.verdict.Rule != "" || slices.Contains(w.story.Ignore, rule) || slices.Contains(w.story.Ignore, Everything) {
		return
	}
	w.verdict.Rule = rule
	w.verdict.Fault = fmt.Sprintf("%s  WRONG: %s: %s\n   the claim: %s\n   the truth: %s", w.clock(w.now()), rule, fmt.Sprintf(format, args...), w.claim(c), w.truly())
}

func (w *world) claim(c roster.Contact) string {
	s := describe(c)
	if !c.Online {
		s += " (" + w.clock(c.LastSeen) + ")"
	}
	return s + ", subscription " + c.Subscription + ", learnt " + w.clock(c.Learnt)
}

func (w *world) truly() string {
	s := w.truth.states[len(w.truth.states)-1]
	text := "offline"
	if s.online {
		text = "online as " + s.here
	}
	if s.last != nil {
		text += fmt.Sprintf("; the last departure %s, %q", w.clock(s.last.at), s.last.words)
	}
	return text
}

func (w *world) excuse(r Reason) { w.verdict.Excused[r]++ }

// check looks at the contact as it is known now.
func (w *world) check() {
	if w.verdict.Rule != "" {
		return
	}
	c, listed := w.client.lib.Contact(w.romeo)
	if w.story.lie != nil {
		w.story.lie(&c)
	}
	w.verdict.Claims++
	if c.Lack == roster.Nothing {
		w.verdict.Known++
	}
	w.always(c)
	if seen := w.client.lib.watched(); listed && w.story.lie == nil && describe(seen) != describe(c) {
		w.wrong("watchers are told", c, "a watcher knows: %s", describe(seen))
	}
	if w.client.over() {
		if c.Lack == roster.Nothing {
			w.wrong("a session that is over tells nothing", c, "the session is over")
		}
		return
	}
	if !w.permitted(c, listed) {
		return
	}
	if w.client.away {
		if c.Lack == roster.Nothing {
			w.wrong("an unavailable client is told nothing", c, "our presence is unavailable")
		}
		return
	}
	w.settled(c)
	if c.Lack == roster.Nothing {
		w.full(c, w.now(), w.now(), false)
	}
}

// opened looks at what an opening returned.
func (w *world) opened(c roster.Contact, err error, called, at time.Time) {
	if w.verdict.Rule != "" {
		return
	}
	w.always(c)
	if err != nil || !w.quiet() || w.client.line == nil || c.Subscription != "both" {
		return
	}
	if c.Lack == roster.Nothing {
		w.full(c, called, at, true)
		return
	}
	if !w.client.away {
		w.learnable(c, called, at)
	}
}

// permitted checks that nothing is shown of a contact that does not share its
// presence. It reports whether the contact shares it, and has for a while.
func (w *world) permitted(c roster.Contact, listed bool) bool {
	nothing := c.Lack != roster.Nothing && !c.Online && c.LastSeen.IsZero() && c.Status == ""
	if listed && c.Subscription != "both" && c.Subscription != "to" {
		if !nothing {
			w.wrong("nothing is known of a contact that does not share its presence", c, "the subscription is %s", c.Subscription)
		}
		return false
	}
	if s := w.client.line; w.ours.blocks && s != nil && s.watches && !s.deadline {
		told := later(w.weBlockedAt, s.watchedAt)
		if w.now().Sub(told) > w.window() && !nothing {
			w.wrong("who is blocked is not known", c, "we block the contact since %s", w.clock(w.weBlockedAt))
		}
	}
	return listed && w.quiet()
}

// quiet reports whether the contact shares its presence, and has for a while.
func (w *world) quiet() bool {
	if !w.theirs.subbed || w.ours.sub != "both" || w.ours.blocks {
		return false
	}
	return w.now().Sub(later(w.subbedAt, w.weBlockedAt)) > 2*w.window()
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// always checks what holds whatever is lacking.
func (w *world) always(c roster.Contact) {
	now := w.now()
	if at := c.OnlineAt; !at.IsZero() {
		w.wasOnline(c, at)
	}
	if c.Online {
		return
	}
	if c.LastSeen.After(now.Add(time.Millisecond)) {
		w.wrong("nobody was seen in the future", c, "last seen %v from now", c.LastSeen.Sub(now))
	}
	if c.Status == "" {
		return
	}
	if !strings.HasPrefix(c.Status, "Bye ") && !strings.HasPrefix(c.Status, "Here ") {
		w.wrong("a server's text is not the contact's word", c, "%q", c.Status)
		return
	}
	if !c.LastSeen.IsZero() {
		w.together(c)
	}
}

// together checks that time and words are of one departure.
func (w *world) together(c roster.Contact) {
	var excuse Reason
	for _, d := range slices.Concat(w.truth.departures, w.hidden) {
		ok, reason := w.explains(c.LastSeen, d)
		if d.words != c.Status || !ok && (c.Lack == roster.Nothing || !w.bounds(c.LastSeen, d)) {
			continue
		}
		if reason == "" {
			return
		}
		excuse = reason
	}
	if excuse == "" {
		excuse = w.saidHere(c.Status)
	}
	if excuse == "" {
		excuse = w.beside(c.Status, c.LastSeen)
	}
	if excuse == "" {
		w.wrong("time and words are of one departure", c, "no departure at that time said %q", c.Status)
		return
	}
	w.excuse(excuse)
}

// bounds reports whether a time that is said to be in doubt is one that bounds a
// departure, which was held back until then or stamped by a clock that is ahead, or
// is its stamp.
func (w *world) bounds(at time.Time, d *departure) bool {
	return slices.ContainsFunc(w.client.memory.facts, func(f fact) bool {
		if f.of == d && f.what == stamped && near(at, f.time, f.time, w.tolerance()) {
			return true // something told that it is in doubt
		}
		bound := f.held || f.what == stamped && f.time.After(f.got)
		end := f.got.Add(f.shift)
		return bound && f.of == d && near(at, earlier(d.at, end), end, w.tolerance())
	})
}

// saidHere excuses words of an available presence that a server told as a
// goodbye.
func (w *world) saidHere(text string) Reason {
	m := w.client.memory
	if slices.ContainsFunc(m.log, func(f fact) bool { return f.what == available && f.text == text && f.shift != 0 }) {
		return OwnClock // it was heard in the future
	}
	if m.words[text] {
		return w.hiddenSince(text)
	}
	told := false
	for _, f := range m.facts {
		if f.here && f.text == text {
			told = true
			if f.marked {
				return ""
			}
		}
	}
	if !told {
		return ""
	}
	return LastAvailableWords
}

// hiddenSince excuses words that were said by a contact who then hid: it was offline
// since, as far as we were told.
func (w *world) hiddenSince(text string) Reason {
	for _, f := range w.client.memory.facts {
		if f.what == available && f.text == text && slices.ContainsFunc(w.hidden, func(d *departure) bool { return d.at.After(f.sent) }) {
			return Blocks
		}
	}
	return ""
}

// wasOnline checks when the contact was online last.
func (w *world) wasOnline(c roster.Contact, at time.Time) {
	if !at.After(w.truth.onlineAt(w.now()).Add(w.tolerance())) {
		return
	}
	if reason := w.unseen(c, w.truth.between(w.now().Add(-w.window()), w.now())); reason != "" {
		w.excuse(reason)
		return
	}
	for _, f := range w.client.memory.facts {
		if off := at.Sub(f.when()).Abs(); f.shift != 0 {
			w.excuse(OwnClock)
			return
		} else if !f.time.IsZero() && off <= w.tolerance() {
			w.excuse(StampAlone)
			return
		}
	}
	w.wrong("nobody was online later than they were", c, "online at %s, truly until %s", w.clock(at), w.clock(w.truth.onlineAt(w.now())))
}

// learnable checks that an opening that was answered has learnt.
func (w *world) learnable(c roster.Contact, called, at time.Time) {
	a, m, kind := w.ask, w.client.memory, w.story.Kind
	s := w.client.line
	states := w.truth.between(called.Add(-w.window()), at)
	if a.at.Before(called) || a.at.After(at) || len(states) != 1 || w.unclear() || s.inactive || w.stepped() {
		return
	}
	now := states[0]
	switch {
	case now.online && c.Online && w.weBlockedAt.After(w.client.began):
		// It may have other resources, until last activity has come, too.
	case now.online && !kind.Deaf:
		w.wrong("who asks and is answered knows", c, "the contact is online, and said so")
	case kind.Asked.What == LastPresence && w.theirs.said.of != now.last:
		// Its words and the seconds are of two departures.
	case kind.Last.OfHere && a.rec.text != "", kind.Asked.What == LastPresence && w.theirs.said.here && w.theirs.said.text != "":
		// What the contact said is not known then.
	case !now.online && now.last != nil && a.rec.set && a.rec.of == now.last:
		told := a.rec.at.Add(-a.offset)
		if a.rec.text == "" && a.at.Sub(told) < time.Second {
			return // no seconds may mean that somebody is connected
		}
		if told.Before(now.last.at.Add(-w.tolerance())) || told.After(now.last.gone.Add(w.tolerance())) || m.knewBetter(w.now(), told, now.last, w.tolerance()) {
			return
		}
		switch {
		case w.others(now.last):
			w.excuse(ServerDied)
			return
		case w.steppedFrom(now.last.at, a.at):
			w.excuse(TheirClock)
			return
		case w.followed(now.last):
			w.excuse(TooClose)
			return
		}
		w.wrong("who asks and is answered knows", c, "the server told when it was")
	}
}

// stepped reports whether our own clock did.
func (w *world) stepped() bool {
	return slices.ContainsFunc(w.client.memory.facts, func(f fact) bool { return f.shift != 0 })
}
