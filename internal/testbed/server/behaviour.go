package server

import "mellium.im/xmpp/stanza"

// Behaviour is how a server answers presence probes and queries for last
// activity (XEP-0012). Each field is something in which deployed servers
// differ; the named values are servers as they were seen. The zero value never
// answers a probe, and knows no last activity.
type Behaviour struct {
	// Name is for people, and for service discovery.
	Name string

	// Online answers a probe to a contact who is online, once for each
	// resource; and it is what arrives at login.
	Online Replay
	// OneResource has a probe to a full address answered by that resource
	// only, with silence if it is not online; else all of them answer.
	OneResource bool
	// FenceFirst has a query that comes right behind such a probe answered
	// before it.
	FenceFirst bool

	// Offline answers a probe to a contact who is offline.
	Offline Replay
	// AtLogin has that arrive at login for every contact who is offline.
	AtLogin bool
	// Deaf ignores the probes of clients: what Online and Offline say comes
	// at login alone.
	Deaf bool
	// Ghosts has an available presence arrive at login for a contact who
	// went unavailable and is still connected.
	Ghosts bool
	// PlainGrant leaves the stamp out of presence that comes because a
	// subscription was granted.
	PlainGrant bool

	// Host answers a probe to a host. The stamp is the start of the server.
	Host Replay

	// Stranger answers a probe to one whose presence is not the asker's to
	// know, NoAccount to one who does not exist, Ourselves to the own
	// account. Unreachable answers probes and queries to a domain that
	// cannot be reached.
	Stranger, NoAccount, Ourselves, Unreachable Refusal
	// OwnNameless leaves out the from of answers about the asker's own account.
	OwnNameless bool

	// Last is how queries for last activity are answered.
	Last LastActivity

	// Live are the server's own words in the unavailable presence that it
	// sends for a resource which said none itself, see [Server.End].
	Live Texts
	// Abrupt stops without a word about its accounts, and keeps none.
	Abrupt bool

	// Blocking is what becomes of those who are blocked (XEP-0191).
	Blocking Blocking

	// ClientState is what the server makes of a client that is not looked
	// at (XEP-0352), and Sift whether it keeps presence away from who asks
	// for that (XEP-0273).
	ClientState ClientState
	Sift        bool
}

// Replay is a presence as a server keeps and sends it later. It comes from the
// resource of who is online, and from the bare address of who is not, to the
// full address that asked. The zero value is silence.
type Replay struct {
	Send    bool
	Content Content
	// NotEmpty sends nothing where there would be no content.
	NotEmpty bool
	// Stamp adds <delay/> (XEP-0203), and Legacy <x/> (XEP-0091) before it,
	// behind the content or, with StampFirst, before it.
	Stamp, Legacy, StampFirst bool
	// From is who stamps, and Digits how many digits follow the second.
	From   From
	Digits int
	// Reason is the text of the stamp.
	Reason string
	// ToBare sends it to the bare address of who asked instead.
	ToBare bool
}

// Content is what a presence of somebody who is offline says. Of a resource
// that is online it is always all of its last presence, with that presence's
// id and not the probe's.
type Content uint8

const (
	// Bare says nothing.
	Bare Content = iota
	// Goodbye repeats the unavailable presence with which the contact left.
	Goodbye
	// LastPresence repeats the last presence of whichever type, turned into
	// unavailable; its stamp says when that was sent. Of a contact whose
	// connection broke, it is what they said as they were available.
	LastPresence
	// LastAvailable repeats the last available presence with its id, turned
	// into unavailable: never a goodbye. Of who never was online nothing is
	// sent.
	LastAvailable
)

// From is who is named in a stamp.
type From uint8

const (
	// FromNobody leaves it open.
	FromNobody From = iota
	// FromHost names the contact's server.
	FromHost
	// FromResource names the contact's full address.
	FromResource
)

// Refusal is what comes instead of an answer. The zero value is silence where
// that is allowed.
type Refusal struct {
	// Unsubscribed sends presence of that type, from the bare address.
	Unsubscribed bool
	// Type, Condition and Text make an error, with the id of what was sent
	// unless NoID leaves it out.
	Type      stanza.ErrorType
	Condition stanza.Condition
	Text      string
	NoID      bool
	// Blocked says in the error that the sender blocks the other.
	Blocked bool
}

// LastActivity is how a server answers XEP-0012.
type LastActivity struct {
	// Known says that the server has it at all; else service-unavailable.
	Known bool
	// Stranger answers those who may not know, NoAccount those who ask about
	// nobody; its zero value is Stranger as well.
	Stranger, NoAccount Refusal
	// Uptime answers for hosts although Known is unset.
	Uptime bool
	// Stale tells the last logout of an account even while it is connected,
	// instead of 0.
	Stale bool
	// Sent knows only the departures that clients said themselves, so that
	// after a connection broke it tells the one before that.
	Sent bool
	// Gone counts from the end of the connection, without any words, and
	// answers for who is unavailable and still connected as of the session
	// before.
	Gone bool
	// Forgets has it lose everything as the server ends, in any way.
	Forgets bool
	// Decimals writes the seconds as a fraction, against XEP-0012.
	Decimals bool
	// Texts are the server's own words about those who said none.
	Texts Texts
	// Never is for an account that never was online.
	Never Never
}

// Never is what a server says of the last activity of an account that never was
// online.
type Never uint8

const (
	// NeverRefused says item-not-found.
	NeverRefused Never = iota
	// NeverZero says 0 seconds, as of one who is connected.
	NeverZero
	// NeverMinusOne says -1 seconds.
	NeverMinusOne
	// NeverRegistered says when the account was made, and that as a status.
	NeverRegistered
	// NeverUnavailable says service-unavailable.
	NeverUnavailable
)
