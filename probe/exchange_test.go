package probe

import (
	"encoding/xml"
	"errors"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/wire/lastactivity"
)

var (
	t0      = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	hourAgo = t0.Add(-time.Hour)
	romeo   = jid.MustParse("romeo@montague.lit")
	orchard = jid.MustParse("romeo@montague.lit/orchard")
	garden  = jid.MustParse("romeo@montague.lit/garden")
)

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
		settle   time.Duration
		grace    time.Duration
		steps    []step
		open     bool // not conclusive after all steps
		outcome  Outcome
		seen     time.Time
		seenFrom Origin
		status   string
		up       time.Time
	}{
		{name: "no stanza leaves the wait open", open: true},

		// Before the fence nothing but certainty ends the wait.
		{name: "an unavailable presence waits for the fence", open: true,
			steps:   []step{presence(1, romeo, unavailable, never, ""), tick(9000)},
			outcome: Unavailable},
		{name: "an unavailable presence with stamp and status waits, too", open: true,
			steps:   []step{presence(1, romeo, unavailable, hourAgo, "Bye."), tick(9000)},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromPresence, status: "Bye."},
		{name: "the presence of the login is not the answer that follows it",
			steps:   []step{presence(2, romeo, unavailable, never, ""), fence(300, 600, "Out of battery.")},
			outcome: Unavailable, seen: t0.Add(300*time.Millisecond - 10*time.Minute), seenFrom: FromLastActivity, status: "Out of battery."},
		{name: "one available presence is enough",
			steps: []step{presence(1, orchard, available, hourAgo, "")}, outcome: Available},
		{name: "one that was held back is not, until the fence", open: true,
			steps: []step{held(presence(1, orchard, available, never, ""))}, outcome: Available},
		{name: "one that was held back may be followed by others",
			steps:   []step{held(presence(1, orchard, available, never, "")), held(presence(1, orchard, unavailable, never, "Bye.")), fence(2, 600, "Bye.")},
			outcome: Unavailable, seen: t0.Add(2*time.Millisecond - 10*time.Minute), seenFrom: FromLastActivity, status: "Bye."},
		{name: "one that was held back is enough behind the fence",
			steps: []step{fence(1, 0, ""), held(presence(2, orchard, available, never, ""))}, outcome: Available},
		{name: "one available presence from the bare JID is enough, too",
			steps: []step{presence(1, romeo, available, hourAgo, "")}, outcome: Available},
		{name: "an unavailable resource leaves the wait open", open: true,
			steps: []step{presence(1, orchard, unavailable, never, "Bye."), tick(9000)}},
		{name: "unsubscribed", steps: []step{presence(1, romeo, unsubscribed, never, "")}, outcome: Unauthorized},
		{name: "other presence types are no answer", open: true,
			steps: []step{presence(1, romeo, stanza.SubscribePresence, never, "")}},
		{name: "presence of a room occupant is no answer",
			steps: []step{occupant(1), fenceError(2, stanza.FeatureNotImplemented)}},

		// What was available and is no more.
		{name: "a bare unavailable presence ends all resources", settle: time.Second,
			steps:   []step{presence(1, orchard, available, never, ""), presence(2, romeo, unavailable, never, ""), fence(3, 0, "")},
			outcome: Unavailable},
		{name: "unsubscribed ends all resources", settle: time.Second,
			steps: []step{presence(1, orchard, available, never, ""), presence(2, romeo, unsubscribed, never, "")}, outcome: Unauthorized},
		{name: "a refusal of the probe ends all resources", settle: time.Second,
			steps: []step{presence(1, orchard, available, never, ""), presenceError(2, "pr1", stanza.Forbidden)}, outcome: Unauthorized},
		{name: "a contact that comes back is available",
			steps: []step{presence(1, romeo, unavailable, hourAgo, "Bye."), presence(2, orchard, available, never, "")}, outcome: Available},
		{name: "the only resource leaves between probe and fence", settle: time.Second,
			steps: []step{presence(1, orchard, available, hourAgo, ""), presence(2, orchard, unavailable, t0, "Bye."),
				fence(3, 0, "Bye.")},
			outcome: Unavailable, seen: t0, seenFrom: FromPresence, status: "Bye."},
		{name: "one of two resources leaves between probe and fence", settle: 50 * time.Millisecond,
			steps: []step{presence(1, orchard, available, hourAgo, ""), presence(2, orchard, unavailable, t0, "Bye."),
				presence(3, garden, available, hourAgo, ""), fence(4, 0, ""), tick(53)},
			outcome: Available},
		{name: "Settle waits for more resources even after the fence", open: true, settle: 50 * time.Millisecond,
			steps:   []step{presence(1, orchard, available, hourAgo, ""), fence(2, 0, ""), presence(30, garden, available, hourAgo, ""), tick(50)},
			outcome: Available},
		{name: "Settle counts from the return of a contact that left", open: true, settle: 50 * time.Millisecond,
			steps: []step{presence(1, orchard, available, hourAgo, ""), presence(30, romeo, unavailable, never, ""),
				presence(40, orchard, available, never, ""), tick(89)},
			outcome: Available},
		{name: "a contact that leaves while Settle waits: wait for the fence", open: true, settle: 50 * time.Millisecond,
			steps:   []step{presence(1, orchard, available, hourAgo, ""), presence(2, romeo, unavailable, never, ""), tick(9000)},
			outcome: Unavailable},
		{name: "Settle counts from the first available presence", settle: 50 * time.Millisecond,
			steps:   []step{presence(1, orchard, available, hourAgo, ""), presence(30, garden, available, hourAgo, ""), tick(51)},
			outcome: Available},

		// When it was, and what was said.
		{name: "a fence alone has the time",
			steps:   []step{fence(0, 3600, "Bye.")},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromLastActivity, status: "Bye."},
		{name: "a bare unavailable presence, time and status from the fence",
			steps:   []step{presence(1, romeo, unavailable, never, ""), fence(1, 3600, "Bye.")},
			outcome: Unavailable, seen: hourAgo.Add(time.Millisecond), seenFrom: FromLastActivity, status: "Bye."},
		{name: "a bare unavailable presence with a status only, time from the fence",
			steps:   []step{presence(1, romeo, unavailable, never, "Bye."), fence(1, 3600, "")},
			outcome: Unavailable, seen: hourAgo.Add(time.Millisecond), seenFrom: FromLastActivity, status: "Bye."},
		{name: "a stamp that agrees with the seconds wins",
			steps:   []step{presence(1, romeo, unavailable, hourAgo, ""), fence(2, 3601, "Bye.")},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromPresence, status: "Bye."},
		{name: "stamp and seconds agree despite rounding",
			steps:   []step{presence(1, romeo, unavailable, hourAgo, ""), fence(0, 3602, "")},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromPresence},
		{name: "stamp and seconds agree despite a slow answer",
			steps:   []step{presence(1, romeo, unavailable, hourAgo, ""), fence(3000, 3600, "")},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromPresence},
		{name: "seconds win over a clock four minutes fast",
			steps:   []step{presence(1, romeo, unavailable, t0, ""), fence(1, 240, "")},
			outcome: Unavailable, seen: t0.Add(time.Millisecond - 4*time.Minute), seenFrom: FromLastActivity},
		{name: "seconds win over a clock ten minutes slow",
			steps:   []step{presence(1, romeo, unavailable, hourAgo.Add(-10*time.Minute), "Bye."), fence(0, 3600, "Bye.")},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromLastActivity, status: "Bye."},
		{name: "with two texts, the presence is about the last departure",
			steps:   []step{presence(1, romeo, unavailable, hourAgo, "Good night."), fence(0, 36000, "Lunch.")},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromPresence, status: "Good night."},
		{name: "with two texts and one time, the text beside the time wins",
			steps:   []step{presence(1, romeo, unavailable, never, "I am here."), fence(0, 3600, "Lunch.")},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromLastActivity, status: "Lunch."},
		{name: "a copy of available presence has another time",
			steps:   []step{words(presence(1, romeo, unavailable, hourAgo, "Here.")), fence(0, 60, "Bye.")},
			outcome: Unavailable, seen: t0.Add(-time.Minute), seenFrom: FromLastActivity, status: "Bye."},
		{name: "a copy of available presence without last activity is no goodbye",
			steps:   []step{words(presence(1, romeo, unavailable, hourAgo, "Here.")), fenceUnreadable(1)},
			outcome: Unavailable},
		{name: "a stamp of our own server is not the time",
			steps:   []step{held(presence(1, romeo, unavailable, never, "")), fence(0, 600, "Out of battery.")},
			outcome: Unavailable, seen: t0.Add(-10 * time.Minute), seenFrom: FromLastActivity, status: "Out of battery."},
		{name: "a stamp of our own server is not when a resource left",
			steps:   []step{held(presence(1, orchard, unavailable, never, "")), fence(0, 600, "")},
			outcome: Unavailable, seen: t0.Add(-10 * time.Minute), seenFrom: FromLastActivity},
		{name: "the status is that of the resource that left last, both held back",
			steps:   []step{held(presence(1, orchard, unavailable, never, "Bye.")), held(presence(1, garden, unavailable, never, "")), fence(0, 600, "")},
			outcome: Unavailable, seen: t0.Add(-10 * time.Minute), seenFrom: FromLastActivity},
		{name: "a resource leaves during the probe, and the seconds agree",
			steps:   []step{presence(1, orchard, unavailable, never, ""), fence(900, 1, "Bye.")},
			outcome: Unavailable, seen: t0.Add(time.Millisecond), seenFrom: FromPresence, status: "Bye."},
		{name: "seconds and text of an earlier departure are ignored",
			steps:   []step{presence(1, orchard, unavailable, never, ""), fence(1, 3600, "Lunch.")},
			outcome: Unavailable, seen: t0.Add(time.Millisecond), seenFrom: FromPresence},
		{name: "seconds since 1970 mean no logout",
			steps: []step{fence(0, int(t0.Unix()), "")}},
		{name: "seconds since 1970 do not affect the presence",
			steps:   []step{presence(1, romeo, unavailable, never, ""), fence(1, int(t0.Unix()), "")},
			outcome: Unavailable},
		{name: "seconds since 1970 do not affect the text",
			steps:   []step{fence(1, int(t0.Unix()), "Bye.")},
			outcome: Unavailable, status: "Bye."},

		// Connected now, the fence says.
		{name: "a bare unavailable presence without seconds has no time",
			steps:   []step{presence(1, romeo, unavailable, never, ""), fence(2, 0, "")},
			outcome: Unavailable},
		{name: "zero seconds with a text mean just gone",
			steps:   []step{fence(0, 0, "Bye.")},
			outcome: Unavailable, seen: t0, seenFrom: FromLastActivity, status: "Bye."},
		{name: "connected, but no presence yet: wait", open: true,
			steps: []step{fence(1, 0, ""), tick(100)}},
		{name: "the presence comes after the fence",
			steps: []step{fence(1, 0, ""), presence(48, orchard, available, hourAgo, "")}, outcome: Available},
		{name: "connected, but no presence within the grace: unanswered",
			steps: []step{fence(1, 0, ""), tick(101)}},
		{name: "connected, and one resource leaves: unanswered",
			steps: []step{presence(1, orchard, unavailable, never, ""), fence(1, 0, ""), tick(101)}},
		{name: "the grace is two round trips", open: true,
			steps: []step{fence(300, 0, ""), tick(899)}},
		{name: "the grace is two round trips on a slow network, too", open: true,
			steps: []step{fence(2000, 0, ""), tick(5999)}},
		{name: "the grace ends after two round trips",
			steps: []step{fence(2000, 0, ""), tick(6000)}},
		{name: "a fixed grace is kept", open: true, grace: time.Second,
			steps: []step{fence(1, 0, ""), tick(1000)}},

		// Errors.
		{name: "forbidden", steps: []step{fenceError(1, stanza.Forbidden)}, outcome: Unauthorized},
		{name: "not authorized", steps: []step{fenceError(1, stanza.NotAuthorized)}, outcome: Unauthorized},
		{name: "subscription required", steps: []step{fenceError(1, stanza.SubscriptionRequired)}, outcome: Unauthorized},
		{name: "registration required", steps: []step{fenceError(1, stanza.RegistrationRequired)}, outcome: Unauthorized},
		{name: "forbidden, but the presence came first",
			steps:   []step{presence(1, romeo, unavailable, hourAgo, ""), fenceError(2, stanza.Forbidden)},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromPresence},
		{name: "forbidden, after a resource that leaves",
			steps: []step{presence(1, orchard, unavailable, never, ""), fenceError(2, stanza.Forbidden)}, outcome: Unauthorized},
		{name: "a server without last activity: wait half a round trip more", open: true,
			steps: []step{fenceError(10, stanza.ServiceUnavailable), tick(14)}},
		{name: "a server without last activity, and the presence comes",
			steps:   []step{fenceError(10, stanza.ServiceUnavailable), presence(12, romeo, unavailable, hourAgo, "")},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromPresence},
		{name: "a server without last activity, and nothing comes",
			steps: []step{fenceError(10, stanza.ServiceUnavailable), tick(15)}},
		{name: "a server without last activity, after the presence",
			steps:   []step{presence(1, romeo, unavailable, hourAgo, ""), fenceError(10, stanza.ServiceUnavailable)},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromPresence},
		{name: "item-not-found is inconclusive", steps: []step{fenceError(1, stanza.ItemNotFound)}},
		{name: "an unreadable fence is inconclusive", steps: []step{fenceUnreadable(1)}},
		{name: "an unreachable server, by the fence", steps: []step{fenceError(1, stanza.RemoteServerNotFound)}, outcome: Error},
		{name: "an unreachable server, by the probe", steps: []step{presenceError(1, "pr1", stanza.NotAllowed)}, outcome: Error},
		{name: "our own server returns the query", steps: []step{ownFenceError(1, stanza.ServiceUnavailable)}, outcome: Error},
		{name: "our own server refuses in its own name", steps: []step{ownFenceError(1, stanza.Forbidden)}, outcome: Error},
		{name: "blocked by ourselves, by the fence", steps: []step{fenceError(1, stanza.NotAcceptable)}, outcome: Error},
		{name: "blocked by ourselves, by the probe", steps: []step{presenceError(1, "pr1", stanza.NotAcceptable)}, outcome: Error},
		{name: "refused, by the probe", steps: []step{presenceError(1, "pr1", stanza.Forbidden)}, outcome: Unauthorized},
		{name: "a server without probes: wait for the fence", open: true,
			steps: []step{presenceError(1, "pr1", stanza.ServiceUnavailable)}, outcome: Error},
		{name: "a server without probes, and a fence with the time",
			steps:   []step{presenceError(1, "pr1", stanza.ServiceUnavailable), fence(0, 3600, "Bye.")},
			outcome: Unavailable, seen: hourAgo, seenFrom: FromLastActivity, status: "Bye."},
		{name: "a server without probes, and an inconclusive fence",
			steps: []step{presenceError(1, "pr1", stanza.ServiceUnavailable), fence(1, 0, "")}, outcome: Error},
		{name: "an error of another stanza is not an answer", open: true,
			steps: []step{presenceError(1, "other", stanza.NotAllowed)}},

		// Hosts and ourselves.
		{name: "a host with a stamp is up at once", target: "montague.lit",
			steps:   []step{presence(1, jid.MustParse("montague.lit"), available, hourAgo, "")},
			outcome: Available, up: hourAgo},
		{name: "a host without a stamp: wait for the fence", target: "montague.lit", open: true,
			steps:   []step{presence(1, jid.MustParse("montague.lit"), available, never, ""), tick(9000)},
			outcome: Available},
		{name: "a host with last activity is up", target: "montague.lit",
			steps:   []step{presence(1, jid.MustParse("montague.lit"), available, never, ""), fence(0, 3600, "")},
			outcome: Available, up: hourAgo},
		{name: "a host without last activity is up", target: "montague.lit",
			steps:   []step{presence(1, jid.MustParse("montague.lit"), available, never, ""), fenceError(2, stanza.FeatureNotImplemented)},
			outcome: Available},
		{name: "a host that refuses the query and ignores the probe", target: "montague.lit",
			steps: []step{fenceError(2, stanza.ServiceUnavailable)}},
		{name: "a host that answers only the query is up", target: "montague.lit",
			steps: []step{fence(0, 3600, "")}, outcome: Available, up: hourAgo},
		{name: "a host that has just started", target: "montague.lit",
			steps: []step{fence(0, 0, "")}, outcome: Available, up: t0},
		{name: "our own account, probe refused", target: "juliet@capulet.lit",
			steps: []step{presenceError(1, "pr1", stanza.BadRequest), fence(2, 0, "")}, outcome: Available},
		{name: "our own account, probe ignored", target: "juliet@capulet.lit",
			steps: []step{fence(1, 0, "")}, outcome: Available},
		{name: "our own account, query refused", target: "juliet@capulet.lit",
			steps: []step{fenceError(1, stanza.ServiceUnavailable)}, outcome: Available},
	} {
		t.Run(tc.name, func(t *testing.T) {
			target := romeo
			if tc.target != "" {
				target = jid.MustParse(tc.target)
			}
			x := exchange{target: target, self: tc.target == "juliet@capulet.lit", probeID: "pr1", sent: t0, settle: tc.settle, grace: tc.grace}
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
			if known := a.Outcome == Available || a.Outcome == Unavailable; known && a.Err != nil {
				t.Errorf("error %v, though the outcome is known", a.Err)
			}
			if !a.Up.Equal(tc.up) {
				t.Errorf("up since %v, want %v", a.Up, tc.up)
			}
		})
	}
}

func TestAnErrorSaysWhyNothingIsKnown(t *testing.T) {
	for name, tc := range map[string]struct {
		step      step
		condition stanza.Condition
		blocked   bool
	}{
		"no last activity":           {fenceError(1, stanza.ServiceUnavailable), stanza.ServiceUnavailable, false},
		"no such account":            {fenceError(1, stanza.ItemNotFound), stanza.ItemNotFound, false},
		"not subscribed":             {fenceError(1, stanza.Forbidden), stanza.Forbidden, false},
		"our own server":             {ownFenceError(1, stanza.ServiceUnavailable), stanza.ServiceUnavailable, false},
		"we block him, by the fence": {fenceError(1, stanza.NotAcceptable), stanza.NotAcceptable, true},
		"we block him, by the probe": {presenceError(1, "pr1", stanza.NotAcceptable), stanza.NotAcceptable, true},
		"in our server's own name":   {ownFenceError(1, stanza.NotAcceptable), stanza.NotAcceptable, true},
	} {
		x := exchange{target: romeo, probeID: "pr1", sent: t0}
		tc.step.do(&x, t0.Add(time.Millisecond))
		a := x.answer()
		var reason stanza.Error
		if !errors.As(a.Err, &reason) || reason.Condition != tc.condition || errors.Is(a.Err, ErrBlocked) != tc.blocked {
			t.Errorf("%s: %v", name, a.Err)
		}
	}
}

func TestTimesHaveNoMonotonicReading(t *testing.T) {
	now := time.Now()
	x := exchange{target: romeo, sent: now}
	x.fence(lastactivity.Answer{Ago: time.Hour}, true, now.Add(time.Millisecond))
	p, err := ReadPresence(xml.NewDecoder(strings.NewReader("<presence from='romeo@montague.lit'/>")))
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Time{x.answer().LastSeen, x.answer().Received, p.Received, p.At()} {
		if at != at.Round(0) {
			t.Errorf("%v", at)
		}
	}
}
