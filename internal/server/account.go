package server

import (
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mellium.im/xmpp/jid"
)

// account is a user: password, roster, connections, and what the server keeps
// of its last presence.
type account struct {
	jid      jid.JID
	password string
	roster   map[string]*item
	conns    map[string]*conn // by resource
	left     departure
}

// departure is how an account went offline last.
type departure struct {
	at       time.Time // zero: never was online
	resource string
	status   string
}

type item struct {
	jid    jid.JID
	name   string
	groups []string
	to     bool // the account sees the contact's presence
	from   bool // the contact sees the account's
	ask    bool
}

func (it *item) subscription() string {
	switch {
	case it.to && it.from:
		return "both"
	case it.to:
		return "to"
	case it.from:
		return "from"
	}
	return "none"
}

// AddAccount makes an account that may log in with the password.
func (s *Server) AddAccount(j jid.JID, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j = j.Bare()
	s.accounts[j.String()] = &account{
		jid:      j,
		password: password,
		roster:   make(map[string]*item),
		conns:    make(map[string]*conn),
	}
}

// Befriend subscribes two accounts to each other's presence, and puts b into
// a's roster under a name, in groups.
func (s *Server) Befriend(a, b jid.JID, name string, groups ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if acc := s.accounts[a.Bare().String()]; acc != nil {
		acc.roster[b.Bare().String()] = &item{jid: b.Bare(), name: name, groups: groups, to: true, from: true}
	}
	if acc := s.accounts[b.Bare().String()]; acc != nil {
		acc.roster[a.Bare().String()] = &item{jid: a.Bare(), to: true, from: true}
	}
}

// SetOffline has the account look as if it had gone offline then, from the
// resource of its address, saying that.
func (s *Server) SetOffline(j jid.JID, at time.Time, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[j.Bare().String()]; a != nil {
		a.left = departure{at: at, resource: j.Resourcepart(), status: status}
	}
}

// Push changes or adds an item of an account's roster and tells the account's
// connections (RFC 6121 section 2.1.6). The subscription is none, to, from,
// both or remove.
func (s *Server) Push(owner, contact jid.JID, name, subscription string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[owner.Bare().String()]
	if a == nil {
		return
	}
	if subscription == "remove" {
		delete(a.roster, contact.Bare().String())
		a.push(fmt.Sprintf(`<item jid='%s' subscription='remove'/>`, escape(contact.Bare().String())))
		return
	}
	it := &item{
		jid:  contact.Bare(),
		name: name,
		to:   subscription == "to" || subscription == "both",
		from: subscription == "from" || subscription == "both",
	}
	a.roster[it.jid.String()] = it
	a.push(it.xml())
}

// push sends an item to all connections.
func (a *account) push(item string) {
	for _, c := range a.conns {
		c.send(fmt.Sprintf(`<iq type='set' id='push'><query xmlns='jabber:iq:roster'>%s</query></iq>`, item))
	}
}

func (it *item) xml() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<item jid='%s' subscription='%s'`, escape(it.jid.String()), it.subscription())
	if it.name != "" {
		fmt.Fprintf(&b, ` name='%s'`, escape(it.name))
	}
	if it.ask {
		b.WriteString(` ask='subscribe'`)
	}
	b.WriteByte('>')
	for _, g := range it.groups {
		fmt.Fprintf(&b, `<group>%s</group>`, escape(g))
	}
	b.WriteString(`</item>`)
	return b.String()
}

// items returns the roster in the order of addresses.
func (a *account) items() []*item {
	items := make([]*item, 0, len(a.roster))
	for _, key := range slices.Sorted(maps.Keys(a.roster)) {
		items = append(items, a.roster[key])
	}
	return items
}

// shows tells whether the account's presence is the other's to know.
func (a *account) shows(other jid.JID) bool {
	it := a.roster[other.Bare().String()]
	return it != nil && it.from
}

// online returns the connections that are available, by resource.
func (a *account) online() []*conn {
	var conns []*conn
	for _, r := range slices.Sorted(maps.Keys(a.conns)) {
		if a.conns[r].available {
			conns = append(conns, a.conns[r])
		}
	}
	return conns
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
