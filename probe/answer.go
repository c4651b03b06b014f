package probe

import (
	"time"

	"mellium.im/xmpp/jid"
)

// Outcome is how a probe ended.
type Outcome uint8

// The outcomes. The zero value is Unanswered.
const (
	// Unanswered: nothing came back that tells anything.
	Unanswered Outcome = iota
	// Available: at least one resource is online, or the host is up.
	Available
	// Unavailable: the contact is offline.
	Unavailable
	// Unauthorized: the contact's presence is not ours to know, or there
	// is no such account; servers do not tell which.
	Unauthorized
	// Error: the question was returned with an error.
	Error
)

// String returns the outcome's name in lower case.
func (o Outcome) String() string {
	switch o {
	case Available:
		return "available"
	case Unavailable:
		return "unavailable"
	case Unauthorized:
		return "unauthorized"
	case Error:
		return "error"
	}
	return "unanswered"
}

// Origin is where a part of an answer comes from.
type Origin uint8

// The origins. The zero value is FromNothing.
const (
	FromNothing      Origin = iota // not known
	FromPresence                   // a presence stanza
	FromLastActivity               // the answer to the last-activity query
)

// String returns the origin's name in lower case: none, presence or
// last-activity.
func (o Origin) String() string {
	switch o {
	case FromPresence:
		return "presence"
	case FromLastActivity:
		return "last-activity"
	}
	return "none"
}

// LastActivity is what the fence said (XEP-0012).
type LastActivity struct {
	// Told is false where there was no such answer; the rest is zero then.
	Told bool
	// Ago is how long ago the contact was connected, or since how long a
	// host is up, in whole seconds. For a contact 0 means connected now.
	// Some servers tell the last logout of a contact who is online.
	Ago time.Duration
	// Status is the text of the last unavailable presence, where told.
	Status string
}

// Answer is what a probe brought to light. It is a value, to be read only.
type Answer struct {
	// Contact is the bare address that was asked.
	Contact jid.JID

	// Outcome says which of the other fields mean something.
	Outcome Outcome

	// Presences has the latest presence of each resource that sent one, and
	// the presence from the bare address, if any, in order of arrival.
	Presences []Presence

	// Activity is the answer to the last-activity query.
	Activity LastActivity

	// LastSeen is when an unavailable contact went offline, zero where it
	// is not told; LastSeenFrom says who told.
	LastSeen     time.Time
	LastSeenFrom Origin

	// Status is what an unavailable contact said when leaving; StatusFrom
	// says who told. A server that has kept no unavailable presence may
	// send the text of the last available one instead.
	Status     string
	StatusFrom Origin

	// Up is since when an available server or component is up, zero where
	// it is not told (XEP-0318 section 3.2); UpFrom says who told.
	Up     time.Time
	UpFrom Origin

	// Skew is how far the clock behind LastSeen or Up is ahead of ours, where
	// a presence's stamp and last activity's seconds both tell that time; 0
	// where only one does, or they agree within 2 seconds and the round trip.
	// It is a guess: a server may mean two events by them.
	Skew time.Duration

	// RoundTrip is from sending the probe to the last stanza that the
	// answer is made of.
	RoundTrip time.Duration

	// Received is when that stanza arrived.
	Received time.Time

	Stamp time.Time
	Late  bool

	// Err is the stanza error, for [errors.As], where one came that tells
	// why; nil otherwise. Moved is the new address that it may name.
	Err   error
	Moved string
}

// Corrected returns LastSeen, or for a host Up, by our own clock: less Skew, and
// never later than the answer was received. It is zero where that time is.
func (a Answer) Corrected() time.Time {
	t := a.LastSeen
	if t.IsZero() {
		t = a.Up
	}
	if t.IsZero() {
		return t
	}
	if t = t.Add(-a.Skew); t.After(a.Received) {
		return a.Received
	}
	return t
}
