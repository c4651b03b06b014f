package roster

import (
	"encoding/xml"
	"io"
	"slices"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster/internal/judge"
)

// Source says where the knowledge about a contact comes from.
type Source uint8

// The sources. The zero value is None.
const (
	None         Source = iota // nothing is known
	Live                       // presence that the server sent unprompted
	Probe                      // the presence that answered a probe
	LastActivity               // the answer to a query for last activity (XEP-0012)
	Stored                     // what a store kept from an earlier run
)

// String returns the source in lower case: none, live, probe, last-activity or
// stored.
func (s Source) String() string {
	return nameOf(s, "none", "live", "probe", "last-activity", "stored")
}

// nameOf returns the name of n, or the first one if n has none.
func nameOf[T ~uint8](n T, names ...string) string {
	if int(n) >= len(names) {
		n = 0
	}
	return names[n]
}

// Lack says what is missing from the knowledge about a contact.
type Lack uint8

// What may be missing. The zero value is Nothing.
const (
	Nothing    Lack = iota // nothing is missing: the rest of the Contact is true
	NeverHeard             // nothing was ever received about the contact
	NoDetails              // it is offline, but when it left or what it said is not known
	Outdated               // stale: it was true, and may have changed since
)

// String returns the lack in words: nothing, never heard, no details or
// outdated.
func (l Lack) String() string {
	return nameOf(l, "nothing", "never heard", "no details", "outdated")
}

// Cause says why an offline contact left.
type Cause uint8

// The causes. The zero value is CauseUnknown.
const (
	CauseUnknown   Cause = iota
	Goodbye              // it said goodbye: an unavailable presence of its own
	ConnectionLost       // its connection broke
	TimedOut             // its connection broke, and it did not come back in time
	ServerStopped        // its server was shut down
	AccountDeleted       // its account was removed
	NeverLoggedIn        // it was never online, so there is no LastSeen
)

// String returns the cause in words: unknown, goodbye, connection lost, timed
// out, server stopped, account deleted or never logged in.
func (c Cause) String() string {
	return nameOf(c, "unknown", "goodbye", "connection lost", "timed out", "server stopped", "account deleted", "never logged in")
}

// Resource is a connected client of a contact (RFC 6121 section 4.7).
type Resource struct {
	Name     string // the resourcepart
	Show     string // "", away, chat, dnd, xa
	Status   string
	Priority int8
	Since    time.Time // when it sent this presence
	Idle     time.Time // when its user was last active; zero: not known

	kept *probe.Presence
}

// Children returns a reader of the presence's other child elements, if
// [KeepChildren] is set; otherwise the reader is empty. Each call returns a
// reader that begins at the first child.
func (r Resource) Children() xml.TokenReader {
	if r.kept == nil {
		return xmlstream.ReaderFunc(func() (xml.Token, error) { return nil, io.EOF })
	}
	return r.kept.Children()
}

// Contact is a snapshot of what is known about a contact. It does not change
// later, and changing it affects nothing else. Its times are in UTC.
//
// If Lack is [Nothing], everything else is true. Otherwise the other fields are
// what was last known; any of them may be empty.
type Contact struct {
	// JID is the contact's bare JID. Name, Groups and Subscription (none, to,
	// from or both) are those of its roster item (RFC 6121 section 2.1.2). Ask
	// reports whether our subscription request is pending, and Approved whether
	// we have approved the contact's request in advance.
	JID          jid.JID
	Name         string
	Groups       []string
	Subscription string
	Ask          bool
	Approved     bool

	// Online reports whether the contact is connected. Resources has its
	// resources, in order of preference: the highest priority first, then the
	// latest presence. An entity that sends presence from its bare JID, as
	// gateways do, is online without a resource.
	Online    bool
	Resources []Resource

	// LastSeen is when an offline contact went offline; zero if that is not
	// known. Resource is the resource that left last, if known.
	LastSeen time.Time
	Resource string

	// OnlineAt is when the contact was last known to be online or gave another
	// sign of life ([Cache.Heard]). It may have been online later, too. Zero
	// means not known.
	OnlineAt time.Time

	// Status is the status text of the first of Resources or, for an offline
	// contact, of its unavailable presence. It is the contact's own text, never
	// its server's. A server that keeps no unavailable presence may send the status
	// of the last available one instead; the two cannot be told apart (seen on
	// jabberd2).
	Status string

	// Cause is why an offline contact left. CauseText is the server's text from
	// which that is known; empty if there was none.
	Cause     Cause
	CauseText string

	// Up is when a server or component started, as it reported when its chat was
	// opened (XEP-0318 section 3.2). It is zero if not known, and for accounts.
	Up time.Time

	// Blocked reports whether we block the contact (XEP-0191); its presence is
	// then not known. Room reports whether the address was seen to be a room
	// (XEP-0045); its occupants are not resources of a contact.
	Blocked bool
	Room    bool

	// Source is where this knowledge comes from. Learnt is when it was last
	// confirmed; zero means never. Lack is what is missing.
	Source Source
	Learnt time.Time
	Lack   Lack

	// Err is why the last attempt to learn something failed. It becomes nil when
	// something is learnt. It may wrap a [stanza.Error], for errors.As.
	Err error
}

// describe fills in what is known.
func (c *Contact) describe(v judge.View) {
	c.Online, c.Status, c.Room, c.Err = v.Online, v.Status, v.Room, v.Why
	for _, r := range v.Here {
		c.Resources = append(c.Resources, Resource{
			Name: r.Name, Show: r.Show, Status: r.Status, Priority: r.Priority,
			Since: r.Since.Time(), Idle: r.Idle.Time(), kept: r.Kept,
		})
	}
	c.LastSeen, c.Resource, c.OnlineAt = v.LastSeen.Time(), v.Resource, v.OnlineAt.Time()
	c.Cause, c.CauseText = Cause(v.Cause), v.Text
	c.Source, c.Learnt, c.Lack = Source(v.Source), v.Learnt.Time(), Lack(v.Lack)
	c.Up = v.Up.Time()
	if c.Blocked {
		c.Lack = NeverHeard
	}
}

// same reports whether two snapshots of a contact show the same. It ignores
// when the contact was last confirmed, and how long it has been online.
func (c Contact) same(other Contact) bool {
	a, b := c, other
	groups := slices.Equal(a.Groups, b.Groups)
	here := slices.Equal(a.Resources, b.Resources)
	errs := (a.Err == nil) == (b.Err == nil) && (a.Err == nil || a.Err.Error() == b.Err.Error())
	at := a.Online && b.Online || a.OnlineAt.Equal(b.OnlineAt)
	return groups && here && errs && at && a.JID.Equal(b.JID) &&
		a.Name == b.Name && a.Subscription == b.Subscription && a.Ask == b.Ask && a.Approved == b.Approved &&
		a.Online == b.Online && a.LastSeen.Equal(b.LastSeen) && a.Resource == b.Resource && a.Status == b.Status &&
		a.Cause == b.Cause && a.CauseText == b.CauseText && a.Up.Equal(b.Up) &&
		a.Blocked == b.Blocked && a.Room == b.Room && a.Source == b.Source && a.Lack == b.Lack
}

// subscribed reports whether the contact shares its presence with us.
func (c Contact) subscribed() bool {
	return c.Subscription == "to" || c.Subscription == "both"
}

// host reports whether the contact is a server or a component, such as a gateway.
func (c Contact) host() bool { return c.JID.Localpart() == "" }

// Ago returns how long before now an offline contact left, and whether that is
// known. The duration is never negative. To redraw a list, call it again with a
// later time; there is no need to fetch the Contact again.
func (c Contact) Ago(now time.Time) (ago time.Duration, ok bool) {
	if c.Online || c.LastSeen.IsZero() {
		return 0, false
	}
	return max(now.Sub(c.LastSeen), 0), true
}
