package server

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
)

// How long a client may take to log in, and to take what is left for it when
// its stream ends.
const (
	handshake = 30 * time.Second
	farewell  = time.Second
)

// conn is one connected resource: a goroutine that reads, and one that writes
// what is in the queue. The server's lock guards all that is below the queue.
type conn struct {
	srv *Server
	net net.Conn
	*queue
	filter filter

	account   *account   // nil: not yet bound
	component *component // nil: a client
	jid       jid.JID

	available  bool
	interested bool   // has fetched the roster
	presence   string // the children of the last presence, as XML
	id, lang   string // and its id and language
	priority   int
	since      time.Time
	directed   map[string]jid.JID // who else was sent presence
	blocklist  bool               // has fetched the block list
	left       bool               // its contacts know that it is gone
}

// negotiator makes a stream of a connection, and binds it to whom it serves.
type negotiator func(context.Context, *conn) (*xmpp.Session, error)

// accept serves a connection in goroutines of its own until it ends. It
// reports false, with the connection closed, once the server is.
func (s *Server) accept(nc net.Conn, negotiate negotiator) bool {
	c := &conn{srv: s, net: nc, queue: newQueue()}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = nc.Close()
		return false
	}
	s.conns[c] = struct{}{}
	s.wg.Go(func() {
		defer s.forget(c)
		// A context that ends would do, but mellium may take notice of that
		// after the negotiation as well, and break a stream that is ready.
		_ = nc.SetDeadline(time.Now().Add(handshake))
		session, err := negotiate(context.Background(), c)
		_ = nc.SetDeadline(time.Time{})
		if err != nil {
			s.debug("not logged in", "reason", err)
			c.drop()
			s.leave(c, Lost)
			return
		}
		s.debug("logged in", "account", c.jid)
		s.wg.Go(func() {
			_ = c.run(session.Conn())
			_ = nc.Close()
		})
		err = c.read(session)
		s.debug("stream ended", "account", c.jid, "reason", err)
		s.leave(c, ending(err))
		c.part(errors.Is(err, io.EOF))
	})
	return true
}

// bind makes the connection a resource of its account: the one it asks for, if
// that is free.
func (s *Server) bind(c *conn, account jid.JID, resource string) (jid.JID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[account.Bare().String()]
	if a == nil || c.account != nil {
		return jid.JID{}, errors.New("server: no such account")
	}
	if s.gone(a.jid) {
		return jid.JID{}, fmt.Errorf("server: %s is not running", a.jid.Domainpart())
	}
	if resource == "" || a.conns[resource] != nil {
		resource = newResource()
	}
	bound, err := a.jid.WithResource(resource)
	if err != nil {
		return jid.JID{}, err
	}
	c.account, c.jid = a, bound
	a.conns[bound.Resourcepart()] = c
	return bound, nil
}

// read handles stanzas in their order until the stream ends.
func (c *conn) read(session *xmpp.Session) error {
	r := session.TokenReader()
	defer r.Close()
	for {
		tok, err := r.Token()
		if err != nil {
			return err
		}
		start, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		st, err := readStanza(start, r)
		if err != nil {
			return err
		}
		c.srv.handle(c, st)
	}
}

// leave takes the connection's resource away; whoever saw its presence is told.
func (s *Server) leave(c *conn, how Ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.component != nil {
		c.component.conn = nil
	}
	if c.account == nil {
		return
	}
	s.end(c, how)
}

// part lets the writer finish, politely if the client has ended its stream.
func (c *conn) part(politely bool) {
	if !politely {
		c.drop()
		c.end("")
		return
	}
	_ = c.net.SetWriteDeadline(time.Now().Add(farewell))
	c.end("</stream:stream>")
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// drop ends the connection abruptly.
func (c *conn) drop() {
	_ = c.net.Close()
}

// send queues a stanza to the resource, written as it is, unless it is filtered.
func (c *conn) send(stanza string) {
	c.filter.pass(c, stanza, false)
}

// sendAccount does so with presence that is addressed to the account, although
// it names the resource.
func (c *conn) sendAccount(presence string) {
	c.filter.pass(c, presence, true)
}

func (c *conn) queueNow(stanza string) {
	if !c.put(stanza) {
		c.srv.debug("dropped, too slow", "account", c.jid)
		c.drop()
	}
}
