package probe

import (
	"time"

	"mellium.im/xmpp/jid"
)

// Outcome is how a probe ended.
type Outcome uint8

// The outcomes. The zero value is Unanswered.
const (
	// Unanswered: nothing came back that tells how the contact is. It is the
	// outcome, too, where a server tells that somebody is connected (Activity
	// is Told with an Ago of 0), but not that anybody is available.
	Unanswered Outcome = iota
	// Available: at least one resource is online, or the host is up.
	Available
	// Unavailable: the contact is offline.
	Unavailable
	// Unauthorized: the contact's presence is not ours to know, or there
	// is no such account; servers do not say which.
	Unauthorized
	// Error: the question was returned with an error, which is in Err.
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
	// Told is false where there was no such answer, or its seconds cannot be
	// read or lead to before 1999; Ago is zero then.
	Told bool
	// Ago is how long ago the contact was connected, or how long a host has
	// been up, in whole seconds. For a contact 0 means connected now, or gone
	// within this second. Some servers tell the last logout of a contact who
	// is online.
	Ago time.Duration
	// Status is the text of the last unavailable presence, where told. It may
	// be a server's.
	Status string
}

// Answer is what a probe brought to light. It is a value, to be read only. Its
// times have no monotonic reading.
type Answer struct {
	// Contact is the bare address that was asked.
	Contact jid.JID

	// Outcome says which of the other fields mean something.
	Outcome Outcome

	// Presences has the latest presence of each resource that sent one, and
	// the presence from the bare address, if any, in order of arrival. Those
	// that a later one of the whole contact ended are left out.
	Presences []Presence

	// Activity is the answer to the last-activity query.
	Activity LastActivity

	// LastSeen is when an unavailable contact went offline, zero where it
	// is not told; LastSeenFrom says who told. It is by our own clock where
	// last activity tells it too, whose seconds count until now. A stamp that
	// stands alone is by the clock of the contact's server.
	LastSeen     time.Time
	LastSeenFrom Origin

	// Status is what was said as the contact left, at LastSeen where that is
	// told; StatusFrom says who told. Last activity may tell a server's text.
	Status     string
	StatusFrom Origin

	// Stamp is what the contact's server stamped on the departure, by its own
	// clock, zero where it did not: told again, the same departure has the same
	// stamp.
	Stamp time.Time

	// Up is when an available server or component was started, zero where it
	// is not told (XEP-0318 section 3.2); UpFrom says who told. It is by our own
	// clock where last activity tells it.
	Up     time.Time
	UpFrom Origin

	// RoundTrip is from sending the probe to the last stanza that the
	// answer is made of.
	RoundTrip time.Duration

	// Received is when that stanza arrived.
	Received time.Time

	// Late marks a second account of a probe that had ended before its
	// last-activity query was answered. Only [Answered] is told one.
	Late bool

	// Err says why nothing is known: a stanza error, for [errors.As], where one
	// came, with [ErrBlocked] where it says that we block the contact, or
	// [ErrNoAnswer] where the time was up. It is nil where Outcome is Available
	// or Unavailable. Moved is the new address that the stanza error may name.
	Err   error
	Moved string
}
