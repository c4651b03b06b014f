package server

import (
	"maps"
	"slices"
	"time"

	"mellium.im/xmpp/jid"
)

// account is a user: password, roster, connections, and what the server keeps
// of its presence while it is offline.
type account struct {
	jid      jid.JID
	password string
	made     time.Time
	conns    map[string]*conn // by resource
	roster   map[string]*item // by bare address; those removed as well
	ver      int              // of the roster
	pushes   int

	left   departure // as it went offline last
	logged departure // the same, as the server's last activity has it
	last   departure // the presence it sent last, of whichever type
	here   departure // the available presence it sent last

	blocked map[string]bool // addresses, as they were blocked
}

// departure is a presence that is kept of an account.
type departure struct {
	at       time.Time // zero: none
	resource string
	status   string
	children string // as XML
	id, lang string
}

// AddAccount makes an account that may log in with the password, or changes
// the password of one that is there.
func (s *Server) AddAccount(j jid.JID, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j = j.Bare()
	a := s.accounts[j.String()]
	if a == nil {
		a = &account{jid: j, made: s.now(j.Domainpart()), conns: make(map[string]*conn), roster: make(map[string]*item)}
		s.accounts[j.String()] = a
	}
	a.password = password
}

// SetOffline has the account look as if it had gone offline then, from the
// resource of its address, saying that.
func (s *Server) SetOffline(j jid.JID, at time.Time, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[j.Bare().String()]; a != nil {
		a.left = departure{at: s.shown(j.Domainpart(), at), resource: j.Resourcepart(), status: status}
		if status != "" {
			a.left.children = element("status", escape(status))
		}
		a.last, a.logged = a.left, a.left
	}
}

// online returns the connections that are available, by resource.
func (a *account) online() []*conn {
	return slices.DeleteFunc(a.sorted(), func(c *conn) bool { return !c.available })
}

// interested returns the connections that fetched the roster (RFC 6121 section
// 2.1.6), by resource.
func (a *account) interested() []*conn {
	return slices.DeleteFunc(a.sorted(), func(c *conn) bool { return !c.interested })
}

// sorted returns the connections, by resource; no account has none.
func (a *account) sorted() []*conn {
	if a == nil {
		return nil
	}
	var conns []*conn
	for _, resource := range sortedKeys(a.conns) {
		conns = append(conns, a.conns[resource])
	}
	return conns
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
