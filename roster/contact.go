package roster

import (
	"time"

	"mellium.im/xmpp/jid"
)

// Source is where the knowledge of a contact is from.
type Source uint8

// The sources. The zero value is None.
const (
	None         Source = iota // nothing is known
	Live                       // presence that came by itself
	Probe                      // the presence that answered a probe
	LastActivity               // the answer to a query for last activity (XEP-0012)
	Stored                     // an earlier session
)

// String returns the source's name in lower case: none, live, probe,
// last-activity or stored.
func (s Source) String() string {
	switch s {
	case Live:
		return "live"
	case Probe:
		return "probe"
	case LastActivity:
		return "last-activity"
	case Stored:
		return "stored"
	}
	return "none"
}

// Lack is what is lacking of a contact's details, and why.
type Lack uint8

// The lacks. The zero value is Nothing.
const (
	Nothing    Lack = iota // nothing is lacking: online, or offline with details
	NeverHeard             // nothing was ever heard of the contact
	NoDetails              // offline, and it is not known since when
	Outdated               // learnt in an earlier session, or while presence was held back
)

// String returns the lack in words: nothing, never heard, no details or
// outdated.
func (l Lack) String() string {
	switch l {
	case NeverHeard:
		return "never heard"
	case NoDetails:
		return "no details"
	case Outdated:
		return "outdated"
	}
	return "nothing"
}

// Resource is a connected client of a contact (RFC 6121 section 4.7).
type Resource struct {
	Name     string // the resourcepart
	Show     string // "", away, chat, dnd, xa
	Status   string
	Priority int8
	Since    time.Time // when it sent this presence
	Idle     time.Time // since when its user is idle; zero: not told
}

// Contact is what is known of a contact at one moment. It is a copy: it does
// not change, and changing it changes nothing. Its times are in UTC.
type Contact struct {
	// JID is the bare address; Name, Groups and Subscription (none, to,
	// from or both) are of the roster item (RFC 6121 section 2.1.2). Ask
	// tells whether our request to subscribe is pending, Approved whether
	// the contact's is granted in advance.
	JID          jid.JID
	Name         string
	Groups       []string
	Subscription string
	Ask          bool
	Approved     bool

	// Online tells whether a resource is connected; Resources has them,
	// the best first: by priority, then the latest.
	Online    bool
	Resources []Resource

	// LastSeen is when an offline contact went offline, zero where that is
	// not known; Resource is where it was seen last, if known.
	LastSeen time.Time
	Resource string

	// Status is that of the best resource, or what an offline contact said
	// as it left. A server that has kept no unavailable presence may tell
	// the last available one's instead; it cannot be told apart.
	Status string

	// Source is where this knowledge is from, Learnt when it was last
	// confirmed (zero: never), Lack what is missing of it.
	Source Source
	Learnt time.Time
	Lack   Lack
}

// subscribed tells whether the contact's presence is ours to know.
func (c Contact) subscribed() bool {
	return c.Subscription == "to" || c.Subscription == "both"
}

// Ago returns how long before now an offline contact was last here, never less
// than nothing, and whether that is known. It keeps the clock out of the
// Contact, so that a list can be drawn anew without asking again.
func (c Contact) Ago(now time.Time) (ago time.Duration, ok bool) {
	if c.Online || c.LastSeen.IsZero() {
		return 0, false
	}
	return max(now.Sub(c.LastSeen), 0), true
}
