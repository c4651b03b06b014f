package server

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
)

const nsRoster = "jabber:iq:roster"

// Befriend subscribes two accounts to each other's presence, and puts b into
// a's roster under a name, in groups. Either may be missing or be no account
// here, for a roster that knows more than the server. It sends no presence.
func (s *Server) Befriend(a, b jid.JID, name string, groups ...string) {
	s.edit(a, b, func(it *item) {
		it.to, it.from, it.name, it.groups = true, true, name, groups
	})
	s.edit(b, a, func(it *item) { it.to, it.from = true, true })
}

// Follow subscribes a to b's presence, under a name, in groups, and not the
// other way round. It sends no presence.
func (s *Server) Follow(a, b jid.JID, name string, groups ...string) {
	s.edit(a, b, func(it *item) { it.to, it.name, it.groups = true, name, groups })
	s.edit(b, a, func(it *item) { it.from = true })
}

// Push changes or adds an item of an account's roster, and of that roster only,
// and tells the account's connections (RFC 6121 section 2.1.6). The
// subscription is none, to, from, both or remove.
func (s *Server) Push(owner, contact jid.JID, name, subscription string) {
	s.edit(owner, contact, func(it *item) {
		it.name = name
		it.to = subscription == "to" || subscription == "both"
		it.from = subscription == "from" || subscription == "both"
		it.listed = subscription != "remove"
	})
}

// edit changes an item of an account's roster and pushes it.
func (s *Server) edit(owner, contact jid.JID, change func(*item)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[owner.Bare().String()]; a != nil {
		it := a.item(contact)
		it.listed = true
		change(it)
		s.push(a, it)
	}
}

// item returns what the roster holds of a contact, perhaps a new item that is
// not listed yet.
func (a *account) item(contact jid.JID) *item {
	key := contact.Bare().String()
	it := a.roster[key]
	if it == nil {
		it = &item{jid: contact.Bare()}
		a.roster[key] = it
	}
	return it
}

// items returns the roster in the order of addresses.
func (a *account) items() []*item {
	items := make([]*item, 0, len(a.roster))
	for _, key := range sortedKeys(a.roster) {
		if it := a.roster[key]; it.listed {
			items = append(items, it)
		}
	}
	return items
}

// shows reports whether the account's presence is the other's to know.
func (a *account) shows(other jid.JID) bool {
	it := a.roster[other.Bare().String()]
	return it != nil && it.from
}

// push makes a new version of the roster, of what was changed, and tells those
// who are interested.
func (s *Server) push(a *account, it *item) {
	a.ver++
	it.ver = a.ver
	for _, c := range a.interested() {
		s.pushTo(c, it)
	}
}

func (s *Server) pushTo(c *conn, it *item) {
	c.account.pushes++
	c.send(element("iq", element("query", it.xml(), "xmlns", nsRoster, "ver", s.version(it.ver)),
		"to", c.jid.String(), "type", "set", "id", "push"+strconv.Itoa(c.account.pushes)))
}

// version names a version of a roster. It differs from run to run, since
// nothing outlives the server.
func (s *Server) version(n int) string {
	return fmt.Sprintf("%x.%d", s.started.UnixMilli(), n)
}

// sinceVersion returns what has changed since a version that a client knows, in
// the order of changes.
func (s *Server) sinceVersion(a *account, ver string) (changed []*item, known bool) {
	n, err := strconv.Atoi(ver[strings.LastIndexByte(ver, '.')+1:])
	if err != nil || n < 0 || n > a.ver || ver != s.version(n) {
		return nil, false
	}
	for _, it := range a.roster {
		if it.ver > n {
			changed = append(changed, it)
		}
	}
	slices.SortFunc(changed, func(x, y *item) int { return x.ver - y.ver })
	return changed, true
}

// rosterQuery is an IQ for the roster.
type rosterQuery struct {
	Query struct {
		Ver   *string `xml:"ver,attr"`
		Items []struct {
			JID          string   `xml:"jid,attr"`
			Name         string   `xml:"name,attr"`
			Subscription string   `xml:"subscription,attr"`
			Groups       []string `xml:"jabber:iq:roster group"`
		} `xml:"jabber:iq:roster item"`
	} `xml:"jabber:iq:roster query"`
}

// rosterGet answers with the whole roster, or to a client that knows a version
// of it with nothing, and pushes of what it lacks (RFC 6121 section 2.6).
func (s *Server) rosterGet(c *conn, st stanzaIn) {
	s.count(c, RosterGets)
	c.interested = true
	var q rosterQuery
	st.decode(&q)
	ver := ""
	if q.Query.Ver != nil {
		if changed, known := s.sinceVersion(c.account, *q.Query.Ver); known {
			c.result(st, "")
			for _, it := range changed {
				s.pushTo(c, it)
			}
			return
		}
		ver = s.version(c.account.ver)
	}
	var b strings.Builder
	for _, it := range c.account.items() {
		b.WriteString(it.xml())
	}
	c.result(st, element("query", b.String(), "xmlns", nsRoster, "ver", ver))
}

// rosterSet adds, changes or removes one item (RFC 6121 sections 2.3 to 2.5).
func (s *Server) rosterSet(c *conn, st stanzaIn) {
	s.count(c, RosterSets)
	var q rosterQuery
	st.decode(&q)
	if len(q.Query.Items) != 1 {
		c.refuse(st, Refusal{Type: "modify", Condition: stanza.BadRequest})
		return
	}
	set := q.Query.Items[0]
	contact, err := jid.Parse(set.JID)
	if err != nil || set.JID == "" {
		c.refuse(st, Refusal{Type: "modify", Condition: stanza.BadRequest})
		return
	}
	it := c.account.item(contact)
	if set.Subscription != "remove" {
		it.listed, it.name, it.groups = true, set.Name, set.Groups
		s.push(c.account, it)
		c.result(st, "")
		return
	}
	if !it.listed {
		c.refuse(st, Refusal{Type: "cancel", Condition: stanza.ItemNotFound})
		return
	}
	it.listed = false
	if it.to || it.ask {
		s.subscription(c.account, it.jid, stanzaIn{typ: "unsubscribe"})
	}
	if it.from || it.asked {
		s.subscription(c.account, it.jid, stanzaIn{typ: "unsubscribed"})
	}
	*it = item{jid: it.jid}
	s.push(c.account, it)
	c.result(st, "")
}
