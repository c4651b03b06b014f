package server

import (
	"maps"
	"slices"

	"mellium.im/xmpp/jid"
)

const nsUser = "http://jabber.org/protocol/muc#user"

// room is a room (XEP-0045): who is in it, and nothing else of what rooms do.
type room struct {
	jid       jid.JID
	occupants map[string]occupant // by nickname
}

// occupant is somebody in a room; conn is nil of one who is there for show.
type occupant struct {
	conn    *conn
	content string // of the presence
}

// AddRoom makes a room, empty, and its domain if there is none.
func (s *Server) AddRoom(j jid.JID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[j.Domainpart()]
	h.rooms = true
	s.hosts[j.Domainpart()] = h
	s.rooms[j.Bare().String()] = &room{jid: j.Bare(), occupants: make(map[string]occupant)}
}

// Occupy has somebody who needs no account come into a room, or with come unset
// leave it. The address is the room's with the nickname.
func (s *Server) Occupy(j jid.JID, come bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[j.Bare().String()]
	switch {
	case r == nil:
	case come:
		r.occupants[j.Resourcepart()] = occupant{}
		r.tell(j.Resourcepart(), "")
	default:
		r.leave(j.Resourcepart())
	}
}

// presence takes a client's presence to a room: with it the client comes, changes
// or leaves.
func (r *room) presence(c *conn, st stanzaIn) {
	nick := st.to.Resourcepart()
	if held, taken := r.occupants[nick]; nick == "" || taken && held.conn != c {
		c.refuse(st, Refusal{Type: "cancel", Condition: "conflict"})
		return
	}
	if st.typ == "unavailable" {
		r.leave(nick)
		return
	}
	_, again := r.occupants[nick]
	if !again {
		for _, other := range sortedKeys(r.occupants) {
			c.send(r.says(other, c, ""))
		}
	}
	r.occupants[nick] = occupant{c, st.inner()}
	r.tell(nick, "")
}

// leave takes an occupant out of the room, who is the last to hear of it.
func (r *room) leave(nick string) {
	r.tell(nick, "unavailable")
	delete(r.occupants, nick)
}

// forget takes a connection out of the room that is gone.
func (r *room) forget(c *conn) {
	for _, nick := range slices.Sorted(maps.Keys(r.occupants)) {
		if r.occupants[nick].conn == c {
			r.leave(nick)
		}
	}
}

// tell sends an occupant's presence to all who are in the room, the occupant's
// own last.
func (r *room) tell(nick, typ string) {
	own := r.occupants[nick].conn
	for _, other := range sortedKeys(r.occupants) {
		if to := r.occupants[other].conn; to != nil && to != own {
			to.send(r.says(nick, to, typ))
		}
	}
	if own != nil {
		own.send(r.says(nick, own, typ))
	}
}

// says is an occupant's presence for somebody. It has no content as the occupant
// leaves.
func (r *room) says(nick string, to *conn, typ string) string {
	o := r.occupants[nick]
	role, status := "participant", ""
	if typ != "" {
		role, o.content = "none", ""
	}
	if o.conn == to {
		status = element("status", "", "code", "110")
	}
	inner := o.content + element("x", element("item", "", "affiliation", "none", "role", role)+status, "xmlns", nsUser)
	return element("presence", inner, "from", r.jid.String()+"/"+nick, "to", to.jid.String(), "type", typ)
}

// probe answers a probe to the room: with its occupants to one of them, and else
// with nothing.
func (r *room) probe(c *conn) []Answer {
	var answers []Answer
	in := false
	for _, nick := range sortedKeys(r.occupants) {
		in = in || r.occupants[nick].conn == c
		answers = append(answers, Answer{XML: r.says(nick, c, "")})
	}
	if !in {
		return nil
	}
	return answers
}
