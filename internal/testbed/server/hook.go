package server

import (
	"time"

	"mellium.im/xmpp/jid"
)

// Question is a probe or a query for last activity that the server is about to
// answer.
type Question struct {
	Kind     Kind // Probes or LastQueries
	From, To jid.JID
	ID       string
	// Answers are what the Behaviour says; nil is silence.
	Answers []Answer
}

// Answer is a stanza on its way to who asked, written as it is.
type Answer struct {
	XML string
	// After is how long it takes its time; 0 sends it at once, in order.
	After time.Duration

	held bool // behind the answer to the next query
}

// overtake is how long a presence is held back at most for a query to come first.
const overtake = 50 * time.Millisecond

// handle takes a stanza from a client or component.
func (s *Server) handle(c *conn, st stanzaIn) {
	if c.component != nil {
		s.fromComponent(c, st)
		return
	}
	c.filter.heard(c)
	if q := s.take(c, st); q != nil {
		if s.Hook != nil {
			q.Answers = s.Hook(*q)
		}
		c.sendAll(q.Answers)
	}
	if st.name == "iq" {
		c.release()
	}
}

// take carries a stanza out, or, if it is a question, returns it and its
// answers.
func (s *Server) take(c *conn, st stanzaIn) *Question {
	s.debug("received", "stanza", st.name, "type", st.typ, "from", c.jid, "to", st.to)
	s.mu.Lock()
	defer s.mu.Unlock()
	q := &Question{From: c.jid, To: st.to, ID: st.id}
	switch {
	case st.space == nsCSI:
		s.clientState(c, st.name)
	case st.toErr != nil:
		c.refuse(st, Refusal{Type: "modify", Condition: "jid-malformed"})
	case s.hosts[st.to.Domainpart()].hangs:
		// Its answers never come.
	case c.component == nil && c.account.blocks(st.to) && !st.own(c):
		s.toBlocked(c, st)
	case s.toComponent(c, st):
	case st.name == "presence" && st.typ == "probe":
		s.count(c, Probes)
		q.Kind, q.Answers = Probes, s.probe(c, st)
		return q
	case st.name == "presence":
		s.takePresence(c, st)
	case st.name == "iq" && st.typ == "get" && st.child().Space == nsLast && s.asksUs(c, st):
		s.count(c, LastQueries)
		q.Kind = LastQueries
		if answer := s.last(c, st); answer != "" {
			q.Answers = []Answer{{XML: answer}}
		}
		return q
	case st.name == "iq":
		s.iq(c, st)
	case st.name == "message":
		s.message(c, st)
	}
	return nil
}

// asksUs reports whether the server itself is to answer a query.
func (s *Server) asksUs(c *conn, st stanzaIn) bool {
	return st.own(c) || st.to.Resourcepart() == "" && s.serves(st.to.Domainpart())
}

func (c *conn) sendAll(answers []Answer) {
	for _, a := range answers {
		switch {
		case (a.held || a.After > 0) && c.filter.keeps(c, a.XML, a.held):
		case a.held:
			c.putLater(a.XML, time.Now().Add(overtake), true)
		case a.After > 0:
			c.putLater(a.XML, time.Now().Add(a.After), false)
		default:
			c.send(a.XML)
		}
	}
}
