package world

import (
	"slices"
	"time"
)

// Reason is why a false claim is not a fault: no client that received what this one
// received could have known better.
type Reason string

// The reasons. docs/PROMISES.md lists them, too.
const (
	// ServerForgot: the contact's server crashed or did not save a departure, and
	// reports the one before it. This client never learned that the contact was
	// online in between.
	ServerForgot Reason = "the server tells of an earlier departure"
	// ServerDied: the contact's server crashed while the contact was online, and
	// this session was not informed.
	ServerDied Reason = "the contact's server died unnoticed"
	// StampAlone: the time comes from a stamp alone, whose clock is wrong.
	StampAlone Reason = "a stamp alone, of a clock that is wrong"
	// HeldStamp: our own server held the departure back, and its clock is wrong.
	// This excuses a time only while the Contact lacks something.
	HeldStamp Reason = "our own server's stamp, of a clock that is wrong"
	// TheirClock: the clock of the contact's server was set while it counted the
	// seconds, and nothing else has the time.
	TheirClock Reason = "the server's clock stepped"
	// OwnClock: our own clock was wrong when the departure was seen.
	OwnClock Reason = "our own clock stepped"
	// LastAvailableWords: a server sends the last available status as if it were
	// a goodbye, indistinguishably, and this client never received it while the
	// contact was available.
	LastAvailableWords Reason = "last available presence told as a goodbye"
	// Blocks: the contact blocks us, and its server does not show that, or shows
	// the contact as unavailable.
	Blocks Reason = "the contact blocks us"
	// Unblocked: we had blocked the contact. Afterwards our server does not send
	// its presence, or sends an old one that it held back; and the contact's
	// server does not answer probes, or answers last activity first.
	Unblocked Reason = "unblocked, and not everybody is told again"
	// HeldBack: our client is inactive (XEP-0352), and what it learned counts as
	// current for a minute.
	HeldBack Reason = "inactive, learnt less than a minute ago"
	// TooClose: two departures are too close for whole seconds to distinguish
	// them.
	TooClose Reason = "two departures within seconds"
	// LoginComes: the session has just begun, and the resources arrive one after
	// the other.
	LoginComes Reason = "the login's presences are coming in"
	// LineDead: our connection is dead, and nobody has noticed yet.
	LineDead Reason = "our line is dead"
)

// fact is something that a client was told.
type fact struct {
	what     telling
	sent     time.Time     // when the contact's server said it
	got      time.Time     // when it came to the client
	shift    time.Duration // how far our clock was ahead then, as it is now
	resource string
	text     string
	of       *departure // of whom it tells; nil: of none
	time     time.Time  // when that was, as it was told; zero: not told
	here     bool       // text and time are of an available presence
	marked   bool       // and that can be seen
	held     bool       // our own server held it back
	bound    bool       // and that is all that stamps it
	never    bool       // the contact never was here
	say      control    // nothing of the contact, but whether it shares its presence
}

// control reports whether the contact's presence is shared with us.
type control uint8

const (
	nothing control = iota
	subscribed
	unsubscribed
	unblocked
	blocked
)

// telling is the way in which a fact was told, the better the greater.
type telling uint8

const (
	available telling = iota // somebody is online
	absent                   // offline, no more
	stamped                  // a stamp tells when
	counted                  // seconds tell how long ago
	live                     // it was seen as it happened
)

// memory is everything that the clients of one store have received.
type memory struct {
	facts    []fact
	log      []fact          // all of them, as they came
	began    time.Time       // of the session
	words    map[string]bool // what was said in available presence
	unsubbed bool            // as far as the client knows
	blocked  bool
}

func newMemory() *memory { return &memory{words: make(map[string]bool)} }

func (m *memory) take(now time.Time, facts []fact) {
	for _, f := range facts {
		f.got = now
		if f.what == live && f.resource == "" && !m.online() {
			f.what, f.time = absent, time.Time{} // it may as well be repeated at login
		}
		m.log = append(m.log, f)
		m.apply(f)
	}
}

// apply takes one fact.
func (m *memory) apply(f fact) {
	switch f.say {
	case subscribed, unsubscribed:
		m.unsubbed = f.say == unsubscribed
	case unblocked, blocked:
		m.blocked = f.say == blocked
	}
	if m.unsubbed || m.blocked {
		m.forget()
		return
	}
	if f.say != nothing {
		return
	}
	m.facts = append(m.facts, f)
	if f.what == available && f.text != "" {
		m.words[f.text] = true
	}
}

// online reports whether this session told of anybody who is available.
func (m *memory) online() bool {
	return slices.ContainsFunc(m.facts, func(f fact) bool { return f.what == available && !f.got.Before(m.began) })
}

// forget drops what may not be kept.
func (m *memory) forget() { m.facts, m.words = nil, make(map[string]bool) }

// cut drops what arrived after a moment and was never stored.
func (m *memory) cut(saved time.Time) {
	old := m.log
	m.log, m.unsubbed, m.blocked = nil, false, false
	m.forget()
	for _, f := range old {
		if !f.got.After(saved) {
			m.log = append(m.log, f)
			m.apply(f)
		}
	}
}

// step has our clock step: what it says lies in the future then is not known.
func (m *memory) step(now time.Time, d time.Duration) {
	for _, facts := range [][]fact{m.facts, m.log} {
		for i := range facts {
			facts[i].shift += d
		}
	}
	m.facts = slices.DeleteFunc(m.facts, func(f fact) bool { return f.got.Add(f.shift).After(now) })
}

// when is the time that a fact tells, by the client's clock as it is now.
func (f fact) when() time.Time {
	if f.what == stamped {
		return f.time
	}
	return stepped(f.time, f.shift)
}

// clocks is how far clocks may differ.
const clocks = 30 * time.Minute

// knewBetter reports whether the client knows that the contact was online after
// a time that it was told, or left after it.
func (m *memory) knewBetter(now, told time.Time, of *departure, tolerance time.Duration) bool {
	for _, f := range m.facts {
		if f.bound || f.held && f.what == available {
			continue // it was before it came, and nobody knows by how much
		}
		at := f.when()
		if f.what == available {
			at = f.sent.Add(f.shift)
		} else if f.of == of || f.what == absent {
			continue
		}
		if f.here && f.what == stamped && !f.marked && at.Sub(told) <= clocks {
			continue // the two clocks may differ by as much
		}
		if at.After(told.Add(tolerance)) && !at.After(now) {
			return true // what is in the future is not known
		}
	}
	return false
}

// heard reports whether the client received the status of a departure.
func (m *memory) heard(d *departure) bool {
	for _, f := range m.facts {
		if f.of == d && !f.here && d.words != "" && f.text == d.words {
			return true
		}
	}
	return false
}
