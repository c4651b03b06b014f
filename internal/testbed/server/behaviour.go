package server

import "mellium.im/xmpp/stanza"

// Behaviour is how a server answers presence probes and queries for last activity
// (XEP-0012). Its fields are the points in which deployed servers differ. The zero
// value does not answer probes and does not support last activity.
type Behaviour struct {
	// Name is for people, and for service discovery.
	Name string

	// Online answers a probe to a contact who is online, once for each resource.
	// It is also sent at login.
	Online Replay
	// OneResource makes only the addressed resource answer a probe to a full JID,
	// and nobody if it is not online. Otherwise all resources answer.
	OneResource bool
	// FenceFirst answers a query that follows such a probe before the probe.
	FenceFirst bool

	// Offline answers a probe to a contact who is offline.
	Offline Replay
	// AtLogin sends Offline at login, too, for every contact who is offline.
	AtLogin bool
	// Deaf ignores the probes of clients. Online and Offline are sent at login
	// only.
	Deaf bool
	// Ghosts sends available presence at login for a contact who became
	// unavailable and is still connected.
	Ghosts bool
	// PlainGrant leaves out the stamp of presence that is sent because a
	// subscription was granted.
	PlainGrant bool

	// Host answers a probe to a host. Its stamp is the start time of the server.
	Host Replay

	// Stranger answers a probe to an account to which the prober is not
	// subscribed, NoAccount to an account that does not exist, and Ourselves to
	// the prober's own account. Unreachable answers probes and queries to a
	// domain that cannot be reached.
	Stranger, NoAccount, Ourselves, Unreachable Refusal
	// OwnNameless leaves out the from of answers about the asker's own account.
	OwnNameless bool

	// Last is how queries for last activity are answered.
	Last LastActivity

	// Live has the server's own status texts in the unavailable presence that it
	// sends for a resource which sent none itself, see [Server.End].
	Live Texts
	// Abrupt sends no unavailable presence when the server stops, and saves none.
	Abrupt bool

	// Blocking is how the server blocks (XEP-0191).
	Blocking Blocking

	// ClientState is how the server treats an inactive client (XEP-0352). Sift
	// reports whether it supports stanza interception (XEP-0273).
	ClientState ClientState
	Sift        bool
}

// Replay is a presence that a server has saved and sends later: from the full JID
// of a contact who is online, or the bare JID of one who is offline, to the full
// JID that asked. The zero value sends nothing.
type Replay struct {
	Send    bool
	Content Content
	// NotEmpty sends nothing if there is no content.
	NotEmpty bool
	// Stamp adds <delay/> (XEP-0203), and Legacy <x/> (XEP-0091) before that.
	// They follow the content or, with StampFirst, precede it.
	Stamp, Legacy, StampFirst bool
	// From is who signs the stamp. Digits is the length of its fraction.
	From   From
	Digits int
	// Reason is the text of the stamp.
	Reason string
	// ToBare sends it to the bare JID of the prober instead.
	ToBare bool
}

// Content is the content of the presence of an offline contact. For a resource that
// is online it is always its whole last presence, with the id of that presence.
type Content uint8

const (
	// Bare has no content.
	Bare Content = iota
	// Goodbye repeats the unavailable presence with which the contact left.
	Goodbye
	// LastPresence repeats the last presence, available or not, as unavailable
	// presence, stamped with the time when it was sent. If the connection broke,
	// that is an available one.
	LastPresence
	// LastAvailable repeats the last available presence, with its id, as
	// unavailable presence: never a goodbye. For a contact who never was online
	// nothing is sent.
	LastAvailable
)

// From is who signs a stamp.
type From uint8

const (
	// FromNobody leaves out the from attribute.
	FromNobody From = iota
	// FromHost names the contact's server.
	FromHost
	// FromResource names the contact's full address.
	FromResource
)

// Refusal is sent instead of an answer. The zero value sends nothing, where that is
// allowed.
type Refusal struct {
	// Unsubscribed sends presence of type unsubscribed, from the bare JID.
	Unsubscribed bool
	// Type, Condition and Text are those of a stanza error. NoID leaves out the
	// id of the stanza that it answers.
	Type      stanza.ErrorType
	Condition stanza.Condition
	Text      string
	NoID      bool
	// Blocked adds the element blocked to the error (XEP-0191 section 3.5).
	Blocked bool
}

// LastActivity is how a server answers XEP-0012.
type LastActivity struct {
	// Known reports whether the server supports it; if not, it answers
	// service-unavailable.
	Known bool
	// Stranger answers those who are not subscribed. NoAccount answers queries
	// about an account that does not exist; if zero, Stranger does.
	Stranger, NoAccount Refusal
	// Uptime answers for hosts even if Known is false.
	Uptime bool
	// Stale answers with the last logout even while the account is connected,
	// instead of 0.
	Stale bool
	// Sent records only unavailable presence that clients send, so that after a
	// broken connection it answers with an earlier departure.
	Sent bool
	// Gone counts from the end of the connection, without a text. While an
	// account is unavailable and connected, it answers for the session before.
	Gone bool
	// Forgets loses everything when the server stops or crashes.
	Forgets bool
	// Decimals writes the seconds as a fraction, contrary to XEP-0012.
	Decimals bool
	// Texts are the server's own texts for departures without a status.
	Texts Texts
	// Never answers for an account that was never online.
	Never Never
}

// Never is how a server answers a query for the last activity of an account that
// was never online.
type Never uint8

const (
	// NeverRefused answers item-not-found.
	NeverRefused Never = iota
	// NeverZero answers 0 seconds, as for an account that is connected.
	NeverZero
	// NeverMinusOne answers -1 seconds.
	NeverMinusOne
	// NeverRegistered answers with the time of registration, and a text that says
	// so.
	NeverRegistered
	// NeverUnavailable answers service-unavailable.
	NeverUnavailable
)
