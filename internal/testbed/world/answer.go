package world

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// replays are the presences of the resources that are online, or what is told of
// a contact who is offline; to is empty where our server asks for a login.
func (s *theirs) replays(to string, offline Replay) []message {
	var all []message
	for _, name := range slices.Sorted(maps.Keys(s.resources)) {
		all = append(all, s.available(s.resources[name], to, s.kind.Online))
	}
	if len(all) > 0 {
		return all
	}
	if m, ok := s.absent(offline); ok {
		m.full = to != ""
		return []message{m}
	}
	return nil
}

// absent is what is told of a contact who is offline.
func (s *theirs) absent(r Replay) (message, bool) {
	rec := s.log
	switch r.What {
	case Silence:
		return message{}, false
	case Goodbye:
		rec = s.bye
	case LastPresence:
		rec = s.said
	case LastAvailable:
		rec = s.here
	}
	if !rec.set && r.What != Bare {
		return message{}, false
	}
	from, children, id := s.w.contact, "", ""
	f := fact{what: absent, sent: s.w.now()}
	if rec.set && (r.What != Bare || r.Stamp != NoStamp) {
		f.of, f.here, f.resource = rec.of, rec.here, rec.resource
	}
	if r.What != Bare {
		children, id, f.text = status(rec.text), "kept", rec.text
		if r.What == LastPresence {
			children = rec.extra + children
			f.marked = rec.here && rec.extra != ""
		}
	}
	if rec.set && r.Stamp != NoStamp {
		children += s.delay(r.Stamp, rec.resource, rec.at)
		f.what, f.time = stamped, rec.at
	}
	if r.Full && rec.resource != "" {
		from = s.full(rec.resource)
	}
	return message{from: from, xml: presence(from, "unavailable", id, children), facts: []fact{f}}, true
}

// login answers our server's probe.
func (s *theirs) login() {
	if !s.sees() {
		return
	}
	for _, m := range s.replays("", s.kind.Login) {
		s.send(m)
	}
}

// probe answers a client's probe.
func (s *theirs) probe(to string) {
	if !s.sees() || s.kind.Deaf {
		return
	}
	answer := func() {
		if !s.sees() {
			return
		}
		for _, m := range s.replays(to, s.kind.Asked) {
			s.send(m)
		}
	}
	if s.kind.FenceFirst {
		s.w.after(overtakes, answer)
	} else {
		answer()
	}
}

// overtakes is by how much a fence may be earlier than the presence before it.
const overtakes = 20 * time.Millisecond

// lastActivity answers a query for last activity.
func (s *theirs) lastActivity(id string) {
	w := s.w
	reply := func(xml string, facts ...fact) {
		w.after(w.across, func() { w.ours.iq(message{from: w.contact, xml: xml, facts: facts, full: true}) })
	}
	condition := ""
	rec := s.last
	switch last := s.kind.Last; {
	case !s.up:
		if w.story.Hangs {
			return
		}
		condition = "remote-server-not-found"
	case s.blocks:
		condition = s.kind.Refused
	case !s.subbed:
		condition = s.kind.Stranger
	case !last.Known:
		condition = "service-unavailable"
	case len(s.resources) > 0 && !last.Stale:
		w.asked(s, record{})
		reply(lastResult(w.contact, id, 0, ""))
		return
	case !rec.set && last.Registered != "":
		w.asked(s, rec)
		n := int(s.clock().Sub(s.born) / time.Second)
		reply(lastResult(w.contact, id, n, last.Registered), fact{what: absent, sent: w.now(), never: true})
		return
	case !rec.set && last.Never != "":
		condition = last.Never
	}
	if condition != "" {
		reply(iqError(w.contact, id, condition))
		return
	}
	if !rec.set {
		w.asked(s, rec)
		reply(lastResult(w.contact, id, 0, ""))
		return
	}
	n := max(0, int(s.clock().Sub(rec.at)/time.Second))
	if s.kind.Last.OfHere {
		rec.text = s.here.text
	}
	told := fact{what: counted, sent: w.now(), of: rec.of, text: rec.text, time: w.now().Add(-time.Duration(n) * time.Second)}
	if n == 0 && rec.text == "" {
		told.time = time.Time{} // it can mean that somebody is connected
	}
	facts := []fact{told}
	if s.kind.Last.OfHere {
		facts[0].text = ""
		facts = append(facts, fact{what: absent, sent: w.now(), here: true, text: rec.text})
	}
	w.asked(s, rec)
	reply(lastResult(w.contact, id, n, rec.text), facts...)
}

func lastResult(from, id string, seconds int, text string) string {
	return fmt.Sprintf("<iq from='%s' id='%s' type='result'><query xmlns='jabber:iq:last' seconds='%d'>%s</query></iq>", from, id, seconds, escape(text))
}

func iqError(from, id, condition string) string {
	typ := "cancel"
	if condition == "forbidden" || condition == "subscription-required" {
		typ = "auth"
	}
	return fmt.Sprintf("<iq from='%s' id='%s' type='error'><error type='%s'><%s xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>", from, id, typ, condition)
}
