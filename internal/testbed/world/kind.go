package world

// Kind is a kind of server on which a contact's account can live: what it sends and
// what it saves. The values describe real servers, observed or read.
type Kind struct {
	Name string

	// Login is what it sends about an offline contact when we log in. Asked is
	// how it answers a client's probe of an offline contact.
	Login, Asked Replay
	// Online is the stamp of the presence that it repeats for an online contact.
	// Deaf servers do not answer clients' probes.
	Online Stamp
	Deaf   bool
	// FenceFirst answers the query for last activity before the probe.
	FenceFirst bool

	Last Last

	// Lost and Stopped are its own texts in the unavailable presence that it sends
	// when a connection breaks and when it is shut down.
	Lost, Stopped string

	// Blocking sends us unavailable presence when the contact blocks us, and
	// current presence when the block ends. Refused is the error condition for
	// queries for last activity while we are blocked, Stranger that for entities
	// that are not subscribed.
	Blocking          bool
	Refused, Stranger string
	// Regrant stamps presence that is sent because of a new subscription or the
	// end of a block with the time when it was first sent.
	Regrant bool

	// Home is how such a server serves its own users.
	Home Home
}

// Replay is what a server repeats of a contact who is offline.
type Replay struct {
	What  Content
	Stamp Stamp
	// Full sends it from the full JID instead of the bare JID.
	Full bool
}

// Content is the content of a replay.
type Content uint8

// The contents. The zero value is that nothing is sent.
const (
	Silence       Content = iota
	Bare                  // unavailable, and nothing else
	Goodbye               // the contact's own unavailable presence, if there was one
	LastPresence          // the last presence that the contact sent, as unavailable
	LastAvailable         // the last available one, as unavailable
)

// Stamp is how a server stamps what it repeats.
type Stamp uint8

// The stamps. The zero value is none.
const (
	NoStamp         Stamp = iota
	ByHost                // whole seconds, signed by the host
	ByResource            // whole seconds, signed by the full address
	ByResourceFirst       // microseconds, before all other children
	ByNobody              // milliseconds, not signed
	Twice                 // XEP-0091 and XEP-0203, signed by the full address
)

// Last is how a server answers queries for last activity (XEP-0012).
type Last struct {
	// Known reports whether it supports last activity.
	Known bool
	// Stale answers with the last departure even while the contact is online.
	Stale bool
	// Sent saves only unavailable presence that a client sends.
	Sent bool
	// OfHere answers with the status of the last available presence.
	OfHere bool
	// Gone counts from the disconnect and not from the unavailable presence.
	Gone bool
	// Forgets loses it when the server crashes.
	Forgets bool
	// Lost and Stopped are its own texts for departures without unavailable
	// presence. Registered is the text for an account that never logged in, sent
	// with the time of registration; if empty, Never applies.
	Lost, Stopped, Registered string
	// Never is the error condition for an account that was never online; if
	// empty, the answer has no seconds.
	Never string
}

// Home is how our own server holds presence back (XEP-0352), and how it refuses
// stanzas to contacts whom we block.
type Home struct {
	Name string
	// Latest keeps only the latest presence of a sender.
	Latest bool
	// Domain signs stamps with its domain and adds a reason; otherwise our bare
	// JID signs them.
	Domain  bool
	Blocked string // the text of its refusal
}

// The kinds of our own server.
var (
	homeProsody = Home{Name: "Prosody", Blocked: "You have blocked this JID"}
	homeEjabber = Home{Name: "ejabberd", Latest: true, Domain: true, Blocked: "Your active privacy list has denied the routing of this stanza."}
)

// Homes are the kinds of our own server.
var Homes = []Home{homeProsody, homeEjabber}

var prosodyLast = Last{Known: true, Stale: true, Forgets: true, Lost: "Disconnected: closed", Stopped: "Disconnected: Received SIGTERM"}

// Kinds are the kinds of servers on which the contact lives.
var Kinds = []Kind{
	{
		Name: "prosody", Login: Replay{What: Bare}, Asked: Replay{What: Bare}, Online: ByHost, Last: prosodyLast,
		Lost: "Disconnected: closed", Stopped: "Disconnected: Received SIGTERM",
		Blocking: true, Refused: "service-unavailable", Stranger: "forbidden", Regrant: true, Home: homeProsody,
	},
	{
		Name: "prosody-stamps", Login: Replay{What: Bare, Stamp: ByHost}, Asked: Replay{What: Bare, Stamp: ByHost}, Online: ByHost, Last: prosodyLast,
		Lost: "Disconnected: closed", Stopped: "Disconnected: Received SIGTERM",
		Blocking: true, Refused: "service-unavailable", Stranger: "forbidden", Regrant: true, Home: homeProsody,
	},
	{
		Name: "prosody-shipped", Login: Replay{What: Bare}, Asked: Replay{What: Bare}, Online: ByHost,
		Lost: "Disconnected: closed", Stopped: "Disconnected: Received SIGTERM",
		Blocking: true, Refused: "service-unavailable", Stranger: "service-unavailable", Regrant: true, Home: homeProsody,
	},
	{
		Name: "ejabberd", Online: ByResourceFirst, FenceFirst: true,
		Last: Last{Known: true, Lost: "Connection failed: connection closed", Stopped: "Stream closed by local host: system-shutdown",
			Registered: "Registered but didn't login"},
		Refused: "forbidden", Stranger: "subscription-required", Home: homeEjabber,
	},
	{
		Name: "jabberd2", Login: Replay{What: LastAvailable}, Deaf: true,
		Last:    Last{Known: true, OfHere: true, Gone: true, Never: "service-unavailable"},
		Refused: "forbidden", Stranger: "forbidden", Blocking: true, Home: homeProsody,
	},
	{
		Name: "jackal", Login: Replay{What: Bare}, Asked: Replay{What: Bare},
		Last:    Last{Known: true, Sent: true, Never: "item-not-found"},
		Refused: "service-unavailable", Stranger: "forbidden", Blocking: true, Home: homeProsody,
	},
	{
		Name: "openfire", Login: Replay{What: Goodbye}, Asked: Replay{What: Goodbye},
		Last:    Last{Known: true, Sent: true},
		Refused: "service-unavailable", Stranger: "forbidden", Blocking: true, Home: homeProsody,
	},
	{
		Name: "tigase", Login: Replay{What: LastPresence, Stamp: ByNobody}, Asked: Replay{What: LastPresence, Stamp: ByNobody},
		Refused: "service-unavailable", Stranger: "service-unavailable", Blocking: true, Home: homeProsody,
	},
	{
		Name: "jabberd14", Login: Replay{What: LastPresence, Stamp: Twice, Full: true}, Asked: Replay{What: LastPresence, Stamp: Twice, Full: true},
		Last:    Last{Known: true, Never: "item-not-found"},
		Refused: "service-unavailable", Stranger: "forbidden", Blocking: true, Home: homeProsody,
	},
	{
		Name: "xep-0318", Login: Replay{What: Goodbye, Stamp: ByResource}, Asked: Replay{What: Goodbye, Stamp: ByResource}, Online: ByResource,
		Last:    Last{Known: true, Never: "item-not-found"},
		Refused: "forbidden", Stranger: "forbidden", Blocking: true, Home: homeProsody,
	},
}
