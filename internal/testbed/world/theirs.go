package world

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// resource is a connected client of the contact, as its server sees it.
type resource struct {
	name, status, show string
	marked             bool      // its presence has a priority
	came, since        time.Time // when it appeared, and when it sent its presence
	alive              bool      // its connection is not broken
	broke              int       // how often it did
}

// record is what the contact's server has written down.
type record struct {
	set      bool
	of       *departure
	at       time.Time // by the server's clock
	text     string
	resource string
	here     bool   // of an available presence
	extra    string // that presence's other children
}

// theirs is the contact's server.
type theirs struct {
	w         *world
	kind      Kind
	offset    time.Duration // how far its clock is ahead
	up        bool
	born      time.Time // when the account was registered
	resources map[string]*resource
	subbed    bool // we may see the contact's presence
	blocks    bool // the contact blocks us

	last record // last activity
	log  record // the latest disconnect
	bye  record // the contact's own last unavailable presence
	said record // the last presence of any type
	here record // the last available presence
}

func (s *theirs) clock() time.Time { return s.w.now().Add(s.offset) }

// sees reports whether we are told of the contact.
func (s *theirs) sees() bool { return s.up && s.subbed && !s.blocks }

func (s *theirs) send(m message) {
	s.w.after(s.w.across, func() { s.w.ours.presence(m) })
}

// full is the address of a resource; an entity without resources has an empty one.
func (s *theirs) full(name string) string {
	if name == "" {
		return s.w.contact
	}
	return s.w.contact + "/" + name
}

// come has a resource appear, come back, or change.
func (s *theirs) come(name, status, show string, marked bool) bool {
	if !s.up {
		return false
	}
	r := s.resources[name]
	if r == nil {
		r = &resource{name: name, came: s.w.now()}
		s.resources[name] = r
		s.log, s.bye = record{}, record{}
	}
	r.alive = true
	r.broke++
	r.status, r.show, r.marked, r.since = status, show, marked, s.w.now()
	s.here = record{set: true, at: s.clock(), text: status, resource: name, here: true, extra: r.extra()}
	s.said = s.here
	s.w.truth.set(s.w.now(), s.resources)
	if s.sees() {
		s.send(s.available(r, "", NoStamp))
	}
	return true
}

func (r *resource) extra() string {
	var x string
	if r.show != "" {
		x += "<show>" + r.show + "</show>"
	}
	if r.marked {
		x += "<priority>5</priority>"
	}
	return x
}

// available is a resource's presence, to a full address if it is an answer.
func (s *theirs) available(r *resource, to string, stamp Stamp) message {
	children := r.extra() + status(r.status)
	delay := s.delay(stamp, r.name, r.since.Add(s.offset))
	if stamp == ByResourceFirst {
		children = delay + children
	} else {
		children += delay
	}
	return message{
		from: s.full(r.name), full: to != "",
		xml:   presence(s.full(r.name), "", "old"+r.name, children),
		facts: []fact{{what: available, sent: s.w.now(), resource: r.name, text: r.status}},
	}
}

// delay is a stamp as the server writes it.
func (s *theirs) delay(stamp Stamp, resource string, at time.Time) string {
	switch stamp {
	case ByHost:
		return delayElement(s.w.theirHost, at, 0, "")
	case ByResource:
		return delayElement(s.full(resource), at, 0, "")
	case ByResourceFirst:
		return delayElement(s.full(resource), at, 6, "")
	case ByNobody:
		return delayElement("", at, 3, "")
	case Twice:
		return fmt.Sprintf("<x xmlns='jabber:x:delay' from='%s' stamp='%s'/>", s.full(resource), at.UTC().Format("20060102T15:04:05")) +
			delayElement(s.full(resource), at, 0, "")
	}
	return ""
}

// leave has a resource become unavailable by its own word, and disconnect a while
// later.
func (s *theirs) leave(name, words string, disconnect time.Duration) bool {
	r := s.resources[name]
	if r == nil || !r.alive {
		return false
	}
	d := s.departed(r, left, words)
	now := record{set: true, of: d, at: s.clock(), text: words, resource: name}
	s.last, s.bye, s.said, s.log = now, now, now, now
	s.farewell(r, d, words)
	s.w.after(disconnect, func() {
		if !s.up || s.resources[name] != nil {
			return
		}
		d.gone = s.w.now()
		s.log.at, s.log.of, s.log.set = s.clock(), d, true
		if s.kind.Last.Gone {
			s.last.at, s.last.of = s.clock(), d
		}
	})
	return true
}

// departed takes a resource away.
func (s *theirs) departed(r *resource, how how, words string) *departure {
	d := &departure{came: r.came, at: s.w.now(), gone: s.w.now(), resource: r.name, words: words, how: how}
	delete(s.resources, r.name)
	s.w.truth.departures = append(s.w.truth.departures, d)
	s.w.truth.set(s.w.now(), s.resources)
	return d
}

// farewell tells us that a resource is unavailable.
func (s *theirs) farewell(r *resource, d *departure, text string) {
	if s.sees() {
		s.send(message{
			from: s.full(r.name), xml: presence(s.full(r.name), "unavailable", "bye", status(text)),
			facts: []fact{{what: live, sent: s.w.now(), resource: r.name, of: d, text: text, time: s.w.now()}},
		})
	}
}

// crash breaks a resource's connection, which the server notices later.
func (s *theirs) crash(name string, notice time.Duration) bool {
	r := s.resources[name]
	if r == nil || !r.alive {
		return false
	}
	r.alive = false
	broke := r.broke
	s.w.after(notice, func() {
		if s.resources[name] != r || r.alive || r.broke != broke {
			return
		}
		s.w.note("the contact's server notices that %s is gone", name)
		s.end(r, lost, s.kind.Lost, s.kind.Last.Lost)
	})
	return true
}

// end takes a resource away that does not say so itself, with the server's texts.
func (s *theirs) end(r *resource, how how, text, last string) {
	d := s.departed(r, how, "")
	s.log = record{set: true, of: d, at: s.clock(), resource: r.name}
	s.bye = record{}
	if !s.kind.Last.Sent {
		s.last = record{set: true, of: d, at: s.clock(), text: last}
	}
	s.farewell(r, d, text)
}

// die ends the server, with a word to everyone or without.
func (s *theirs) die(graceful bool, down time.Duration) bool {
	if !s.up {
		return false
	}
	for _, name := range slices.Sorted(maps.Keys(s.resources)) {
		if graceful {
			s.end(s.resources[name], stopped, s.kind.Stopped, s.kind.Last.Stopped)
		} else {
			s.departed(s.resources[name], died, "")
		}
	}
	s.up = false
	if s.kind.Last.Forgets {
		s.last = record{}
	}
	s.w.after(down, func() {
		s.up = true
		s.w.note("the contact's server is up again")
	})
	return true
}

// block has the contact block us, or no longer.
func (s *theirs) block(on bool) bool {
	if s.blocks == on || !s.up {
		return false
	}
	if on && s.kind.Blocking && s.subbed {
		s.hide()
	}
	if !on {
		s.w.blocked = append(s.w.blocked, span{s.w.blockedAt, s.w.now()})
	}
	if !on && !s.kind.Blocking {
		s.w.silent = append(s.w.silent, span{s.w.blockedAt, s.w.now()})
	}
	s.blocks = on
	s.w.blockedAt = s.w.now()
	if !on && s.kind.Blocking && s.subbed {
		s.show()
	}
	return true
}

// hide shows us all resources as unavailable; none of them leaves.
func (s *theirs) hide() {
	for _, name := range slices.Sorted(maps.Keys(s.resources)) {
		d := &departure{at: s.w.now(), gone: s.w.now(), resource: name, how: hidden}
		s.w.hidden = append(s.w.hidden, d)
		s.farewell(s.resources[name], d, "")
	}
}

func (s *theirs) show() {
	stamp := NoStamp
	if s.kind.Regrant {
		stamp = ByHost
	}
	for _, name := range slices.Sorted(maps.Keys(s.resources)) {
		s.send(s.available(s.resources[name], "", stamp))
	}
}
