package probe_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
)

// script answers probe and query with these stanzas, in which ID, PROBE and ME
// stand for the query's and the probe's id and the asking address.
func script(s *server.Server, onProbe, onQuery []server.Answer) {
	probeID := ""
	s.Hook = func(q server.Question) []server.Answer {
		answers := onQuery
		if q.Kind == server.Probes {
			answers, probeID = onProbe, q.ID
		}
		out := make([]server.Answer, len(answers))
		for i, a := range answers {
			out[i] = server.Answer{XML: strings.NewReplacer("PROBE", probeID, "ID", q.ID, "ME", q.From.String()).Replace(a.XML), After: a.After}
		}
		return out
	}
}

func say(xml string, after time.Duration) []server.Answer {
	return []server.Answer{{XML: xml, After: after}}
}

const (
	here    = "<presence from='romeo@montague.lit/orchard' to='ME'/>"
	gone    = "<presence from='romeo@montague.lit' to='ME' type='unavailable'/>"
	now     = "<iq from='romeo@montague.lit' to='ME' type='result' id='ID'><query xmlns='jabber:iq:last' seconds='0'/></iq>"
	battery = "<iq from='romeo@montague.lit' to='ME' type='result' id='ID'><query xmlns='jabber:iq:last' seconds='600'>Out of battery.</query></iq>"
)

func fenceError(from, condition string) string {
	return "<iq " + from + " to='ME' type='error' id='ID'><error type='cancel'><" + condition + " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
}

func TestHowLongAProbeTakes(t *testing.T) {
	const trip = 300 * time.Millisecond
	blockedBy := func(text string) string {
		return "<presence from='romeo@montague.lit' to='ME' type='error' id='PROBE'><error type='cancel'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>" + text + "</error></presence>"
	}
	for _, tc := range []struct {
		name             string
		onProbe, onQuery []server.Answer
		outcome          probe.Outcome
		status           string
		took             time.Duration
		err              error
	}{
		{"a presence of the login comes first, the answer later",
			say(gone, 2*time.Millisecond), say(battery, trip), probe.Unavailable, "Out of battery.", trip, nil},
		{"one resource is available, and the fence is late",
			say(here, trip), say(now, time.Second), probe.Available, "", trip, nil},
		{"the fence overtakes the presence",
			say(here, trip+47*time.Millisecond), say(now, trip), probe.Available, "", trip + 47*time.Millisecond, nil},
		{"somebody is connected, and nothing is told of how",
			nil, say(now, trip), probe.Unanswered, "", 3 * trip, nil},
		{"gone within this second",
			nil, say(strings.Replace(now, "'/></iq>", "'>Bye.</query></iq>", 1), trip), probe.Unavailable, "Bye.", trip, nil},
		{"no last activity",
			nil, say(fenceError("from='romeo@montague.lit'", "service-unavailable"), trip), probe.Unanswered, "", 3 * trip / 2, stanza.Error{Condition: stanza.ServiceUnavailable}},
		{"no subscription",
			nil, say(fenceError("from='romeo@montague.lit'", "forbidden"), trip), probe.Unauthorized, "", trip, stanza.Error{Condition: stanza.Forbidden}},
		{"no such account",
			nil, say(fenceError("from='romeo@montague.lit'", "item-not-found"), trip), probe.Unanswered, "", trip, stanza.Error{Condition: stanza.ItemNotFound}},
		{"an error from nobody",
			nil, say(fenceError("", "service-unavailable"), trip), probe.Error, "", trip, stanza.Error{Condition: stanza.ServiceUnavailable}},
		{"an error from our own domain",
			nil, say(fenceError("from='capulet.lit'", "internal-server-error"), trip), probe.Error, "", trip, stanza.Error{Condition: stanza.InternalServerError}},
		{"an error from our own account",
			nil, say(fenceError("from='juliet@capulet.lit'", "remote-server-not-found"), trip), probe.Error, "", trip, stanza.Error{Condition: stanza.RemoteServerNotFound}},
		{"an error of the probe from our own full address",
			say(strings.Replace(blockedBy(""), "romeo@montague.lit", "ME", 1), trip), nil, probe.Error, "", trip, probe.ErrBlocked},
		{"an error of the probe from our own domain",
			say(strings.Replace(blockedBy(""), "romeo@montague.lit", "capulet.lit", 1), trip), nil, probe.Error, "", trip, probe.ErrBlocked},
		{"blocked, on Prosody",
			say(blockedBy("<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>You have blocked this JID</text><blocked xmlns='urn:xmpp:blocking:errors'/>"), trip),
			nil, probe.Error, "", trip, probe.ErrBlocked},
		{"blocked, by the fence alone",
			nil, say(fenceError("from='romeo@montague.lit'", "not-acceptable"), trip), probe.Error, "", trip, probe.ErrBlocked},
		{"an old error with a code alone",
			nil, say("<iq from='romeo@montague.lit' to='ME' type='error' id='ID'><error code='404'/></iq>", trip),
			probe.Unanswered, "", trip, stanza.Error{Condition: stanza.ItemNotFound, Type: stanza.Cancel}},
		{"an error of nothing",
			nil, say("<iq from='romeo@montague.lit' to='ME' type='error' id='ID'><error/></iq>", trip), probe.Unanswered, "", trip, stanza.Error{Condition: stanza.UndefinedCondition}},
		{"an error without an error",
			nil, say("<iq from='romeo@montague.lit' to='ME' type='error' id='ID'/>", trip), probe.Unanswered, "", trip, stanza.Error{Condition: stanza.UndefinedCondition}},
		{"a result from our own domain is no answer",
			nil, say(strings.Replace(battery, "romeo@montague.lit", "capulet.lit", 1), trip), probe.Unanswered, "", 10 * time.Second, probe.ErrNoAnswer},
		{"nor is an error from a stranger",
			nil, say(fenceError("from='mercutio@verona.lit'", "forbidden"), trip), probe.Unanswered, "", 10 * time.Second, probe.ErrNoAnswer},
		{"an error of the probe from a stranger",
			say(strings.Replace(blockedBy(""), "romeo@montague.lit", "mercutio@verona.lit", 1), trip), nil, probe.Unanswered, "", 10 * time.Second, probe.ErrNoAnswer},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := world(t, server.Silent)
				script(s, tc.onProbe, tc.onQuery)
				c, done := connect(t, s)
				defer done()
				began := time.Now()
				a := ask(t, c, romeo, nil)
				if took := time.Since(began); a.Outcome != tc.outcome || a.Status != tc.status || took != tc.took {
					t.Errorf("%v, %q after %v, want %v, %q after %v", a.Outcome, a.Status, took, tc.outcome, tc.status, tc.took)
				}
				var counts probe.Stats
				switch counts.Sent = 1; tc.outcome {
				case probe.Available:
					counts.Available = 1
				case probe.Unavailable:
					counts.Unavailable = 1
				case probe.Unauthorized:
					counts.Unauthorized = 1
				case probe.Error:
					counts.Error = 1
				case probe.Unanswered:
					counts.Unanswered = 1
				}
				if got := c.Stats(); got != counts {
					t.Errorf("stats = %+v, want %+v", got, counts)
				}
				if !errors.Is(a.Err, tc.err) {
					t.Errorf("the reason is %v, want %v", a.Err, tc.err)
				}
				if a.Err != nil && strings.HasSuffix(fmt.Sprintf("roster: open: %v", a.Err), ": ") {
					t.Errorf("nothing behind the colon of %q", a.Err)
				}
			})
		})
	}
}

func TestUptimeOfAHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.Silent)
		script(s, say("<presence from='montague.lit' to='ME'/>", time.Millisecond),
			say("<iq from='montague.lit' to='ME' type='result' id='ID'><query xmlns='jabber:iq:last' seconds='3600'/></iq>", 300*time.Millisecond))
		c, done := connect(t, s)
		defer done()
		since, err := c.Uptime(t.Context(), jid.MustParse("montague.lit"))
		if err != nil || time.Since(since) != time.Hour {
			t.Errorf("up since %v, %v", since, err)
		}
	})
}

func TestAnsweredGetsALateFence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.Silent)
		script(s, []server.Answer{{XML: here, After: time.Millisecond}, {XML: strings.Replace(here, "orchard", "garden", 1), After: 2 * time.Millisecond}},
			say(now, 50*time.Millisecond))
		var told []probe.Answer
		var asked []bool
		c, done := connect(t, s, probe.Answered(func(a probe.Answer) { told = append(told, a) }),
			probe.Observe(func(_ probe.Presence, of bool) { asked = append(asked, of) }))
		defer done()
		if a := ask(t, c, romeo, nil); a.Outcome != probe.Available || a.Late || len(a.Presences) != 1 || a.Activity.Told {
			t.Errorf("%+v", a)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if len(told) != 2 || told[0].Late || !told[1].Late || !told[1].Activity.Told || len(told[1].Presences) != 2 || told[1].Outcome != probe.Available {
			t.Errorf("told: %+v", told)
		}
		if len(asked) != 2 || !asked[0] || !asked[1] {
			t.Errorf("asked for: %v", asked)
		}
		if stats := c.Stats(); stats.Available != 1 || stats.Sent != 1 {
			t.Errorf("stats: %+v", stats)
		}
	})
}

func TestAFenceThatNeverArrivesIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.Silent)
		script(s, say(here, time.Millisecond), say(now, 11*time.Second))
		told := 0
		c, done := connect(t, s, probe.CoolDown(0), probe.Answered(func(probe.Answer) { told++ }))
		defer done()
		for range 3 {
			ask(t, c, romeo, nil)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if told != 3 {
			t.Errorf("told %d times, want 3", told)
		}
	})
}

func TestSettleWaitsForFurtherResources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.Silent)
		script(s, []server.Answer{{XML: here, After: time.Millisecond}, {XML: strings.Replace(here, "orchard", "garden", 1), After: 40 * time.Millisecond}},
			say(now, 2*time.Millisecond))
		c, done := connect(t, s, probe.Settle(50*time.Millisecond))
		defer done()
		began := time.Now()
		if a := ask(t, c, romeo, nil); len(a.Presences) != 2 || time.Since(began) != 51*time.Millisecond {
			t.Errorf("%d resources after %v", len(a.Presences), time.Since(began))
		}
	})
}

func TestATimeoutSaysWhatWasAwaited(t *testing.T) {
	nothing := func(server.Question) []server.Answer { return nil }
	unserved := func(t *testing.T, s *server.Server) *probe.Client {
		session, err := s.Session(context.Background(), juliet)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = session.Conn().Close() })
		return probe.NewClient(session)
	}
	t.Run("nobody serves the session", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := world(t, server.Silent)
			s.Hook = nothing
			c := unserved(t, s)
			defer c.Close()
			a := ask(t, c, romeo, nil)
			if text := fmt.Sprint(a.Err); !errors.Is(a.Err, probe.ErrNoAnswer) || !strings.Contains(text, "Handler?") ||
				!strings.Contains(text, "10s") || !strings.Contains(text, romeo.String()) {
				t.Errorf("%v", a.Err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			_, err := c.Probe(ctx, nurse)
			if text := fmt.Sprint(err); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, probe.ErrNoAnswer) ||
				!strings.Contains(text, "Handler?") || !strings.Contains(text, "300ms") {
				t.Errorf("%v", err)
			}
		})
	})
	for name, tc := range map[string]struct{ xml, fence, want string }{
		"no stanza arrives":     {"", "", "no stanza has arrived"},
		"other stanzas arrive":  {"<message from='nurse@capulet.lit' to='ME'/>", "", "other stanzas"},
		"the presence arrives":  {gone, "", "for the last activity"},
		"no presence arrives":   {"<message/>", "", "presence and last activity"},
		"last activity arrives": {"<message/>", now, "for the presence of"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := world(t, server.Silent)
				c, done := connect(t, s)
				defer done()
				ask(t, c, nurse, nil)
				if script(s, say(tc.xml, time.Millisecond), say(tc.fence, 600*time.Millisecond)); tc.xml == "" {
					s.Hook = nothing
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if _, err := c.Probe(ctx, romeo); !strings.Contains(fmt.Sprint(err), tc.want) {
					t.Errorf("%v, want %q", err, tc.want)
				}
			})
		})
	}
}

// Where the Client does not serve the session itself, it looks every 100 ms.
func TestTheEndOfTheSessionEndsCalls(t *testing.T) {
	for name, tc := range map[string]struct {
		serve func(*probe.Client, *xmpp.Session) error
		took  time.Duration
	}{
		"the Client serves it": {func(c *probe.Client, _ *xmpp.Session) error { return c.Serve(nil) }, 30 * time.Millisecond},
		"its handler is used":  {func(c *probe.Client, s *xmpp.Session) error { return s.Serve(c.Handler(nil)) }, 100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := world(t, server.Silent)
				s.Hook = func(server.Question) []server.Answer { return nil }
				session, err := s.Session(t.Context(), juliet)
				if err != nil {
					t.Fatal(err)
				}
				c := probe.NewClient(session)
				go func() { _ = tc.serve(c, session) }()
				synctest.Wait()
				began := time.Now()
				time.AfterFunc(30*time.Millisecond, func() { _ = session.Conn().Close() })
				ask(t, c, romeo, probe.ErrClosed)
				if took := time.Since(began); took != tc.took {
					t.Errorf("it took %v, want %v", took, tc.took)
				}
			})
		})
	}
}
