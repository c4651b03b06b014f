package roster

import (
	"encoding/xml"
	"slices"
	"strings"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/internal/wire/chardata"
)

// NS is the namespace of rosters (RFC 6121 section 2.1.1).
const NS = "jabber:iq:roster"

// Bounds of what is kept of a roster item.
const (
	maxName    = 1024 // bytes of a name or group
	maxGroups  = 64
	maxVersion = 1024 // bytes; a longer one is ignored
	maxAddress = 4096 // bytes of an address that cannot be read

	maxUnreadable = 1000 // items that cannot be read
)

// item is a roster item (RFC 6121 section 2.1.2).
type item struct {
	jid jid.JID
	details
}

// details are what a roster item says of its contact.
type details struct {
	name         string
	subscription subscription
	ask          bool
	approved     bool
	groups       *[]string // nil where there are none: most contacts have none
}

// subscription is the subscription state of an item; zero if there is no item.
type subscription uint8

const (
	subNone subscription = iota + 1
	subTo
	subFrom
	subBoth
	subRemove // the roster has the contact no longer
)

var subscriptions = [...]string{"", "none", "to", "from", "both", "remove"}

func (s subscription) String() string {
	return subscriptions[s]
}

// subscriptionOf parses a subscription state. The empty text means no item; an
// unknown one is read as none.
func subscriptionOf(s string) subscription {
	if i := slices.Index(subscriptions[:], s); i >= 0 {
		return subscription(i)
	}
	return subNone
}

// ours reports whether the contact shares its presence with us.
func (it details) ours() bool {
	return it.subscription == subTo || it.subscription == subBoth
}

func (it details) equal(other details) bool {
	return it.name == other.name && it.subscription == other.subscription && it.ask == other.ask &&
		it.approved == other.approved && slices.Equal(it.groupNames(), other.groupNames())
}

// groupNames returns the item's groups.
func (it details) groupNames() []string {
	if it.groups == nil {
		return nil
	}
	return *it.groups
}

// inGroups returns names in the form in which details hold them.
func inGroups(names []string) *[]string {
	if len(names) == 0 {
		return nil
	}
	return &names
}

// query is the element around a roster's items.
type query struct {
	found     bool
	versioned bool
	version   string
	items     []item

	unreadable []unreadable
}

// unreadable is an item whose address is not a valid JID.
type unreadable struct{ address, name string }

// readQuery reads a query from r, up to and including the end of the element
// around it. It separates items whose address is not a valid JID.
func readQuery(r xml.TokenReader) (q query, err error) {
	depth := 0
	for {
		tok, err := r.Token()
		switch tok := tok.(type) {
		case xml.EndElement:
			if depth == 0 {
				return q, nil
			}
			depth--
			continue
		case xml.StartElement:
			switch {
			case depth == 0 && tok.Name.Space == NS && tok.Name.Local == "query":
				q.found = true
				for _, attr := range tok.Attr {
					if attr.Name.Space == "" && attr.Name.Local == "ver" && len(attr.Value) <= maxVersion {
						q.versioned, q.version = true, attr.Value
					}
				}
				depth++
			case depth == 1 && tok.Name.Space == NS && tok.Name.Local == "item":
				it, text, ok, err := readItem(tok, r)
				if err != nil {
					return q, err
				}
				if ok {
					q.items = append(q.items, it)
				} else if len(q.unreadable) < maxUnreadable {
					q.unreadable = append(q.unreadable, unreadable{text, it.name})
				}
			default:
				if err := xmlstream.Skip(r); err != nil {
					return q, err
				}
			}
			continue
		}
		if err != nil || tok == nil {
			return q, err
		}
	}
}

// readItem reads an item, and returns its address as it is written, too.
func readItem(start xml.StartElement, r xml.TokenReader) (it item, text string, ok bool, err error) {
	it.subscription = subNone
	for _, attr := range start.Attr {
		if attr.Name.Space != "" {
			continue
		}
		switch attr.Name.Local {
		case "jid":
			text = attr.Value[:min(len(attr.Value), maxAddress)]
			it.jid, err = address.Parse(attr.Value)
			it.jid = it.jid.Bare()
			ok = err == nil
		case "name":
			it.name = attr.Value[:min(len(attr.Value), maxName)]
			it.name = strings.ToValidUTF8(it.name, "")
		case "subscription":
			it.subscription = max(subscriptionOf(attr.Value), subNone)
		case "ask":
			it.ask = attr.Value == "subscribe"
		case "approved":
			it.approved = attr.Value == "true" || attr.Value == "1"
		}
	}
	for {
		tok, err := r.Token()
		switch tok := tok.(type) {
		case xml.EndElement:
			return it, text, ok, nil
		case xml.StartElement:
			group, _, err := chardata.Read(r, maxName)
			if err != nil {
				return it, text, ok, err
			}
			if tok.Name.Local == "group" && tok.Name.Space == NS && len(it.groupNames()) < maxGroups {
				it.groups = inGroups(append(it.groupNames(), group))
			}
			continue
		}
		if err != nil || tok == nil {
			return it, text, ok, err
		}
	}
}
