package delay

import (
	"time"

	"mellium.im/xmpp/jid"
)

// DefaultSkew is how far a stamp may lie in the future if [Rules] do not say.
// A stamp is of the past (XEP-0203 section 2), but clocks differ.
const DefaultSkew = 5 * time.Minute

// oldest is 1999-01-01T00:00:00Z, as a Unix time. XMPP began in that year, so no
// stanza is older.
const oldest = 915148800

// Rules decide which of a stanza's delays to trust (XEP-0203 section 5). The
// zero value has the defaults.
type Rules struct {
	// Skew is how far another machine's clock may be ahead of ours. A stamp
	// that is later than the receipt by no more than Skew counts as the time of
	// receipt. Zero means DefaultSkew; a negative value allows no difference.
	Skew time.Duration
}

// Why is the reason why an element was rejected (XEP-0203 section 5). The zero
// value means no reason and is not used.
type Why uint8

// The reasons for which an element is rejected.
const (
	// Unreadable elements have a missing or malformed stamp or a malformed from;
	// Element.Err says which.
	Unreadable Why = iota + 1

	// Forged elements are signed by somebody who has no right to stamp the
	// stanza: neither its sender, nor the sender's server, nor our own account
	// or server.
	Forged

	// Future elements have a stamp later than the receipt plus Rules.Skew.
	Future

	// Ancient elements have a stamp from before 1999, the year XMPP began.
	Ancient

	// Superseded elements could be trusted, but another element takes
	// precedence.
	Superseded
)

// String returns the reason in one word, "unknown" for the zero value.
func (w Why) String() string {
	switch w {
	case Unreadable:
		return "unreadable"
	case Forged:
		return "forged"
	case Future:
		return "future"
	case Ancient:
		return "ancient"
	case Superseded:
		return "superseded"
	}
	return "unknown"
}

// Doubt is an element that was rejected, and why (XEP-0203 section 5).
type Doubt struct {
	Element Element
	Why     Why
}

// Believe returns the delay to trust out of those found in one stanza, or the
// zero Delay if there is none. It also returns the elements that it rejected,
// in the order of elements. Anyone can put a delay into a stanza (XEP-0203
// section 5).
//
// In order of preference, Believe takes a delay that is signed by
//
//  1. the sender's server,
//  2. the sender, by its bare JID or any of its full JIDs,
//  3. nobody,
//  4. our own account or server; it says only when the stanza was held back on
//     its way to us, see [Held].
//
// XEP-0203 comes before XEP-0091 within 1, and within 2 and 3 taken together. Of
// equal ones the earliest wins, because each server on the way may have added one.
//
// The sender is the stanza's from; the zero JID means our own account. self is
// our own address, and received is when the stanza was received. Believe does
// not change elements.
func (r Rules) Believe(elements []Element, sender, self jid.JID, received time.Time) (Delay, []Doubt) {
	if sender.Equal(jid.JID{}) {
		sender = self
	}
	best, most := -1, 0
	for i := range elements {
		n := standing(&elements[i], sender, self)
		if r.doubt(&elements[i], n, received) != 0 {
			continue
		}
		if n > most || n == most && elements[i].Stamp.Before(elements[best].Stamp) {
			best, most = i, n
		}
	}
	var doubts []Doubt
	for i := range elements {
		if i == best {
			continue
		}
		why := r.doubt(&elements[i], standing(&elements[i], sender, self), received)
		if why == 0 {
			why = Superseded
		}
		doubts = append(doubts, Doubt{Element: elements[i], Why: why})
	}
	if best < 0 {
		return Delay{}, doubts
	}
	d := elements[best].Delay
	if d.Stamp.After(received) {
		d.Stamp = received
	}
	return d, doubts
}

// Past checks a time at which a peer claims that something happened, by the
// same rules as a stamp: a time up to Skew after received counts as received.
// Past returns false for a later time and for one before 1999. Use it for idle
// times (XEP-0319) and last activity (XEP-0012).
func (r Rules) Past(t, received time.Time) (time.Time, bool) {
	if r.outside(t, received) != 0 {
		return time.Time{}, false
	}
	if t.After(received) {
		t = received
	}
	return t, true
}

// doubt returns why e, which has the given standing, is rejected, or 0.
func (r Rules) doubt(e *Element, standing int, received time.Time) Why {
	switch {
	case e.Err != nil:
		return Unreadable
	case standing == 0:
		return Forged
	}
	return r.outside(e.Stamp, received)
}

// outside returns Ancient or Future if t is not a possible time, or 0.
func (r Rules) outside(t, received time.Time) Why {
	skew := r.Skew
	if skew == 0 {
		skew = DefaultSkew
	}
	switch {
	case t.Unix() < oldest:
		return Ancient
	case t.After(received.Add(max(skew, 0))):
		return Future
	}
	return 0
}

// standing returns the precedence of e: the higher, the better; 0 if it is forged.
func standing(e *Element, sender, self jid.JID) int {
	var n int
	switch account := e.From.Bare(); {
	case Held(e.Delay, sender, self):
		return 1
	case account.Equal(jid.JID{}):
		n = 2
	case e.From.Equal(sender.Domain()):
		n = server
	case account.Equal(sender.Bare()):
		n = 3
	default:
		return 0
	}
	if !e.Legacy {
		n += current
	}
	return n
}

// What is added to the standing of an element.
const (
	current = 8  // an element of XEP-0203
	server  = 16 // signed by the sender's server
)
