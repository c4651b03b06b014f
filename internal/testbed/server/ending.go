package server

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"

	"mellium.im/xmpp/jid"
)

// Ending is how a connection ends without unavailable presence.
type Ending uint8

const (
	// Closed is a stream that the client closed properly.
	Closed Ending = iota
	// Lost is a connection that broke.
	Lost
	// TimedOut is a stream that broke and was not resumed in time (XEP-0198).
	TimedOut
	// Failed is a stream that the server ended with an error.
	Failed
	// Stopped is a proper shutdown of the server.
	Stopped
	// Deleted is the removal of the account.
	Deleted
)

// Texts are a server's own status texts for connections that ended without
// unavailable presence. Empty ones are left out.
type Texts struct {
	Closed, Lost, TimedOut, Failed, Stopped, Deleted string
}

func (t Texts) of(how Ending) string {
	return [...]string{t.Closed, t.Lost, t.TimedOut, t.Failed, t.Stopped, t.Deleted}[how]
}

// ending returns how a stream ended that ended with an error.
func ending(err error) Ending {
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return Closed
	case errors.As(err, &syntax):
		return Failed
	}
	return Lost
}

// End ends all connections of an account, or that of a full JID. Contacts get
// unavailable presence at once.
func (s *Server) End(j jid.JID, how Ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.accounts[j.Bare().String()].sorted() {
		if j.Resourcepart() == "" || j.Equal(c.jid) {
			s.end(c, how)
			c.drop()
		}
	}
}

// end takes a connection out of its account, and tells its contacts.
func (s *Server) end(c *conn, how Ending) {
	if c.left {
		return
	}
	c.left = true
	for _, key := range sortedKeys(s.rooms) {
		s.rooms[key].forget(c)
	}
	s.unavailable(c, nil, how)
	delete(c.account.conns, c.jid.Resourcepart())
	if s.behaviour(c.jid.Domainpart()).Last.Gone {
		c.account.logged = departure{at: s.now(c.jid.Domainpart()), resource: c.jid.Resourcepart()}
	}
}

// RemoveAccount deletes an account. Its subscriptions end in both directions,
// and then its connections; both ejabberd and Prosody do it in this order.
func (s *Server) RemoveAccount(j jid.JID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[j.Bare().String()]
	if a == nil {
		return
	}
	text := s.behaviour(j.Domainpart()).Live.Deleted
	for _, it := range a.items() {
		subscribed, shown := it.to, it.from
		it.to, it.from = false, false
		if shown {
			s.receive(a, it.jid, stanzaIn{name: "presence", typ: "unsubscribed"})
		}
		if subscribed {
			s.receive(a, it.jid, stanzaIn{name: "presence", typ: "unsubscribe"})
		}
		if !shown || text == "" {
			continue
		}
		for _, c := range a.online() {
			s.deliver(a, it.jid, func(to *conn) string {
				return element("presence", element("status", escape(text)), "from", c.jid.String(), "to", a.jid.String(), "type", "unavailable")
			})
		}
	}
	for _, c := range a.sorted() {
		s.end(c, Deleted)
		c.drop()
	}
	delete(s.accounts, a.jid.String())
}

// Stop shuts a domain's server down properly: contacts on other domains get
// unavailable presence as its Behaviour says. It cannot be reached until Start.
func (s *Server) Stop(domain string) {
	s.halt(domain, s.behaviour(domain).Abrupt)
}

// Crash ends a domain's server without sending or saving anything. It cannot be
// reached until Start.
func (s *Server) Crash(domain string) {
	s.halt(domain, true)
}

func (s *Server) halt(domain string, silent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var conns []*conn
	for _, key := range sortedKeys(s.accounts) {
		if a := s.accounts[key]; a.jid.Domainpart() == domain {
			conns = slices.Concat(conns, a.sorted())
		}
	}
	for _, c := range conns {
		if silent {
			c.left = true
			delete(c.account.conns, c.jid.Resourcepart())
		}
		s.end(c, Stopped)
	}
	for _, c := range conns {
		c.drop()
	}
	for _, a := range s.accounts {
		if a.jid.Domainpart() == domain && s.behaviour(domain).Last.Forgets {
			a.logged = departure{}
		}
	}
	h := s.hosts[domain]
	h.down, h.hangs = true, false
	s.hosts[domain] = h
}
