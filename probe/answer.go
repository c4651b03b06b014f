package probe

import (
	"time"

	"mellium.im/xmpp/jid"
)

// Outcome says how a probe ended.
type Outcome uint8

// The outcomes. The zero value is Unanswered.
const (
	// Unanswered: no answer says whether the contact is available. A server may
	// have said that it is connected: Activity is then Told, with an Ago of 0.
	Unanswered Outcome = iota
	// Available: at least one resource is online, or the host is up.
	Available
	// Unavailable: the contact is offline.
	Unavailable
	// Unauthorized: the contact does not share its presence with us, or does not
	// exist; servers do not say which.
	Unauthorized
	// Error: the probe or the query was returned with an error, which is in Err.
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

// Origin says where a part of an answer comes from.
type Origin uint8

// The origins. The zero value is FromNothing.
const (
	FromNothing      Origin = iota // not known
	FromPresence                   // a presence stanza
	FromLastActivity               // the answer to the last-activity query
)

// String returns the origin in lower case: none, presence or last-activity.
func (o Origin) String() string {
	switch o {
	case FromPresence:
		return "presence"
	case FromLastActivity:
		return "last-activity"
	}
	return "none"
}

// LastActivity is the answer to the query that follows a probe (XEP-0012).
type LastActivity struct {
	// Told reports whether the answer has a number of seconds that is possible.
	// It is false if there was no answer, if the number cannot be read, or if it
	// points to a time before 1999; Ago is then zero.
	Told bool
	// Ago is how long ago the contact was connected, or how long a host has
	// been up, in whole seconds. For a contact, 0 means that it is connected
	// now or has just left. Some servers report the last logout even of a
	// contact that is online.
	Ago time.Duration
	// Status is the text of the last unavailable presence, if the server sends
	// it. The text may be the server's own.
	Status string
}

// Answer is the result of a probe. It is a value; do not change what its fields
// point to. Its times have no monotonic reading.
type Answer struct {
	// Contact is the bare JID that was asked.
	Contact jid.JID

	// Outcome says which of the other fields have a meaning.
	Outcome Outcome

	// Presences has the latest presence of each resource and of the bare JID, in
	// order of arrival. It leaves out available ones that were ended by a later
	// stanza about the whole contact.
	Presences []Presence

	// Activity is the answer to the query for last activity.
	Activity LastActivity

	// LastSeen is when an unavailable contact went offline; zero if not known.
	// LastSeenFrom says where it comes from. It is by our own clock and in the
	// local zone, unless it equals Stamp.
	LastSeen     time.Time
	LastSeenFrom Origin

	// Status is the text with which the contact went offline. StatusFrom says
	// where it comes from; last activity may have a text of the server's own.
	Status     string
	StatusFrom Origin

	// Stamp is the time with which the contact's server stamped the unavailable
	// presence, by its own clock; zero if it did not. Two Answers about the same
	// departure have the same Stamp.
	Stamp time.Time

	// Up is when an available server or component started (XEP-0318 section
	// 3.2); zero if not known. UpFrom says where it comes from: last activity is
	// by our own clock, a presence by that of the host.
	Up     time.Time
	UpFrom Origin

	// RoundTrip is the time from sending the probe until the last stanza that
	// is part of the answer arrived.
	RoundTrip time.Duration

	// Received is when that stanza arrived.
	Received time.Time

	// Late marks the second Answer of a probe that ended before its query for
	// last activity was answered. Only the function of [Answered] gets it.
	Late bool

	// Err says why nothing is known. It wraps the stanza error that came back, if
	// any, together with [ErrBlocked] if we block the contact. It is
	// [ErrNoAnswer] if time ran out. It is nil if Outcome is Available or
	// Unavailable, and may be nil otherwise. Moved is the new address in the
	// stanza error, if any.
	Err   error
	Moved string
}
