package probe

import (
	"time"

	"mellium.im/xmpp/jid"
)

// Outcome says how a probe ended.
type Outcome uint8

// The outcomes. The zero value is Unanswered.
const (
	// Unanswered: no answer says how the contact is. This is also the outcome if
	// a server says that the contact is connected (Activity is Told, with an Ago
	// of 0) but not that it is available.
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
	// Told is false if there was no answer, or if its seconds cannot be read or
	// point to a time before 1999; Ago is then zero.
	Told bool
	// Ago is how long ago the contact was connected, or how long a host has
	// been up, in whole seconds. For a contact, 0 means that it is connected
	// now or has left within this second. Some servers report the last logout
	// even of a contact that is online.
	Ago time.Duration
	// Status is the text of the last unavailable presence, if the server sends
	// it. The text may be the server's own.
	Status string
}

// Answer is what a probe has found out. It is a value; do not change what its
// fields point to. Its times have no monotonic reading.
type Answer struct {
	// Contact is the bare JID that was asked.
	Contact jid.JID

	// Outcome says which of the other fields have a meaning.
	Outcome Outcome

	// Presences has the latest presence of each resource that sent one, and the
	// presence from the bare JID, if any, in order of arrival. It leaves out
	// those that a later presence of the whole contact ended.
	Presences []Presence

	// Activity is the answer to the query for last activity.
	Activity LastActivity

	// LastSeen is when an unavailable contact went offline; zero if that was
	// not told. LastSeenFrom says who told. It is by our own clock if last
	// activity tells it, too, because that counts seconds until now. A stamp
	// alone is by the clock of the contact's server.
	LastSeen     time.Time
	LastSeenFrom Origin

	// Status is what the contact said as it left, at LastSeen if that is known.
	// StatusFrom says who told. Last activity may have a server's text instead.
	Status     string
	StatusFrom Origin

	// Stamp is what the contact's server stamped on the departure, by its own
	// clock; zero if it did not. The same departure has the same stamp when it
	// is told again.
	Stamp time.Time

	// Up is when an available server or component started; zero if that was not
	// told (XEP-0318 section 3.2). UpFrom says who told. It is by our own clock
	// if last activity tells it.
	Up     time.Time
	UpFrom Origin

	// RoundTrip is the time from sending the probe until the last stanza that
	// is part of the answer arrived.
	RoundTrip time.Duration

	// Received is when that stanza arrived.
	Received time.Time

	// Late marks a second answer of a probe that had ended before its query for
	// last activity was answered. Only the function of [Answered] gets it.
	Late bool

	// Err says why nothing is known. It wraps a stanza error if one came back,
	// together with [ErrBlocked] if we block the contact, or is [ErrNoAnswer]
	// if time ran out. It is nil if Outcome is Available or Unavailable. Moved
	// is the new address in the stanza error, if any.
	Err   error
	Moved string
}
