package server

import (
	"context"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"

	"mellium.im/xmpp"
	mellium "mellium.im/xmpp/component"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stream"
)

// component is a domain that a program behind the component protocol serves
// (XEP-0114).
type component struct {
	host   jid.JID
	secret string
	conn   *conn // nil: not connected
}

// AddComponent makes a domain of the server's that the component which knows
// the secret may serve. Only one at a time does.
func (s *Server) AddComponent(host jid.JID, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.components[host.Domainpart()] = &component{host: host.Domain(), secret: secret}
}

// ListenComponents serves components on a free port of the loopback interface
// until Close.
func (s *Server) ListenComponents() (net.Addr, error) {
	return s.listen(s.negotiateComponent)
}

// Component returns a component's session that is ready, over a pipe as
// [Server.Session] does.
func (s *Server) Component(ctx context.Context, host jid.JID) (*xmpp.Session, error) {
	s.mu.Lock()
	comp := s.components[host.Domainpart()]
	s.mu.Unlock()
	if comp == nil {
		return nil, fmt.Errorf("server: no component %s", host)
	}
	client, own := net.Pipe()
	if !s.accept(own, s.negotiateComponent) {
		return nil, net.ErrClosed
	}
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	session, err := mellium.NewSession(context.WithoutCancel(ctx), host, []byte(comp.secret), client)
	if !stop() {
		return nil, ctx.Err()
	}
	if err != nil {
		_ = client.Close()
		return nil, err
	}
	return session, nil
}

// negotiateComponent makes a component's stream (XEP-0114 section 3).
func (s *Server) negotiateComponent(ctx context.Context, c *conn) (*xmpp.Session, error) {
	return xmpp.ReceiveSession(ctx, c.net, xmpp.Secure, func(_ context.Context, in, out *stream.Info, session *xmpp.Session, _ any) (xmpp.SessionState, io.ReadWriter, any, error) {
		in.XMLNS, out.XMLNS = mellium.NSAccept, mellium.NSAccept
		r := session.TokenReader()
		defer r.Close()
		fail := func(condition string) (xmpp.SessionState, io.ReadWriter, any, error) {
			_, _ = fmt.Fprintf(session.Conn(), "<stream:error><%s xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>", condition)
			return 0, nil, nil, fmt.Errorf("server: component refused: %s", condition)
		}
		header, err := startElement(r)
		if err != nil {
			return 0, nil, nil, err
		}
		id := newResource()
		host := value(header, "to")
		if _, err := fmt.Fprintf(session.Conn(), "<stream:stream xmlns='%s' xmlns:stream='%s' from='%s' id='%s'>", mellium.NSAccept, stream.NS, escape(host), id); err != nil {
			return 0, nil, nil, err
		}
		s.mu.Lock()
		comp := s.components[host]
		s.mu.Unlock()
		if comp == nil {
			return fail("host-unknown")
		}
		start, err := startElement(r)
		if err != nil {
			return 0, nil, nil, err
		}
		var handshake string
		if err := xml.NewTokenDecoder(xmlStartingWith(start, r)).Decode(&handshake); err != nil {
			return 0, nil, nil, err
		}
		sum := sha1.Sum([]byte(id + comp.secret))
		if start.Name.Local != "handshake" || subtle.ConstantTimeCompare([]byte(handshake), []byte(hex.EncodeToString(sum[:]))) != 1 {
			return fail("not-authorized")
		}
		if !s.serveComponent(comp, c) {
			return fail("conflict")
		}
		_, err = io.WriteString(session.Conn(), "<handshake/>")
		return xmpp.Ready | xmpp.Authn, nil, nil, err
	})
}

// serveComponent has a connection serve a component's domain, unless another
// one does.
func (s *Server) serveComponent(comp *component, c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if comp.conn != nil {
		return false
	}
	comp.conn, c.component, c.jid = c, comp, comp.host
	return true
}

// startElement returns the next start element.
func startElement(r xml.TokenReader) (xml.StartElement, error) {
	for {
		tok, err := r.Token()
		if start, ok := tok.(xml.StartElement); ok {
			return start.Copy(), nil
		}
		if _, end := tok.(xml.EndElement); end && err == nil {
			err = errors.New("server: the stream ended")
		}
		if err != nil {
			return xml.StartElement{}, err
		}
	}
}

// xmlStartingWith reads a start element that was read already, and the rest.
func xmlStartingWith(start xml.StartElement, r xml.TokenReader) xml.TokenReader {
	return &startingWith{start: &start, TokenReader: r}
}

type startingWith struct {
	start *xml.StartElement
	xml.TokenReader
}

// Token implements xml.TokenReader.
func (r *startingWith) Token() (xml.Token, error) {
	if start := r.start; start != nil {
		r.start = nil
		return *start, nil
	}
	return r.TokenReader.Token()
}

func value(start xml.StartElement, name string) string {
	for _, a := range start.Attr {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// fromComponent takes a stanza from a component, which may speak for every
// address of its domain.
func (s *Server) fromComponent(c *conn, st stanzaIn) {
	if st.fromErr != nil || st.toErr != nil || st.from.Domainpart() != c.component.host.Domainpart() || st.to.Equal(jid.JID{}) {
		s.debug("not a component's stanza", "from", st.from, "to", st.to)
		c.drop() // as servers do
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// What answers a client's stanza answers that of the address as well.
	as := &conn{srv: s, net: c.net, queue: c.queue, account: &account{jid: st.from.Bare()}, jid: st.from, component: c.component}
	switch {
	case s.toComponent(as, st):
	case st.name == "presence":
		s.presenceFrom(as, st)
	case st.name == "iq" && st.typ == "get" && st.child().Space == nsLast && s.asksUs(as, st):
		s.count(as, LastQueries)
		if answer := s.last(as, st); answer != "" {
			as.send(answer)
		}
	case st.name == "iq":
		s.iq(as, st)
	case st.name == "message":
		s.message(as, st)
	}
}

func (s *Server) presenceFrom(as *conn, st stanzaIn) {
	switch st.typ {
	case "probe":
		s.count(as, Probes)
		as.sendAll(s.probe(as, st))
	case "subscribe", "subscribed", "unsubscribe", "unsubscribed":
		s.count(as, Subscriptions)
		s.receive(as.account, st.to.Bare(), st)
	case "", "unavailable":
		s.count(as, Presences)
		s.deliver(as.account, st.to, func(to *conn) string { return st.relay(as.jid.String(), to.jid.String()) })
	case "error":
		s.route(as, st)
	}
}

// toComponent hands a stanza to the component whose domain it is for, and
// reports whether that is all. What a client says of subscriptions and of its
// presence concerns its own account as well.
func (s *Server) toComponent(c *conn, st stanzaIn) bool {
	comp := s.components[st.to.Domainpart()]
	if comp == nil {
		return false
	}
	if c.component == nil && st.name == "presence" && st.typ != "probe" && st.typ != "error" {
		return false
	}
	switch {
	case st.name == "presence" && st.typ == "probe":
		s.count(c, Probes)
	case st.name == "iq" && st.typ == "get" && st.child().Space == nsLast:
		s.count(c, LastQueries)
	}
	if comp.conn != nil {
		comp.conn.send(st.relay(c.jid.String(), st.to.String()))
	} else if st.name == "iq" && (st.typ == "get" || st.typ == "set") {
		c.refuse(st, unavailable)
	}
	return true
}

// deliverComponent sends presence to an address behind a component.
func (s *Server) deliverComponent(to jid.JID, presence func(to *conn) string) {
	if comp := s.components[to.Domainpart()]; comp != nil && comp.conn != nil {
		comp.conn.send(presence(&conn{jid: to}))
	}
}

// probeComponent is the server's own probe of a contact behind a component,
// when a client has logged in.
func (s *Server) probeComponent(c *conn, contact jid.JID) {
	s.deliverComponent(contact, func(*conn) string {
		return element("presence", "", "from", c.jid.String(), "to", contact.String(), "type", "probe")
	})
}
