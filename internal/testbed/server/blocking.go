package server

import (
	"strconv"
	"strings"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
)

const nsBlocking = "urn:xmpp:blocking"

// Blocking is how a server blocks (XEP-0191). The zero value does not offer it.
// Stanzas from a blocked contact are never delivered, by any server.
type Blocking struct {
	Known bool
	// Ours answers stanzas that an account sends to a contact whom it blocks. The
	// zero value does not answer, not even queries.
	Ours Refusal
	// Told sends the blocked contact unavailable presence of the blocker's
	// resources, and their presence, as in Online, when the block ends.
	Told bool
	// Theirs answers queries for last activity to a contact who blocks the
	// sender, unless its Condition is empty. Probes are never answered.
	Theirs Refusal
	// Push sends block list pushes to the account's resources that have fetched
	// the list, or with PushAll to all of them.
	Push, PushAll bool
}

// blocks reports whether an account blocks an address: itself, its bare address
// or its domain (XEP-0191 section 3.1). No account blocks nobody.
func (a *account) blocks(j jid.JID) bool {
	return a != nil && (a.blocked[j.String()] || a.blocked[j.Bare().String()] || a.blocked[j.Domainpart()])
}

// toBlocked takes a stanza to somebody whom the account blocks.
func (s *Server) toBlocked(c *conn, st stanzaIn) {
	switch {
	case st.name == "presence" && st.typ == "probe":
		s.count(c, Probes)
	case st.name == "iq" && st.child().Space == nsLast:
		s.count(c, LastQueries)
	}
	r := s.behaviour(c.jid.Domainpart()).Blocking.Ours
	if r.Condition != "" && st.typ != "error" && st.typ != "result" {
		c.refuse(st, r)
	}
}

// blockList answers with the list, or changes it.
func (s *Server) blockList(c *conn, st stanzaIn) {
	b := s.behaviour(c.jid.Domainpart()).Blocking
	var q struct {
		Items []struct {
			JID string `xml:"jid,attr"`
		} `xml:"block>item"`
		Unblocked []struct {
			JID string `xml:"jid,attr"`
		} `xml:"unblock>item"`
	}
	st.decode(&q)
	a := c.account
	var changed []string
	switch verb := st.child().Local; {
	case verb == "blocklist" && st.typ == "get":
		c.blocklist = true
		c.result(st, element("blocklist", items(sortedKeys(a.blocked)), "xmlns", nsBlocking))
		return
	case verb == "block" && st.typ == "set" && len(q.Items) > 0:
		for _, it := range q.Items {
			changed = append(changed, it.JID)
		}
		if b.Told {
			s.tellBlocked(a, changed, s.showGone)
		}
		if a.blocked == nil {
			a.blocked = make(map[string]bool)
		}
		for _, address := range changed {
			a.blocked[address] = true
		}
	case verb == "unblock" && st.typ == "set":
		before := sortedKeys(a.blocked)
		for _, it := range q.Unblocked {
			changed = append(changed, it.JID)
			delete(a.blocked, it.JID)
		}
		if len(changed) == 0 {
			clear(a.blocked)
		} else {
			before = changed
		}
		if b.Told {
			s.tellBlocked(a, before, func(own *account, contact jid.JID) {
				s.showOnline(own, contact, s.behaviour(own.jid.Domainpart()).Online)
			})
		}
	default:
		c.refuse(st, Refusal{Type: stanza.Modify, Condition: stanza.BadRequest})
		return
	}
	c.result(st, "")
	for _, other := range a.sorted() {
		if b.PushAll || b.Push && other.blocklist {
			a.pushes++
			other.send(element("iq", element(st.child().Local, items(changed), "xmlns", nsBlocking),
				"to", other.jid.String(), "type", "set", "id", "push"+strconv.Itoa(a.pushes)))
		}
	}
}

// tellBlocked tells those contacts that see the account's presence and are not
// blocked.
func (s *Server) tellBlocked(a *account, addresses []string, tell func(*account, jid.JID)) {
	for _, it := range a.items() {
		for _, address := range addresses {
			if it.from && (address == it.jid.String() || address == it.jid.Domainpart()) && !a.blocks(it.jid) {
				tell(a, it.jid)
			}
		}
	}
}

func items(addresses []string) string {
	var b strings.Builder
	for _, address := range addresses {
		b.WriteString(element("item", "", "jid", address))
	}
	return b.String()
}
