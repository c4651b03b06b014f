package world

// Kind is a kind of server on which a contact's account can live: what it tells,
// and what it keeps. Its values are servers as they were seen or read.
type Kind struct {
	Name string

	// Login is what it tells our server at our login of a contact who is
	// offline, Asked what it answers a client's probe then.
	Login, Asked Replay
	// Online is the stamp of the presence that it repeats of somebody who is
	// online. Deaf servers answer no client's probe.
	Online Stamp
	Deaf   bool
	// FenceFirst has the query for last activity overtake a probe's answer.
	FenceFirst bool

	Last Last

	// Lost and Stopped are its own texts in the unavailable presence that it sends
	// for a connection that broke, and as it is shut down.
	Lost, Stopped string

	// Blocking has a contact who blocks us send unavailable presence at
	// once, and present presence as we are unblocked. Refused is the condition
	// with which it answers a query for last activity meanwhile; Stranger is
	// for those who are not subscribed.
	Blocking          bool
	Refused, Stranger string
	// Regrant stamps presence that comes with a subscription or an
	// unblocking by when it was sent first.
	Regrant bool

	// Home is what such a server is to its own users.
	Home Home
}

// Replay is what a server repeats of a contact who is offline.
type Replay struct {
	What  Content
	Stamp Stamp
	// Full sends it from the full address instead of the bare one.
	Full bool
}

// Content is what a replay says.
type Content uint8

// The contents. The zero value is that nothing is sent.
const (
	Silence       Content = iota
	Bare                  // unavailable, and nothing else
	Goodbye               // the contact's own unavailable presence, if there was one
	LastPresence          // the last presence that the contact sent, turned unavailable
	LastAvailable         // the last available one, turned unavailable
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
	// Known says that it knows last activity at all.
	Known bool
	// Stale tells of the last departure even while the contact is online.
	Stale bool
	// Sent writes down only the departures that a client sends.
	Sent bool
	// OfHere tells the text of the last available presence.
	OfHere bool
	// Gone counts from the disconnect and not from the unavailable presence.
	Gone bool
	// Forgets has a crash of the server lose it.
	Forgets bool
	// Lost and Stopped are its own texts for who did not leave by their own
	// word, Registered the text for an account that never logged in, with the
	// time of registration; empty: Never.
	Lost, Stopped, Registered string
	// Never is the condition of the error for an account that never was
	// online; empty: no seconds.
	Never string
}

// Home is how our own server holds presence back (XEP-0352), and refuses to ask
// about those whom we block.
type Home struct {
	Name string
	// Latest keeps only the latest presence of a sender.
	Latest bool
	// Domain has it sign with its domain, and say why; else with our own
	// bare address.
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
