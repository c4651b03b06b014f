package judge_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/delay"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster/internal/judge"
)

func play(t *testing.T, story ...string) *teller {
	t.Helper()
	s := &teller{now: dawn}
	s.play(t, story...)
	s.now = s.now.Add(-time.Minute)
	s.horizon.Now = judge.MomentOf(s.now)
	return s
}

func (s *teller) view() judge.View { return s.View(s.horizon) }

func TestTextsOfServers(t *testing.T) {
	const live, asked = "U orchard ", "F 60 "
	for _, tc := range []struct {
		how, text string
		cause     judge.Cause
		server    bool
	}{
		{asked, "Registered but didn't login", judge.NeverLoggedIn, true},
		{asked, "Registered but didn't login yet", judge.Goodbye, false},
		{live, "Registered but didn't login", judge.Goodbye, false},
		{asked, "Stream reset by peer", judge.ConnectionLost, true},
		{asked, "Stream reset by peer pressure", judge.Goodbye, false},
		{live, "Stream reset by peer", judge.Goodbye, false},
		{asked, "Connection failed: connection closed", judge.ConnectionLost, true},
		{asked, "Connection failed: never seen before", judge.ConnectionLost, true},
		{asked, "Connection failed, says my mother", judge.Goodbye, false},
		{asked, "Stream closed by local host: Timed out waiting for stream resumption (connection-timeout)", judge.TimedOut, true},
		{asked, "Stream closed by local host: system-shutdown", judge.ServerStopped, true},
		{asked, "Stream closed by local host: User removed (not-authorized)", judge.AccountDeleted, true},
		{asked, "Stream closed by local host: Replaced by new connection (conflict)", judge.CauseUnknown, true},
		{asked, "Stream failed: out of luck", judge.ConnectionLost, true},
		{asked, "Stream closed by peer: bye (undefined-condition)", judge.ConnectionLost, true},
		{live, "Stream closed by local host: system-shutdown", judge.Goodbye, false},
		{asked, "Disconnected: closed", judge.ConnectionLost, true},
		{live, "Disconnected: closed", judge.ConnectionLost, true},
		{live, "Disconnected: Replaced by new connection", judge.CauseUnknown, true},
		{live, "Disconnected: Hibernating too long", judge.TimedOut, true},
		{live, "Disconnected: connection timeout", judge.TimedOut, true},
		{live, "Disconnected: Received SIGTERM", judge.ServerStopped, true},
		{live, "Disconnected: Received SIGINT", judge.ServerStopped, true},
		{live, "Disconnected: The server is shutting down", judge.ServerStopped, true},
		{live, "Disconnected: Account deleted", judge.AccountDeleted, true},
		{live, "Disconnected from the world until Monday", judge.Goodbye, false},
		{live, "Stream error: connection timed out", judge.TimedOut, true},
		{asked, "Logged out", judge.CauseUnknown, true},
		{asked, "Logged out of life", judge.Goodbye, false},
		{live, "Logged out", judge.Goodbye, false},
		{live, "Stream closed by peer: bye", judge.Goodbye, false},
		{live, "Connection failed: connection closed", judge.Goodbye, false},
		{live, "Stream failed: out of luck", judge.Goodbye, false},
		{live, "Out of battery.", judge.Goodbye, false},
		{live, "", judge.CauseUnknown, false},
	} {
		t.Run(tc.how+tc.text, func(t *testing.T) {
			v := play(t, "session", "A orchard", tc.how+tc.text).view()
			if tc.how == asked {
				v = play(t, "session", asked+tc.text).view()
			}
			status, text := tc.text, ""
			if tc.server {
				status, text = "", tc.text
			}
			if v.Cause != tc.cause || v.Status != status || v.Text != text {
				t.Errorf("cause %d, status %q, text %q; want %d, %q, %q", v.Cause, v.Status, v.Text, tc.cause, status, text)
			}
			if v.Lack != judge.Nothing || (v.LastSeen == 0) != (tc.cause == judge.NeverLoggedIn) {
				t.Errorf("known: %+v", v)
			}
		})
	}
}

func TestAContactSeenOnlineHasNotNeverLoggedIn(t *testing.T) {
	v := play(t, "session", "A orchard", "session", "F 1 Registered but didn't login").view()
	if v.Cause == judge.NeverLoggedIn || v.LastSeen != 0 || v.OnlineAt != judge.MomentOf(minute(1)) || v.Lack != judge.NoDetails {
		t.Errorf("known: %+v", v)
	}
}

func TestWhereKnowledgeIsFrom(t *testing.T) {
	for _, tc := range []struct {
		story []string
		want  judge.Source
	}{
		{[]string{"session"}, judge.None},
		{[]string{"session", "A orchard"}, judge.Live},
		{[]string{"session", "a orchard"}, judge.Probe},
		{[]string{"session", "A orchard", "U orchard"}, judge.Live},
		{[]string{"session", "U . bye @-5"}, judge.Live},
		{[]string{"session", "u . bye @-5"}, judge.Probe},
		{[]string{"session", "F 60 bye"}, judge.LastActivity},
		{[]string{"session", "F - bye @-5"}, judge.Probe},
		{[]string{"session", "F 60 bye", "restart"}, judge.Stored},
		{[]string{"session", "A orchard", "restart"}, judge.Stored},
		{[]string{"session", "A orchard", "U orchard", "session", "F 120 Stream reset by peer"}, judge.Live},
		{[]string{"session", "U . @-60", "F 3660 gone"}, judge.LastActivity},
	} {
		if got := play(t, tc.story...).view().Source; got != tc.want {
			t.Errorf("%q: %d, want %d", tc.story, got, tc.want)
		}
	}
}

func TestWhenItWasConfirmedAndOnline(t *testing.T) {
	for _, tc := range []struct {
		story          []string
		learnt, online float64 // minutes; -1: never
	}{
		{[]string{"session"}, -1, -1},
		{[]string{"session", "A orchard"}, 1, 1},
		{[]string{"session", "A orchard @-5"}, 1, 1},
		{[]string{"session", "A orchard", "U orchard"}, 2, 1},
		{[]string{"session", "A orchard", "U orchard", "F 60 bye"}, 3, 1},
		{[]string{"session", "A orchard", "E forbidden"}, 1, 1},
		{[]string{"session", "inactive", "wait 5", "A orchard held 2", "active"}, 8, 1},
		{[]string{"session", "inactive", "wait 5", "a orchard", "active"}, 8, 8},
		{[]string{"session", "A orchard held 0"}, 1, -1},
		{[]string{"session", "A orchard", "alive 1.5", "U orchard"}, 3, 1.5},
		{[]string{"session", "alive 0.5"}, -1, 0.5},
		{[]string{"session", "U .", "alive 9"}, 1, -1},
		{[]string{"session", "inactive", "wait 5", "A orchard", "active"}, 8, 1},
		{[]string{"session", "A orchard", "clock -60", "U orchard bye"}, -60, -60},
		{[]string{"session", "A orchard", "U orchard bye", "wait 5", "alive 6", "restart"}, 2, 6},
	} {
		v := play(t, tc.story...).view()
		at := func(m float64) judge.Moment {
			if m == -1 {
				return 0
			}
			return judge.MomentOf(minute(m))
		}
		if v.Learnt != at(tc.learnt) || v.OnlineAt != at(tc.online) {
			t.Errorf("%q: confirmed %v, online %v", tc.story, v.Learnt.Time(), v.OnlineAt.Time())
		}
	}
}

func TestWhyStaysUntilSomethingIsKnown(t *testing.T) {
	why := func(story ...string) error { return play(t, story...).view().Why }
	var se stanza.Error
	if err := why("session", "U .", "E remote-server-not-found"); !errors.As(err, &se) || se.Condition != stanza.RemoteServerNotFound {
		t.Errorf("after an error: %v", err)
	}
	if err := why("session", "E forbidden", "E remote-server-timeout"); !errors.As(err, &se) || se.Condition != stanza.RemoteServerTimeout {
		t.Errorf("after another error: %v", err)
	}
	for _, line := range []string{"A orchard", "U .", "F 60 bye"} {
		if err := why("session", "E forbidden", line); err != nil {
			t.Errorf("after %q: %v", line, err)
		}
	}
	s := play(t, "session")
	p := read(t, s.now, "<presence xmlns='jabber:client' from='romeo@montague.lit' type='error'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>")
	if !s.Presence(&p, s.hearing(judge.Live), false) || !errors.As(s.view().Why, &se) || se.Condition != stanza.Gone {
		t.Errorf("after an error of presence: %v", s.view().Why)
	}
}

func TestReportsThatSayNothingChangeNothing(t *testing.T) {
	s := play(t, "session", "A orchard hi")
	for _, typ := range []string{"subscribe", "subscribed", "probe"} {
		p := read(t, s.now, "<presence xmlns='jabber:client' from='romeo@montague.lit' type='"+typ+"'/>")
		if s.Presence(&p, s.hearing(judge.Live), false) {
			t.Errorf("%s changed something", typ)
		}
	}
	for name, a := range map[string]probe.Answer{
		"available":  {Outcome: probe.Available, Received: s.now},
		"unanswered": {Outcome: probe.Unanswered, Received: s.now},
	} {
		if s.Answer(a, s.hearing(judge.Probe)) {
			t.Errorf("%s changed something", name)
		}
	}
	if got := s.tell(); got != "online orchard(hi)" {
		t.Errorf("known: %s", got)
	}
}

func TestAnAnswerThatIsOvertaken(t *testing.T) {
	s := play(t, "session", "U .")
	asked := s.hearing(judge.Probe)
	s.now = s.now.Add(time.Second)
	s.line(t, []string{"A", "orchard"})
	if s.Answer(probe.Answer{Outcome: probe.Unavailable, LastSeen: dawn, Received: asked.At.Time()}, asked) {
		t.Error("an answer of before changed something")
	}
	if got := s.tell(); got != "online orchard()" {
		t.Errorf("known: %s", got)
	}
}

func TestAFormerSession(t *testing.T) {
	s := play(t, "session", "A orchard", "session", "A balcony")
	old := s.hearing(judge.Live)
	old.Epoch--
	p := read(t, s.now, "<presence xmlns='jabber:client' from='romeo@montague.lit/balcony' type='unavailable'/>")
	if s.Presence(&p, old, false) || s.Answer(probe.Answer{Outcome: probe.Unavailable, LastSeen: dawn}, old) {
		t.Error("a former session changed something")
	}
	if got := s.tell(); got != "online balcony()" {
		t.Errorf("known: %s", got)
	}
}

func TestResources(t *testing.T) {
	s := play(t, "session")
	for i, x := range []string{
		"<presence xmlns='jabber:client' from='romeo@montague.lit/a'><priority>1</priority><show>away</show><status>Hi.</status><idle xmlns='urn:xmpp:idle:1' since='2012-09-10T05:00:00Z'/><delay xmlns='urn:xmpp:delay' from='montague.lit' stamp='2012-09-10T05:30:00Z'/></presence>",
		"<presence xmlns='jabber:client' from='romeo@montague.lit/c'><priority>5</priority></presence>",
		"<presence xmlns='jabber:client' from='romeo@montague.lit/b'><priority>5</priority></presence>",
		"<presence xmlns='jabber:client' from='romeo@montague.lit/d'><priority>5</priority></presence>",
		"<presence xmlns='jabber:client' from='romeo@montague.lit'/>",
	} {
		if i == 3 {
			s.now = s.now.Add(time.Second)
		}
		p := read(t, s.now, x)
		s.Presence(&p, s.hearing(judge.Live), i == 0)
	}
	v := s.view()
	got := ""
	for _, r := range v.Here {
		got += r.Name
	}
	if got != "dbca" {
		t.Fatalf("the order is %q, want the best and latest first, then by name, and none for the bare address", got)
	}
	a := v.Here[3]
	if a.Show != "away" || a.Status != "Hi." || a.Priority != 1 || a.Since.Time().Format("15:04") != "05:30" || a.Idle.Time().Format("15:04") != "05:00" || a.Kept == nil {
		t.Errorf("the resource is %+v", a)
	}
	if b := v.Here[1]; b.Kept != nil || b.Since != judge.MomentOf(dawn) {
		t.Errorf("the resource is %+v", b)
	}
	p := read(t, s.now, "<presence xmlns='jabber:client' from='romeo@montague.lit/e'/>")
	p.Held = minute(-1)
	s.Presence(&p, s.hearing(judge.Live), false)
	if r := s.view().Here[4]; r.Name != "e" || r.Since != judge.MomentOf(minute(-1)) {
		t.Errorf("a resource that was held back: %+v", r)
	}
}

func TestTheStatusIsThatOfTheBestResource(t *testing.T) {
	if v := play(t, "session", "A orchard hi", "A balcony ho").view(); v.Status != "ho" {
		t.Errorf("the status is %q", v.Status)
	}
}

func TestWhatIsKept(t *testing.T) {
	if k := play(t, "session", "A orchard", "U orchard bye").Keep(); k.Seen.Status != "bye" || !k.Seen.Ours || !k.Seen.Settled || k.Told != (judge.Report{}) {
		t.Errorf("of what was seen: %+v", k)
	}
	if k := play(t, "session", "F 60 bye @0").Keep(); k.Told.Status != "bye" || k.Told.Stamp != judge.MomentOf(dawn) || k.Seen != (judge.Report{}) {
		t.Errorf("of what was told: %+v", k)
	}
}

func TestWhatIsAChange(t *testing.T) {
	s := play(t, "session", "U .")
	now := judge.MomentOf(s.now)
	for name, news := range map[string]bool{
		"an answer":                    s.Answer(probe.Answer{Outcome: probe.Unavailable, Received: s.now}, s.hearing(judge.Probe)),
		"an error":                     s.Answer(probe.Answer{Outcome: probe.Error, Err: stanza.Error{}, Received: s.now}, s.hearing(judge.Probe)),
		"a sign of life":               s.Alive(now, now),
		"the same once more":           !s.Alive(now, now),
		"a sign of life in the future": !s.Alive(now+1, now),
	} {
		if !news {
			t.Errorf("%s is judged wrongly", name)
		}
	}
	s.Partly(s.horizon.Epoch)
	if available := (probe.Answer{Outcome: probe.Available, Received: s.now, Late: true}); !s.Answer(available, s.hearing(judge.Probe)) || s.Answer(available, s.hearing(judge.Probe)) {
		t.Error("that all is told is judged wrongly")
	}
}

func TestTheLatestResourcesAreKept(t *testing.T) {
	one := play(t, "session")
	for i := range 33 {
		one.line(t, []string{"A", fmt.Sprint("r", i)})
	}
	if n := len(one.view().Here); n != 32 {
		t.Errorf("of 33 resources %d are kept, want 32", n)
	}
	s := play(t, "session")
	for i := range 40 {
		s.line(t, []string{"A", fmt.Sprint("r", i)})
	}
	v := s.view()
	if len(v.Here) != 32 {
		t.Fatalf("%d are kept, want 32", len(v.Here))
	}
	for _, r := range v.Here {
		if r.Name == "r7" {
			t.Error("an early one is kept")
		}
	}
}

func TestHosts(t *testing.T) {
	s := play(t, "session")
	at := judge.MomentOf(dawn)
	if !s.SetUp(at) || s.SetUp(at) || s.view().Up != at {
		t.Errorf("up: %+v", s.view())
	}
	if !s.SetUp(0) || s.view().Up != 0 {
		t.Errorf("not told any more: %+v", s.view())
	}
}

func TestForgetting(t *testing.T) {
	for _, line := range []string{"A orchard", "U .", "F 60 bye", "E forbidden", "alive 0", "A nick room"} {
		s := play(t, "session", line)
		if !s.Anything() {
			t.Errorf("%q left nothing", line)
		}
		if s.Room() != (line == "A nick room") {
			t.Errorf("%q: a room: %t", line, s.Room())
		}
		at := judge.MomentOf(minute(9))
		s.Forget(at)
		if s.Anything() || s.Since() != at || s.tell() != "never heard:" {
			t.Errorf("after forgetting %q: %s", line, s.tell())
		}
		s.Forget(0)
		if s.Since() != 0 {
			t.Error("forgotten as of nothing")
		}
	}
}

func TestOccupantsOfARoomAreNotResources(t *testing.T) {
	s := play(t, "session", "A orchard", "A nick room", "U nick", "A .", "F 60 bye", "alive 0.5")
	v := s.view()
	if v.Online || v.LastSeen != 0 || v.OnlineAt != 0 || !v.Room || v.Lack != judge.Nothing {
		t.Errorf("known: %+v", v)
	}
	p := s.presence(t, []string{"A", "nick", "room"})
	if s.Presence(&p, s.hearing(judge.Live), false) {
		t.Error("another occupant is news")
	}
}

func TestRestoring(t *testing.T) {
	account := func(heard, at float64, status string) judge.Report {
		return judge.Report{Heard: judge.MomentOf(minute(heard)), At: judge.MomentOf(minute(at)), Status: status, Settled: true, Ours: true}
	}
	m := func(x float64) judge.Moment { return judge.MomentOf(minute(x)) }
	for _, tc := range []struct {
		name string
		kept judge.Kept
		want string
	}{
		{"nothing", judge.Kept{}, "never heard:"},
		{"what was seen", judge.Kept{Seen: account(5, 5, "bye"), Learnt: m(5)}, "outdated: offline at 5 bye"},
		{"a report", judge.Kept{Told: account(9, 5, "bye"), Learnt: m(9)}, "outdated: offline at 5 bye"},
		{"a later report of the same departure", judge.Kept{Seen: account(5, 5, "bye"), Told: account(9, 5, "other"), Learnt: m(9)}, "outdated: offline at 5 bye"},
		{"a later report of a later departure", judge.Kept{Seen: account(5, 5, "bye"), Told: account(9, 8, "other"), Learnt: m(9)}, "outdated: offline at 8 other"},
		{"told later of an earlier one", judge.Kept{Seen: account(5, 5, "bye"), Told: account(9, 2, "other"), Learnt: m(9)}, "outdated: offline at 5 bye"},
		{"told before", judge.Kept{Seen: account(5, 5, "bye"), Told: account(4, 2, "other"), Learnt: m(5)}, "outdated: offline at 5 bye"},
		{"told before, by a clock that was ahead", judge.Kept{Seen: account(5, 5, "bye"),
			Told: judge.Report{Heard: m(4), At: m(25), Stamp: m(25), Status: "other"}, Learnt: m(5)}, "outdated: offline at 5 bye"},
		{"online since", judge.Kept{Seen: account(5, 5, "bye"), Online: m(6), Learnt: m(6)}, "outdated: offline"},
		{"online at the same moment", judge.Kept{Seen: account(5, 5, "bye"), Online: m(5), Learnt: m(5)}, "outdated: offline at 5 bye"},
		{"heard in the future", judge.Kept{Seen: account(15, 5, "bye"), Learnt: m(5)}, "outdated: offline"},
		{"seen in the future", judge.Kept{Told: account(5, 15, "bye"), Learnt: m(5)}, "outdated: offline"},
		{"forgotten in the future", judge.Kept{Since: m(15), Seen: account(5, 5, "bye"), Learnt: m(5)}, "never heard:"},
		{"online in the future", judge.Kept{Online: m(15), Learnt: m(5)}, "outdated: offline"},
		{"all in the future", judge.Kept{Online: m(15), Learnt: m(15)}, "never heard:"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := teller{now: minute(10)}
			s.horizon.Epoch = 1
			s.Restore(tc.kept, m(10))
			if got := s.tell(); got != tc.want {
				t.Errorf("known: %s, want %s", got, tc.want)
			}
			if v := s.view(); v.OnlineAt > m(10) || v.Learnt > m(10) {
				t.Errorf("known of the future: %+v", v)
			}
		})
	}
}

func TestRestoringAfterPresenceWasReceived(t *testing.T) {
	kept := judge.Kept{
		Seen:   judge.Report{Heard: judge.MomentOf(minute(-60)), At: judge.MomentOf(minute(-60)), Status: "bye", Settled: true, Ours: true},
		Online: judge.MomentOf(minute(-70)), Learnt: judge.MomentOf(minute(-60)),
	}
	for _, tc := range []struct {
		story []string
		want  string
	}{
		{[]string{"session", "A orchard"}, "online orchard()"},
		{[]string{"session", "U ."}, "outdated: offline at -60 bye"},
		{[]string{"session", "A orchard", "U orchard new"}, "offline at 2 orchard new"},
		{[]string{"session", "U . @-60"}, "offline at -60 bye"},
		{[]string{"session", "U . other @30"}, "offline at 1 other"},
		{[]string{"session", "F 7200 older"}, "outdated: offline at -60 bye"},
		{[]string{"session", "E forbidden"}, "outdated: offline at -60 bye"},
	} {
		s := play(t, tc.story...)
		why := s.view().Why
		s.Restore(kept, judge.MomentOf(s.now))
		if got := s.tell(); got != tc.want {
			t.Errorf("%q: known: %s, want %s", tc.story, got, tc.want)
		}
		if (s.view().Why == nil) != (why == nil) || s.view().OnlineAt == 0 {
			t.Errorf("%q: why %v, online %v", tc.story, s.view().Why, s.view().OnlineAt.Time())
		}
	}
	forgotten := play(t, "session")
	forgotten.Forget(judge.MomentOf(minute(-30)))
	forgotten.Restore(kept, judge.MomentOf(dawn))
	if forgotten.Anything() {
		t.Errorf("what was forgotten came back: %s", forgotten.tell())
	}
	kept.Since = judge.MomentOf(minute(-80))
	anew := play(t, "session", "A orchard")
	anew.Restore(kept, judge.MomentOf(anew.now))
	if anew.Since() != kept.Since || anew.tell() == "online orchard()" {
		t.Errorf("another process has forgotten later: %s", anew.tell())
	}
}

// A stamp of the future stands for the time of receipt, or is not believed. Either
// way it says that its server's clock is ahead, and not when the contact left.
func TestStampsInTheFuture(t *testing.T) {
	for _, from := range []string{".", "orchard"} {
		for name, change := range map[string]func(*probe.Presence){
			"a little": func(p *probe.Presence) { p.Delay.Stamp = p.Received },
			"much":     func(p *probe.Presence) { p.Delay.Stamp = time.Time{}; p.Doubts = []delay.Doubt{{Why: delay.Future}} },
		} {
			s := play(t, "session", "U .")
			p := s.presence(t, []string{"U", from, "bye", "@9"})
			change(&p)
			if !s.Presence(&p, s.hearing(judge.Live), false) {
				t.Errorf("%s from %s is no news", name, from)
			}
			if v := s.view(); v.LastSeen != judge.MomentOf(s.now) || v.Status != "bye" || v.Lack != judge.NoDetails {
				t.Errorf("%s from %s: known %+v", name, from, v)
			}
			a := probe.Answer{Outcome: probe.Unavailable, Received: s.now, LastSeen: p.Received, Stamp: p.Received, LastSeenFrom: probe.FromPresence, Presences: []probe.Presence{p}}
			s.Answer(a, s.hearing(judge.Probe))
			if v := s.view(); v.Lack == judge.Nothing {
				t.Errorf("%s from %s, answered: known %+v", name, from, v)
			}
		}
	}
	s := play(t, "session", "U .")
	p := s.presence(t, []string{"U", "orchard", "bye"})
	p.Doubts = []delay.Doubt{{Why: delay.Forged}}
	s.Presence(&p, s.hearing(judge.Live), false)
	if v := s.view(); v.Lack != judge.Nothing {
		t.Errorf("a stranger's stamp counts: %+v", v)
	}
}

// Of resources that were all held back it is not known when they were last online.
func TestNoTimeIsKeptFromBeforeTheFirst(t *testing.T) {
	s := play(t, "session", "A orchard held 0", "A balcony held 0", "U orchard bye held 1")
	if kept := s.Keep(); kept.Seen.Heard < 0 || kept.Online < 0 {
		t.Errorf("kept: %+v", kept)
	}
}
