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

	left departure // as it went offline last
	last departure // the presence it sent last, of whichever type
}

// departure is a presence that is kept of an account.
type departure struct {
	at       time.Time // zero: none
	resource string
	status   string
	children string // as XML
}

// AddAccount makes an account that may log in with the password, or changes
// the password of one that is there.
func (s *Server) AddAccount(j jid.JID, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j = j.Bare()
	a := s.accounts[j.String()]
	if a == nil {
		a = &account{jid: j, made: time.Now(), conns: make(map[string]*conn), roster: make(map[string]*item)}
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
		a.left = departure{at: at, resource: j.Resourcepart(), status: status}
		if status != "" {
			a.left.children = element("status", escape(status))
		}
		a.last = a.left
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

func (a *account) sorted() []*conn {
	var conns []*conn
	for _, resource := range sortedKeys(a.conns) {
		conns = append(conns, a.conns[resource])
	}
	return conns
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
