package judge

import (
	"slices"

	"example.org/lastpresence/probe"
)

// Answer applies the answer to a probe. Its presences must have been applied
// already.
func (k *Knowledge) Answer(a probe.Answer, h Hearing) bool {
	if h.Epoch < k.epoch || k.room {
		return false
	}
	switch a.Outcome {
	case probe.Available:
		if left(a, h.At) {
			k.partly = h.Epoch // it may have left unreported
			return true
		}
		whole := a.Late || a.Activity.Told
		if k.partly == 0 || !whole {
			return false // the first presence may have come by itself
		}
		k.partly = 0
		return true
	case probe.Unavailable:
	default:
		if a.Err != nil {
			k.Why(a.Err)
		}
		return a.Err != nil
	}
	if k.epoch == h.Epoch && k.here != nil && k.online > h.At {
		return false // it came since
	}
	k.lose()
	k.partly = 0
	d := k.answered(a, h)
	k.told(h, d.source)
	if d.at != 0 || d.words != "" {
		k.account(&d, h)
	}
	return true
}

// left reports whether last activity says that the contact left, and all presence
// that says otherwise was held back by our own server for long, so that none of it
// answers the probe. Of a host, last activity is the uptime.
func left(a probe.Answer, now Moment) bool {
	fresh := func(p probe.Presence) bool { return p.Held.IsZero() || now-MomentOf(p.Held) <= apart }
	return a.Contact.Localpart() != "" && (a.Activity.Ago > 0 || a.Activity.Status != "") &&
		len(a.Presences) > 0 && !slices.ContainsFunc(a.Presences, fresh)
}

// answered returns the departure that an answer reports.
func (k *Knowledge) answered(a probe.Answer, h Hearing) departure {
	d := answerTime(a, h)
	words, origin := a.Status, Live
	if a.StatusFrom != probe.FromPresence {
		words, origin = a.Activity.Status, LastActivity
	}
	there := lastStamp(a)
	made := slices.ContainsFunc(a.Presences, probe.Presence.MadeFromAvailable)
	older := there != 0 && !d.byStamp && (there-d.at > apart || made && there-d.at > late)
	switch {
	case older:
		// It was there long after the time that last activity reports.
		d.at, d.byStamp, d.settled, d.source = d.stamp, true, false, Probe
		if origin == LastActivity {
			words = ""
		}
	case there != 0 && !d.byStamp && d.at-there > apart && origin == Live:
		// Presence reports an earlier departure than last activity.
		d.stamp, words, origin = 0, a.Activity.Status, LastActivity
	}
	if made && (older || a.LastSeenFrom == probe.FromPresence) {
		// A server made it of the last available presence.
		d.at, d.settled = 0, false
	}
	if made && origin == Live {
		words = ""
	}
	if k.before(words) {
		words, d.settled = "", false
	}
	d.say(words, origin)
	if d.cause == NeverLoggedIn {
		d.at, d.stamp = 0, 0
		if k.been {
			d.cause = CauseUnknown
		}
	}
	return d
}

// answerTime returns the time of the departure that an answer reports, and by
// whose clock it is.
func answerTime(a probe.Answer, h Hearing) departure {
	d := departure{
		at:      MomentOf(a.LastSeen),
		stamp:   MomentOf(a.Stamp),
		heard:   h.At,
		epoch:   h.Epoch,
		source:  Probe,
		settled: !a.LastSeen.IsZero(),
		byStamp: a.LastSeen.Equal(a.Stamp),
	}
	if la := a.Activity; la.Told && (la.Ago > 0 || la.Status != "") { // else it may mean that somebody is connected
		counted := h.At - Moment(la.Ago.Microseconds())
		switch off := d.at - counted; {
		case compareTimes(off, early, early) == same:
			d.byStamp = false // seconds until now say the same
		case d.byStamp && compareTimes(off, early+Moment(a.RoundTrip.Microseconds()), early) == same:
			d.at, d.byStamp = counted, false // and took a while to come
		}
	}
	if slices.ContainsFunc(a.Presences, func(p probe.Presence) bool { return ahead(&p) }) {
		d.stamp, d.bounded = 0, d.byStamp
		d.byStamp = false
	}
	if a.LastSeenFrom == probe.FromLastActivity {
		d.source = LastActivity
	}
	return d
}

// lastStamp returns the latest stamp of an answer, or zero if it has none.
func lastStamp(a probe.Answer) (latest Moment) {
	for _, p := range a.Presences {
		latest = max(latest, MomentOf(p.Delay.Stamp))
	}
	return max(latest, MomentOf(a.Stamp))
}
