package probe

import (
	"testing"
	"time"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/delay"
	"example.org/lastpresence/internal/wire/lastactivity"
)

var (
	t0      = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	hourAgo = t0.Add(-time.Hour)
	romeo   = jid.MustParse("romeo@montague.lit")
	orchard = jid.MustParse("romeo@montague.lit/orchard")
	garden  = jid.MustParse("romeo@montague.lit/garden")
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
	return step{ms, func(x *exchange, now time.Time) { x.fenceError(stanza.Error{Condition: c}, "", now) }}
}

func tick(ms int) step {
	return step{ms, func(x *exchange, now time.Time) { x.expire(now) }}
}

const (
	available    = stanza.AvailablePresence
	unavailable  = stanza.UnavailablePresence
	unsubscribed = stanza.UnsubscribedPresence
)

func TestExchange(t *testing.T) {
	never := time.Time{}
	for _, tc := range []struct {
		name     string
		target   string // default: romeo@montague.lit
		steps    []step
		open     bool // not conclusive after all steps
		outcome  Outcome
		seen     time.Time
		seenFrom Origin
		status   string
		up       time.Time
	}{
		{name: "nothing yet", open: true},
		{name: "an unavailable presence with time and status is conclusive alone",
			steps:   []step{presence(1, romeo, unavailable, hourAgo, "Bye.")},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromPresence, status: "Bye."},
		{name: "an unavailable presence without status waits for the fence", open: true,
			steps:   []step{presence(1, romeo, unavailable, hourAgo, "")},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromPresence},
		{name: "time from the presence, status from the fence",
			steps:   []step{presence(1, romeo, unavailable, hourAgo, ""), fence(2, 3601, "Bye.")},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromPresence, status: "Bye."},
		{name: "a bare unavailable presence, time and status from the fence",
			steps:   []step{presence(1, romeo, unavailable, never, ""), fence(0, 3600, "Bye.")},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromLastActivity, status: "Bye."},
		{name: "a bare unavailable presence with a status only, time from the fence",
			steps:   []step{presence(1, romeo, unavailable, never, "Bye."), fence(0, 3600, "")},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromLastActivity, status: "Bye."},
		{name: "a bare unavailable presence, and no seconds: nothing is known",
			steps:   []step{presence(1, romeo, unavailable, never, ""), fence(2, 0, "")},
			outcome: Unavailable},
		{name: "a bare unavailable presence, and the fence never comes: the grace ends it",
			steps:   []step{presence(1, romeo, unavailable, never, ""), tick(101)},
			outcome: Unavailable},
		{name: "a fence alone says when it was",
			steps:   []step{fence(0, 3600, "Bye.")},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromLastActivity, status: "Bye."},
		{name: "one resource, then the fence with seconds of an earlier logout",
			steps:   []step{presence(1, orchard, available, hourAgo, ""), fence(2, 315, "Bye.")},
			outcome: Available},
		{name: "resources are collected until the fence", open: true,
			steps:   []step{presence(1, orchard, available, hourAgo, ""), presence(2, garden, available, hourAgo, "")},
			outcome: Available},
		{name: "connected now, the fence between two resources: one moment for more", open: true,
			steps:   []step{presence(1, orchard, available, hourAgo, ""), fence(2, 0, "")},
			outcome: Available},
		{name: "connected now, after the moment for more",
			steps:   []step{presence(1, orchard, available, hourAgo, ""), fence(2, 0, ""), tick(52)},
			outcome: Available},
		{name: "connected now, no presence yet: wait", open: true,
			steps: []step{fence(1, 0, "")}, outcome: Unavailable},
		{name: "connected now, the presence comes after the fence, and one moment for more", open: true,
			steps:   []step{fence(1, 0, ""), presence(2, orchard, available, hourAgo, "")},
			outcome: Available},
		{name: "connected now, after that moment",
			steps:   []step{fence(1, 0, ""), presence(2, orchard, available, hourAgo, ""), tick(52)},
			outcome: Available},
		{name: "connected now, the second resource within the moment",
			steps: []step{fence(1, 0, ""), presence(2, orchard, available, hourAgo, ""),
				presence(40, garden, available, hourAgo, ""), tick(90)},
			outcome: Available},
		{name: "connected now, and no presence until the grace ends: not seen now",
			steps:   []step{fence(1, 0, ""), tick(101)},
			outcome: Unavailable},
		{name: "just gone within this second: the fence has the words",
			steps:   []step{fence(0, 0, "Bye."), tick(100)},
			outcome: Unavailable, seen: t0, seenFrom: FromLastActivity, status: "Bye."},
		{name: "the grace is ten round trips", open: true,
			steps: []step{fence(50, 0, ""), tick(549)}, outcome: Unavailable},
		{name: "the grace is a second at most",
			steps: []step{fence(500, 0, ""), tick(1500)}, outcome: Unavailable},
		{name: "forbidden", steps: []step{fenceError(1, stanza.Forbidden)}, outcome: Unauthorized},
		{name: "not authorized", steps: []step{fenceError(1, stanza.NotAuthorized)}, outcome: Unauthorized},
		{name: "subscription required", steps: []step{fenceError(1, stanza.SubscriptionRequired)}, outcome: Unauthorized},
		{name: "registration required", steps: []step{fenceError(1, stanza.RegistrationRequired)}, outcome: Unauthorized},
		{name: "forbidden, but the presence came first",
			steps:   []step{presence(1, romeo, unavailable, hourAgo, ""), fenceError(2, stanza.Forbidden)},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromPresence},
		{name: "a server without last activity tells nothing: wait", open: true,
			steps: []step{fenceError(1, stanza.ServiceUnavailable)}},
		{name: "a server without last activity, and the presence comes",
			steps:   []step{fenceError(1, stanza.ServiceUnavailable), presence(2, romeo, unavailable, hourAgo, "")},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromPresence},
		{name: "a server without last activity, and nothing comes",
			steps: []step{fenceError(1, stanza.ServiceUnavailable), tick(101)}},
		{name: "item not found tells nothing, and nothing comes",
			steps: []step{fenceError(1, stanza.ItemNotFound), tick(101)}},
		{name: "a fence that cannot be read tells nothing",
			steps: []step{fenceUnreadable(1), tick(101)}},
		{name: "a fence that cannot be read marks the end all the same",
			steps:   []step{presence(1, orchard, available, hourAgo, ""), fenceUnreadable(2)},
			outcome: Available},
		{name: "an unreachable server, by the fence", steps: []step{fenceError(1, stanza.RemoteServerNotFound)}, outcome: Error},
		{name: "an unreachable server, by the probe", steps: []step{presenceError(1, "pr1", stanza.NotAllowed)}, outcome: Error},
		{name: "refused, by the probe", steps: []step{presenceError(1, "pr1", stanza.Forbidden)}, outcome: Unauthorized},
		{name: "an error of another stanza is not an answer", open: true,
			steps: []step{presenceError(1, "other", stanza.NotAllowed)}},
		{name: "unsubscribed", steps: []step{presence(1, romeo, unsubscribed, never, "")}, outcome: Unauthorized},
		{name: "other presence types are no answer", open: true,
			steps: []step{presence(1, romeo, stanza.SubscribePresence, never, "")}},
		{name: "the only resource leaves between probe and fence",
			steps: []step{presence(1, orchard, available, hourAgo, ""), presence(2, orchard, unavailable, t0, "Bye."),
				fence(3, 0, "Bye."), tick(103)},
			outcome: Unavailable, seen: t0, seenFrom: FromPresence, status: "Bye."},
		{name: "one of two resources leaves between probe and fence",
			steps: []step{presence(1, orchard, available, hourAgo, ""), presence(2, orchard, unavailable, t0, "Bye."),
				presence(3, garden, available, hourAgo, ""), fence(4, 0, ""), tick(54)},
			outcome: Available},
		{name: "the contact arrives after the fence said offline: what was asked is answered",
			steps:   []step{fence(0, 3600, ""), presence(2, orchard, available, never, "")},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromLastActivity},
		{name: "a host, by its presence's stamp", target: "montague.lit",
			steps:   []step{presence(1, jid.MustParse("montague.lit"), available, hourAgo, ""), fence(2, 3600, "")},
			outcome: Available, up: hourAgo},
		{name: "a host, by last activity", target: "montague.lit",
			steps:   []step{presence(1, jid.MustParse("montague.lit"), available, never, ""), fence(0, 3600, "")},
			outcome: Available, up: hourAgo},
		{name: "a host that says nothing to a probe", target: "montague.lit",
			steps: []step{fence(0, 3600, "")}, outcome: Available, up: hourAgo},
		{name: "a host that has just started", target: "montague.lit",
			steps: []step{fence(0, 0, "")}, outcome: Available, up: t0},
		{name: "ourselves, where the server refuses the probe", target: "juliet@capulet.lit",
			steps: []step{presenceError(1, "pr1", stanza.BadRequest), fence(2, 0, "")}, outcome: Available},
		{name: "ourselves, where the server says nothing to it", target: "juliet@capulet.lit",
			steps: []step{fence(1, 0, "")}, outcome: Available},
	} {
		t.Run(tc.name, func(t *testing.T) {
			target := romeo
			if tc.target != "" {
				target = jid.MustParse(tc.target)
			}
			x := exchange{target: target, self: tc.target == "juliet@capulet.lit", probeID: "pr1", sent: t0}
			for _, s := range tc.steps {
				s.do(&x, t0.Add(time.Duration(s.ms)*time.Millisecond))
			}
			if x.done == tc.open {
				t.Errorf("done = %v, want %v", x.done, !tc.open)
			}
			a := x.answer()
			if a.Outcome != tc.outcome {
				t.Errorf("outcome = %v, want %v", a.Outcome, tc.outcome)
			}
			if !a.LastSeen.Equal(tc.seen) || a.LastSeenFrom != tc.seenFrom || a.Status != tc.status {
				t.Errorf("last seen %v from %v saying %q, want %v from %v saying %q",
					a.LastSeen, a.LastSeenFrom, a.Status, tc.seen, tc.seenFrom, tc.status)
			}
			if !a.Up.Equal(tc.up) {
				t.Errorf("up since %v, want %v", a.Up, tc.up)
			}
		})
	}
}

func TestExchangeKeepsTheLatestPresenceOfEachResource(t *testing.T) {
	x := exchange{target: romeo, sent: t0}
	for _, s := range []step{
		presence(1, orchard, available, hourAgo, "one"),
		presence(2, garden, available, hourAgo, "two"),
		presence(3, orchard, available, t0, "three"),
		fence(4, 0, ""),
	} {
		s.do(&x, t0.Add(time.Duration(s.ms)*time.Millisecond))
	}
	a := x.answer()
	if len(a.Presences) != 2 || a.Presences[0].Status() != "two" || a.Presences[1].Status() != "three" {
		t.Errorf("presences = %+v, want garden's and then orchard's second", a.Presences)
	}
	if a.RoundTrip != 4*time.Millisecond {
		t.Errorf("round trip = %v, want 4ms", a.RoundTrip)
	}
}

func TestTheStatusIsOfTheResourceThatLeftLast(t *testing.T) {
	earlier := presence(2, orchard, stanza.UnavailablePresence, hourAgo.Add(-time.Hour), "Leaving the office.")
	later := presence(1, garden, stanza.UnavailablePresence, hourAgo, "Going to bed.")
	for name, steps := range map[string][]step{"in order": {earlier, later}, "in reverse": {later, earlier}} {
		x := exchange{target: romeo, sent: t0}
		for _, s := range append(steps, fence(3, 3600, "")) {
			s.do(&x, t0.Add(time.Duration(s.ms)*time.Millisecond))
		}
		if a := x.answer(); !a.LastSeen.Equal(hourAgo) || a.Status != "Going to bed." {
			t.Errorf("%s: last seen %v, %q", name, a.LastSeen, a.Status)
		}
	}
}

func TestAContactWhoNeverCeasesToComeIsNotWaitedForForEver(t *testing.T) {
	x := exchange{target: romeo, sent: t0}
	fence(1, 0, "").do(&x, t0.Add(time.Millisecond))
	now := t0
	for !x.done && now.Before(t0.Add(time.Minute)) {
		now = now.Add(9 * time.Millisecond)
		presence(0, garden, stanza.AvailablePresence, time.Time{}, "").do(&x, now)
		x.expire(now)
	}
	if waited := now.Sub(t0); waited > maxGrace+maxSettle {
		t.Errorf("waited for %v", waited)
	}
}
