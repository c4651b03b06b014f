package probe

import (
	"time"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/delay"
	"example.org/lastpresence/internal/wire/lastactivity"
)

// step is something that happens to an exchange so many milliseconds after the
// probe was sent.
type step struct {
	ms int
	do func(x *exchange, now time.Time)
}

func presence(ms int, from jid.JID, typ stanza.PresenceType, stamp time.Time, status string) step {
	p := Presence{Presence: stanza.Presence{From: from, Type: typ}, Delay: delay.Delay{Stamp: stamp}}
	if status != "" {
		p.statuses = []text{{data: status}}
	}
	return step{ms, func(x *exchange, now time.Time) {
		p.Received = now
		x.presence(p, now)
	}}
}

// occupant is a presence of a room's occupant.
func occupant(ms int) step {
	return step{ms, func(x *exchange, now time.Time) {
		x.presence(Presence{Presence: stanza.Presence{From: orchard}, Room: true}, now)
	}}
}

func presenceError(ms int, id string, c stanza.Condition) step {
	return step{ms, func(x *exchange, now time.Time) {
		p := Presence{Presence: stanza.Presence{ID: id, From: romeo, Type: stanza.ErrorPresence}}
		p.Err.Condition = c
		x.presence(p, now)
	}}
}

func fence(ms, seconds int, status string) step {
	return step{ms, func(x *exchange, now time.Time) {
		x.fence(lastactivity.Answer{Ago: time.Duration(seconds) * time.Second, Status: status}, true, now)
	}}
}

func fenceUnreadable(ms int) step {
	return step{ms, func(x *exchange, now time.Time) { x.fence(lastactivity.Answer{}, false, now) }}
}

func fenceError(ms int, c stanza.Condition) step {
	return step{ms, func(x *exchange, now time.Time) { x.fenceError(stanza.Error{Condition: c}, "", false, now) }}
}

// ownFenceError is one in our own server's name.
func ownFenceError(ms int, c stanza.Condition) step {
	return step{ms, func(x *exchange, now time.Time) { x.fenceError(stanza.Error{Condition: c}, "", true, now) }}
}

// words turns the presence of a step into a replay of an available one.
func words(s step) step {
	return step{s.ms, func(x *exchange, now time.Time) {
		inner := exchange{target: x.target}
		s.do(&inner, now)
		p := inner.presences[0]
		p.online = true
		x.presence(p, now)
	}}
}

// held turns the presence of a step into one that our own server held back.
func held(s step) step {
	return step{s.ms, func(x *exchange, now time.Time) {
		inner := exchange{target: x.target}
		s.do(&inner, now)
		p := inner.presences[0]
		p.Held = now
		x.presence(p, now)
	}}
}

func tick(ms int) step {
	return step{ms, func(x *exchange, now time.Time) { x.expire(now) }}
}
