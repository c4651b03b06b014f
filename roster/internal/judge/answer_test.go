package judge_test

import (
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/delay"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster/internal/judge"
)

// answered returns what is known after an answer of an hour after dawn.
func answered(t *testing.T, a probe.Answer, story ...string) (*teller, judge.View) {
	t.Helper()
	s := play(t, append([]string{"session"}, story...)...)
	s.now = minute(60)
	a.Outcome, a.Received = probe.Unavailable, s.now
	if !s.Answer(a, s.hearing(judge.Probe)) {
		t.Errorf("no news: %+v", a)
	}
	s.tell()
	return s, s.view()
}

// last is a presence that a server made of the last available one.
func last(t *testing.T, stamp time.Time) []probe.Presence {
	t.Helper()
	return []probe.Presence{read(t, minute(60), "<presence xmlns='jabber:client' from='romeo@montague.lit' type='unavailable'><priority>1</priority>"+
		"<delay xmlns='urn:xmpp:delay' from='montague.lit' stamp='"+stamp.Format(time.RFC3339)+"'/></presence>")}
}

func TestPresenceThatWasHeldBackIsNotWhatTheAnswerSays(t *testing.T) {
	romeo, gateway := jid.MustParse("romeo@montague.lit"), jid.MustParse("montague.lit")
	hour := probe.LastActivity{Told: true, Ago: time.Hour}
	said := probe.LastActivity{Told: true, Status: "bye"}
	for _, tc := range []struct {
		name     string
		contact  jid.JID
		activity probe.LastActivity
		held     float64 // for so many minutes
		want     judge.Lack
	}{
		{"he left since", romeo, hour, 40, judge.Outdated},
		{"he left just now", romeo, said, 40, judge.Outdated},
		{"he is connected", romeo, probe.LastActivity{Told: true}, 40, judge.Nothing},
		{"his presence is of now", romeo, hour, 0, judge.Nothing},
		{"his presence was held back for a moment", romeo, hour, 1, judge.Nothing},
		{"a host is up for an hour", gateway, hour, 40, judge.Nothing},
	} {
		s := play(t, "session", "A .")
		p := read(t, s.now, "<presence xmlns='jabber:client' from='romeo@montague.lit'/>")
		if tc.held > 0 {
			p.Held = s.now.Add(-time.Duration(tc.held * float64(time.Minute)))
		}
		s.Answer(probe.Answer{Contact: tc.contact, Outcome: probe.Available, Activity: tc.activity, Presences: []probe.Presence{p}}, s.hearing(judge.Probe))
		if v := s.view(); !v.Online || v.Lack != tc.want {
			t.Errorf("%s: online %t, lacking %v, want %v", tc.name, v.Online, v.Lack, tc.want)
		}
	}
}

func TestPresenceAndLastActivityInOneAnswer(t *testing.T) {
	const presence, activity = probe.FromPresence, probe.FromLastActivity
	for _, tc := range []struct {
		name string
		a    probe.Answer
		want judge.Report // Status, At, Stamp, Settled and Ours
	}{
		{"words of a departure long before", probe.Answer{Stamp: minute(-60), LastSeen: minute(58), LastSeenFrom: activity, Status: "old", StatusFrom: presence,
			Activity: probe.LastActivity{Told: true, Ago: 2 * time.Minute, Status: "gone"}},
			judge.Report{At: judge.MomentOf(minute(58)), Status: "gone", Settled: true, Ours: true}},
		{"words of half an hour before", probe.Answer{Stamp: minute(28), LastSeen: minute(58), LastSeenFrom: activity, Status: "bye", StatusFrom: presence,
			Activity: probe.LastActivity{Told: true, Ago: 2 * time.Minute}},
			judge.Report{At: judge.MomentOf(minute(58)), Stamp: judge.MomentOf(minute(28)), Status: "bye", Settled: true, Ours: true}},
		{"words without a stamp", probe.Answer{LastSeen: minute(58), LastSeenFrom: activity, Status: "bye", StatusFrom: presence,
			Activity: probe.LastActivity{Told: true, Ago: 2 * time.Minute}},
			judge.Report{At: judge.MomentOf(minute(58)), Status: "bye", Settled: true, Ours: true}},
		{"words of last activity, and a stamp of long before", probe.Answer{Stamp: minute(-60), LastSeen: minute(58), LastSeenFrom: activity, StatusFrom: activity,
			Activity: probe.LastActivity{Told: true, Ago: 2 * time.Minute, Status: "gone"}},
			judge.Report{At: judge.MomentOf(minute(58)), Stamp: judge.MomentOf(minute(-60)), Status: "gone", Settled: true, Ours: true}},
		{"a stamp of half an hour later", probe.Answer{Stamp: minute(50), LastSeen: minute(20), LastSeenFrom: activity, Status: "bye", StatusFrom: presence,
			Activity: probe.LastActivity{Told: true, Ago: 40 * time.Minute}},
			judge.Report{At: judge.MomentOf(minute(20)), Stamp: judge.MomentOf(minute(50)), Status: "bye", Settled: true, Ours: true}},
		{"the last available presence, eight seconds later", probe.Answer{LastSeen: minute(20), LastSeenFrom: activity, StatusFrom: activity, Presences: last(t, minute(20).Add(8*time.Second)),
			Activity: probe.LastActivity{Told: true, Ago: 40 * time.Minute, Status: "bye"}},
			judge.Report{At: judge.MomentOf(minute(20)), Status: "bye", Settled: true, Ours: true}},
		{"the last available presence, and words without a time", probe.Answer{StatusFrom: activity, Presences: last(t, minute(20)),
			Activity: probe.LastActivity{Told: true, Status: "bye"}},
			judge.Report{Status: "bye"}},
		{"the last available presence beside another stamp", probe.Answer{Stamp: minute(20), LastSeen: minute(20), LastSeenFrom: presence, StatusFrom: activity,
			Presences: last(t, minute(20)), Activity: probe.LastActivity{Told: true, Ago: 30 * time.Minute, Status: "bye"}},
			judge.Report{Stamp: judge.MomentOf(minute(20)), Status: "bye"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, _ := answered(t, tc.a)
			k := s.Keep().Told
			got := judge.Report{At: k.At, Stamp: k.Stamp, Status: k.Status, Settled: k.Settled, Ours: k.Ours}
			if got != tc.want {
				t.Errorf("kept: %+v\nwant:  %+v", got, tc.want)
			}
		})
	}
}

func TestAStampOfTheFutureInAnAnswerIsABound(t *testing.T) {
	p := read(t, minute(60), "<presence xmlns='jabber:client' from='romeo@montague.lit' type='unavailable'/>")
	p.Doubts = []delay.Doubt{{Why: delay.Future}}
	s, v := answered(t, probe.Answer{Stamp: minute(60), LastSeen: minute(60), LastSeenFrom: probe.FromPresence, Presences: []probe.Presence{p}})
	if k := s.Keep().Told; !k.Ours || !k.Bounded || k.Stamp != 0 || v.Lack != judge.NoDetails {
		t.Errorf("kept: %+v", k)
	}
}

func TestLastActivityJustAfterAResourceLeftIsInDoubt(t *testing.T) {
	for after, want := range map[time.Duration]judge.Lack{8*time.Second - time.Microsecond: judge.Outdated, 8 * time.Second: judge.Nothing} {
		at := minute(4).Add(after)
		_, v := answered(t, probe.Answer{LastSeen: at, LastSeenFrom: probe.FromLastActivity, Activity: probe.LastActivity{Told: true, Ago: minute(60).Sub(at)}},
			"A orchard", "A balcony", "inactive", "U orchard", "active", "session")
		if v.Lack != want || v.LastSeen != judge.MomentOf(at) {
			t.Errorf("%v later: %+v", after, v)
		}
	}
}

func TestTheSourceIsThatOfTheStatus(t *testing.T) {
	if v := play(t, "session", "U . @-60", "F - gone @-60").view(); v.Source != judge.Probe || v.Status != "gone" {
		t.Errorf("known: %+v", v)
	}
}

func TestStampsThatSecondsConfirmAreOurs(t *testing.T) {
	hour := minute(60)
	for _, tc := range []struct {
		name string
		a    probe.Answer
		at   time.Time
		ours bool
	}{
		{"nothing but the stamp", probe.Answer{}, minute(30), false},
		{"seconds of the same time", probe.Answer{Activity: probe.LastActivity{Told: true, Ago: 30 * time.Minute}}, minute(30), true},
		{"three seconds apart", probe.Answer{Activity: probe.LastActivity{Told: true, Ago: 30*time.Minute + 3*time.Second}}, minute(30), true},
		{"four seconds apart", probe.Answer{Activity: probe.LastActivity{Told: true, Ago: 30*time.Minute + 4*time.Second}}, minute(30), false},
		{"the stamp is earlier by what the answer took", probe.Answer{RoundTrip: 5 * time.Second,
			Activity: probe.LastActivity{Told: true, Ago: 30*time.Minute - 8*time.Second}}, minute(30).Add(8 * time.Second), true},
		{"and by more", probe.Answer{RoundTrip: 5 * time.Second,
			Activity: probe.LastActivity{Told: true, Ago: 30*time.Minute - 9*time.Second}}, minute(30), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.a.Stamp, tc.a.LastSeen, tc.a.LastSeenFrom = minute(30), minute(30), probe.FromPresence
			s, v := answered(t, tc.a)
			if k := s.Keep().Told; v.LastSeen != judge.MomentOf(tc.at) || k.Ours != tc.ours {
				t.Errorf("last seen %v, ours: %t", v.LastSeen.Time(), k.Ours)
			}
		})
	}
	// Seconds without any time and words may mean that somebody is connected.
	for _, la := range []probe.LastActivity{{Told: true, Status: "bye"}, {Told: true}} {
		s, _ := answered(t, probe.Answer{Stamp: hour, LastSeen: hour, LastSeenFrom: probe.FromPresence, Activity: la})
		if k := s.Keep().Told; k.Ours != (la.Status != "") {
			t.Errorf("%+v: ours: %t", la, k.Ours)
		}
	}
}

func TestAConfirmedStampKeepsItsSource(t *testing.T) {
	a := probe.Answer{Stamp: minute(30), LastSeen: minute(30), LastSeenFrom: probe.FromPresence, Activity: probe.LastActivity{Told: true, Ago: 30 * time.Minute}}
	s, v := answered(t, a, "wait 29", "U . bye @30")
	if k := s.Keep().Told; v.Source != judge.Live || !k.Ours || k.Status != "bye" {
		t.Errorf("from %d, kept: %+v", v.Source, k)
	}
}
