package server

import (
	"context"
	"encoding/xml"
	"fmt"
	"net"
	"strings"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
)

// backlog is how many stanzas may wait for a slow client, before it is dropped
// so that it does not hold up the others.
const backlog = 16 << 10

// conn is one connected resource. The server's lock guards what is not its
// own: available, presence, since.
type conn struct {
	srv     *Server
	net     net.Conn
	account *account
	jid     jid.JID
	out     chan string
	gone    chan struct{}
	dropped bool

	available bool
	presence  string // the children of the last presence
	id        string // and its id
	since     time.Time
	late      []string // presences that the next query overtakes
}

// negotiator makes a stream of a connection and tells who it is.
type negotiator func(ctx context.Context, c net.Conn) (*xmpp.Session, jid.JID, error)

// accept serves a connection in goroutines of its own.
func (s *Server) accept(nc net.Conn, negotiate negotiator) {
	c := &conn{srv: s, net: nc, out: make(chan string, backlog), gone: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = nc.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		defer s.leave(c)
		session, j, err := negotiate(context.Background(), nc)
		if err != nil || !s.bound(c, session, j) {
			return
		}
		c.read(session)
	}()
}

// bound puts the connection into its account and starts its writer.
func (s *Server) bound(c *conn, session *xmpp.Session, j jid.JID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.account = s.accounts[j.Bare().String()]
	if c.account == nil || c.dropped {
		return false
	}
	if old := c.account.conns[j.Resourcepart()]; old != nil {
		old.drop()
	}
	c.jid = j
	c.account.conns[j.Resourcepart()] = c
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		w := session.Conn()
		for {
			select {
			case stanza := <-c.out:
				if _, err := w.Write([]byte(stanza)); err != nil {
					_ = c.net.Close()
					return
				}
			case <-c.gone:
				return
			}
		}
	}()
	return true
}

// read handles stanzas in their order until the stream ends.
func (c *conn) read(session *xmpp.Session) {
	r := session.TokenReader()
	defer r.Close()
	for {
		tok, err := r.Token()
		if err != nil {
			return
		}
		start, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		st := newStanza(start)
		inner, err := xmlstream.ReadAll(xmlstream.Inner(r))
		if err != nil {
			return
		}
		st.children = inner
		c.srv.mu.Lock()
		c.srv.handle(c, st)
		c.srv.mu.Unlock()
	}
}

// leave takes the connection off the books; whoever sees its account's
// presence is told.
func (s *Server) leave(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.drop()
	close(c.gone)
	delete(s.conns, c)
	if c.account == nil {
		return
	}
	if c.available {
		s.unavailable(c, nil)
	}
	if c.account.conns[c.jid.Resourcepart()] == c {
		delete(c.account.conns, c.jid.Resourcepart())
	}
}

func (c *conn) drop() {
	c.dropped = true
	_ = c.net.Close()
}

// send queues a stanza, written as it is.
func (c *conn) send(stanza string) {
	select {
	case c.out <- stanza:
	default:
		c.drop()
	}
}

// stanzaIn is a stanza as it was received.
type stanzaIn struct {
	name, typ, id string
	to            jid.JID
	toErr         error
	children      []xml.Token
}

func newStanza(start xml.StartElement) stanzaIn {
	st := stanzaIn{name: start.Name.Local}
	for _, a := range start.Attr {
		switch a.Name.Local {
		case "type":
			st.typ = a.Value
		case "id":
			st.id = a.Value
		case "to":
			st.to, st.toErr = jid.Parse(a.Value)
		}
	}
	return st
}

// first returns the first child element.
func (st stanzaIn) first() (xml.StartElement, bool) {
	for _, tok := range st.children {
		if start, ok := tok.(xml.StartElement); ok {
			return start, true
		}
	}
	return xml.StartElement{}, false
}

// text returns the text of the first child of that name.
func (st stanzaIn) text(name string) string {
	var b strings.Builder
	depth, in := 0, false
	for _, tok := range st.children {
		switch tok := tok.(type) {
		case xml.StartElement:
			depth++
			in = in || depth == 1 && tok.Name.Local == name
		case xml.EndElement:
			if depth--; in && depth == 0 {
				return b.String()
			}
		case xml.CharData:
			if in && depth == 1 {
				b.Write(tok)
			}
		}
	}
	return ""
}

// inner returns the children as XML.
func (st stanzaIn) inner() string {
	var b strings.Builder
	e := xml.NewEncoder(&b)
	for _, tok := range st.children {
		if start, ok := tok.(xml.StartElement); ok {
			start = start.Copy()
			attrs := start.Attr[:0]
			for _, a := range start.Attr {
				if a.Name.Local != "xmlns" && a.Name.Space != "xmlns" {
					attrs = append(attrs, a)
				}
			}
			start.Attr = attrs
			tok = start
		}
		if err := e.EncodeToken(tok); err != nil {
			return ""
		}
	}
	if err := e.Flush(); err != nil {
		return ""
	}
	return b.String()
}

// attrs formats the attributes that are not empty.
func attrs(pairs ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			fmt.Fprintf(&b, " %s='%s'", pairs[i], escape(pairs[i+1]))
		}
	}
	return b.String()
}
