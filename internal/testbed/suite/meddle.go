package suite

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/probe"
)

// Meddle runs the cases in which something happens between a probe and its
// answer: contacts that come or go at that moment, answers in another order,
// forged answers, or none. They are brought about between the server and the
// client, so they work on any server.
func Meddle(t *testing.T, w World) {
	t.Helper()
	for _, online := range []bool{false, true} {
		visitOrStay(t, w, online)
		for _, m := range meddlings {
			if m.online == online {
				t.Run(m.name, func(t *testing.T) { m.run(t, w) })
			}
		}
	}
}

// MeddleInBubbles is Meddle with a world for each case.
func MeddleInBubbles(t *testing.T, bubble Bubble) {
	t.Helper()
	for _, m := range meddlings {
		t.Run(m.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w World) {
				visitOrStay(t, w, m.online)
				m.run(t, w)
			})
		})
	}
}

// visitOrStay makes Romeo come, and leave unless he is to be online.
func visitOrStay(t *testing.T, w World, online bool) {
	t.Helper()
	romeo := logIn(t, w, Romeo)
	romeo.available("Here.")
	if !online {
		romeo.Leave(Goodbye)
	}
}

func (m meddling) run(t *testing.T, w World) {
	c := newMeddled(t, w)
	plain := c.ask(t, m.about())
	if c.meddle = m.with; m.start != nil {
		c.meddle = m.start()
	}
	a := c.ask(t, m.about())
	m.check(t, plain, a)
}

// meddling is one case. with returns what the client receives in place of a
// stanza that arrived while its probe was under way.
type meddling struct {
	name   string
	online bool // Romeo is
	to     jid.JID
	with   func(in incoming) []any
	start  func() func(in incoming) []any // in its place where it remembers something
	check  func(t *testing.T, plain, a probe.Answer)
}

func (m meddling) about() jid.JID {
	if m.to.Equal(jid.JID{}) {
		return Romeo
	}
	return m.to
}

// lookAlikes are not Romeo: another existing user, his name with a letter of
// another alphabet, his name at another domain, his domain, and one of his
// resources.
var lookAlikes = []string{
	"mercutio@montague.lit", "r\u043emeo@montague.lit", "romeo@montague.lit.example", "romeo@capulet.lit", "montague.lit",
}

const longAgo = "<delay xmlns='urn:xmpp:delay' from='%[1]s' stamp='2002-09-10T23:41:07Z'/>"

var meddlings = []meddling{
	{
		name: "the query is answered by others first",
		with: func(in incoming) []any {
			if !in.fence {
				return []any{in}
			}
			var all []any
			for _, from := range append(lookAlikes, "romeo@montague.lit/orchard", "") {
				all = append(all, fmt.Sprintf("<iq xmlns='jabber:client' from='%s' id='%s' type='result'><query xmlns='jabber:iq:last' seconds='99999999'>Forged.</query></iq>", from, in.id))
			}
			return append(all, in)
		},
		check: same,
	},
	{
		name: "others say that they are somebody",
		with: func(in incoming) []any {
			var all []any
			for _, from := range lookAlikes {
				all = append(all, fmt.Sprintf("<presence xmlns='jabber:client' from='%[1]s/x' type='unavailable'><status>Forged.</status>"+longAgo+"</presence>", from),
					fmt.Sprintf("<presence xmlns='jabber:client' from='%[1]s/x'><status>Forged.</status></presence>", from))
			}
			return append(all, in)
		},
		check: same,
	},
	{
		name: "another contact comes and goes",
		with: func(in incoming) []any {
			return []any{
				"<presence xmlns='jabber:client' from='benvolio@montague.lit/field'/>",
				in,
				"<presence xmlns='jabber:client' from='benvolio@montague.lit/field' type='unavailable'/>",
			}
		},
		check: same,
	},
	{
		name: "the contact comes meanwhile",
		with: func(in incoming) []any {
			return []any{"<presence xmlns='jabber:client' from='romeo@montague.lit/late'><status>Back.</status></presence>", in}
		},
		check: func(t *testing.T, _, a probe.Answer) {
			if a.Outcome != probe.Available {
				t.Errorf("came to %v, want available", a.Outcome)
			}
		},
	},
	{
		name:   "the contact goes meanwhile",
		online: true,
		with: func(in incoming) []any {
			if in.presence {
				return []any{in, fmt.Sprintf("<presence xmlns='jabber:client' from='%s' type='unavailable'><status>Gone.</status></presence>", in.from)}
			}
			return []any{in}
		},
		check: func(t *testing.T, _, a probe.Answer) {
			// One available presence was enough, and it was so.
			if a.Outcome != probe.Available || len(a.Presences) != 1 {
				t.Errorf("came to %v with %d presences", a.Outcome, len(a.Presences))
			}
		},
	},
	{
		name:   "the query is answered before the probe",
		online: true,
		start:  fenceFirst,
		check: func(t *testing.T, _, a probe.Answer) {
			if a.Outcome != probe.Available || len(a.Presences) != 1 {
				t.Errorf("came to %v with %d presences: %+v", a.Outcome, len(a.Presences), a.Presences)
			}
		},
	},
	{
		name:   "an old time is told of one who is online",
		online: true,
		start:  staleFence,
		check: func(t *testing.T, _, a probe.Answer) {
			if a.Outcome != probe.Available || len(a.Presences) != 1 {
				t.Errorf("came to %v with %d presences: %+v", a.Outcome, len(a.Presences), a.Presences)
			}
		},
	},
	{
		name:   "connected, and no presence",
		online: true,
		with: func(in incoming) []any {
			if in.fence {
				return []any{in.seconds(0)}
			}
			return nil
		},
		check: func(t *testing.T, _, a probe.Answer) {
			if a.Outcome != probe.Unanswered || !a.Activity.Told {
				t.Errorf("came to %v, connected: %v", a.Outcome, a.Activity.Told)
			}
			if !a.LastSeen.IsZero() || len(a.Presences) != 0 {
				t.Errorf("last seen %v, %d presences", a.LastSeen, len(a.Presences))
			}
		},
	},
	{
		name: "nobody knows last activity here",
		with: func(in incoming) []any {
			if in.fence {
				return []any{in.refused("cancel", "service-unavailable")}
			}
			return []any{in}
		},
		check: withoutFence,
	},
	{
		name: "nobody knows the contact's last activity",
		with: func(in incoming) []any {
			if in.fence {
				return []any{in.refused("cancel", "item-not-found")}
			}
			return []any{in}
		},
		check: withoutFence,
	},
	{
		name: "not authorised, in three ways",
		with: func(in incoming) []any {
			switch {
			case !in.fence:
				return nil
			case strings.HasSuffix(in.id, "1"):
				return []any{in.refused("auth", "not-authorized")}
			case strings.HasSuffix(in.id, "2"):
				return []any{in.refused("auth", "subscription-required")}
			}
			return []any{in.refused("auth", "forbidden")}
		},
		check: func(t *testing.T, _, a probe.Answer) {
			if a.Outcome != probe.Unauthorized {
				t.Errorf("came to %v", a.Outcome)
			}
		},
	},
	{
		name: "the contact has moved",
		with: func(in incoming) []any {
			if in.fence {
				return []any{fmt.Sprintf("<iq xmlns='jabber:client' from='%s' id='%s' type='error'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:romeo@mantua.lit</gone></error></iq>", in.from, in.id)}
			}
			return nil
		},
		check: func(t *testing.T, _, a probe.Answer) {
			if want := "xmpp:romeo@mantua.lit"; a.Moved != want || a.Outcome != probe.Error {
				t.Errorf("moved to %q, want %q (%v)", a.Moved, want, a.Outcome)
			}
		},
	},
	{
		name: "your own account, whose address servers leave out",
		to:   Juliet,
		with: func(in incoming) []any {
			if in.fence {
				return []any{strings.Replace(in.text(), "from=", "x=", 1)}
			}
			return []any{in}
		},
		// Her resources of the case before may still be leaving.
		check: func(t *testing.T, plain, a probe.Answer) {
			if a.Outcome != plain.Outcome || a.Activity.Told != plain.Activity.Told {
				t.Errorf("came to %v, told %t; undisturbed to %v, told %t", a.Outcome, a.Activity.Told, plain.Outcome, plain.Activity.Told)
			}
		},
	},
}

// same checks that the result has not changed.
func same(t *testing.T, plain, a probe.Answer) {
	t.Helper()
	if a.Outcome != plain.Outcome || a.Status != plain.Status || a.LastSeen.Sub(plain.LastSeen).Abs() > 5*time.Second || len(a.Presences) != len(plain.Presences) {
		t.Errorf("came to %v, %q, %v, %d presences; undisturbed to %v, %q, %v, %d", a.Outcome, a.Status, a.LastSeen, len(a.Presences),
			plain.Outcome, plain.Status, plain.LastSeen, len(plain.Presences))
	}
}

// withoutFence checks for what the presence says, if there is one.
func withoutFence(t *testing.T, plain, a probe.Answer) {
	t.Helper()
	want := probe.Unanswered
	if len(plain.Presences) > 0 {
		want = plain.Outcome
	}
	if a.Outcome != want {
		t.Errorf("came to %v, want %v", a.Outcome, want)
	}
}

// fenceFirst holds presence back until the query is answered, like a server
// that handles both at the same time. No such server reports an old time for a
// contact that is online.
func fenceFirst() func(incoming) []any {
	var held []any
	answered := false
	return func(in incoming) []any {
		switch {
		case in.fence:
			answered = true
			return append([]any{in.seconds(0)}, held...)
		case in.presence && !answered:
			held = append(held, in)
			return nil
		}
		return []any{in}
	}
}

// staleFence holds the query's answer back until a presence has come, and makes
// it an old one.
func staleFence() func(incoming) []any {
	var held []any
	shown := false
	return func(in incoming) []any {
		switch {
		case in.presence:
			shown = true
			return append([]any{in}, held...)
		case in.fence && !shown:
			held = []any{in.seconds(600)}
			return nil
		case in.fence:
			return []any{in.seconds(600)}
		}
		return []any{in}
	}
}
