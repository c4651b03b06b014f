package judge_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/lastpresence/delay"
	"example.org/lastpresence/roster/internal/judge"
)

// TestWhereReportsAreOfAnotherDeparture has stories in which a slightly different
// time, or one of two conditions alone, makes it another departure.
func TestWhereReportsAreOfAnotherDeparture(t *testing.T) {
	for _, tc := range []struct{ name, story, want string }{
		{"an answer at the moment at which it was online", "session; A orchard; session; wait -3; F 60 gone", "no details: offline"},
		{"an answer at the moment at which it left", "session; A orchard; U orchard bye; wait -2; F 60 other", "offline at 2 orchard bye"},
		{"last activity half an hour after a stamp", "session; U . bye @-30; F 120", "offline at 0 bye"},
		{"last activity slightly more than half an hour after a stamp", "session; U . bye @-30.008333; F 120", "offline at 0"},
		{"last activity after the stamp, but before the stamp arrived", "session; U . bye @-20; session; wait 9; F 780", "offline at 0"},
		{"the same status in another session, without a time", "session; U . bye @-60; session; U . bye", "outdated: offline at -60 bye"},
		{"a stamp three seconds after held presence arrived", "session; A orchard; inactive; U orchard bye held 2; active; F - @3.05", "offline at 3.05 orchard bye"},
		{"last activity three seconds after held presence arrived in another session", "session; A orchard; inactive; U orchard bye held 3; active; session; wait 9; F 777", "offline at 3.05 orchard bye"},
		{"last activity later than that", "session; A orchard; inactive; U orchard bye held 3; active; session; wait 9; F 774", "offline at 3.1"},
		{"a status from after another resource left", "session; A orchard; A balcony; U orchard bye; session; U . so long", "no details: offline so long"},
		{"a report of a resource that may have left before the last", "session; A orchard; A balcony; U orchard; session; F - @5; U orchard @5", "outdated: offline at 5 orchard"},
		{"the same after a restart alone", "session; A orchard; A balcony; U orchard; session; F - @5; restart", "outdated: offline at 5"},
		{"a stamp three seconds before another resource left", "session; A orchard; A balcony; U orchard; session; F - @2.95", "outdated: offline at 2.95"},
		{"a stamp earlier than that", "session; A orchard; A balcony; U orchard; session; F - @2.94", "no details: offline"},
		{"last activity from when a resource's departure was held back", "session; A orchard; A balcony; inactive; U orchard; active; session; F - @5; F 240", "no details: offline"},
		{"last activity from before that presence arrived", "session; A orchard; A balcony; inactive; U orchard; active; session; F - @5; F 300", "outdated: offline at 3"},
		{"last activity from about when that presence arrived", "session; A orchard; A balcony; inactive; U orchard; active; session; F 180 gone", "outdated: offline at 4 gone"},
		{"an answer at the moment at which it came", "session; A orchard; wait -2; F 60 gone", "no details: offline"},
		{"last activity has the time of the last of two resources, which was held back", "session; A orchard; A balcony; U orchard; inactive; U balcony bye held 5; active; F 120", "offline at 5 balcony bye"},
		{"last activity of a departure after both", "session; A orchard; A balcony; U orchard; inactive; U balcony bye held 5; active; session; wait 20; F 60 gone", "offline at 28 gone"},
		{"a stamp of a departure long after both", "session; A orchard; A balcony; U orchard; inactive; U balcony bye held 5; active; session; wait 99; F - gone @90", "offline at 90 gone"},
		{"other words half a second after what was seen", "session; A orchard; U orchard one; session; wait 0.008333; F 180 two", "offline at 2 two"},
		{"other words half a second before that", "session; A orchard; U orchard one; session; wait -0.008333; F 180 two", "offline at 2 two"},
		{"other words a whole second before that", "session; A orchard; U orchard one; session; F 121 two", "offline at 2 orchard one"},
		{"other words of the very same moment", "session; A orchard; U orchard one; session; F 120 two", "offline at 2 orchard one"},
		{"a resource that stays keeps the statuses of one whose departure was held back", "session; A orchard hi; A balcony; U orchard held 2.5; A balcony; session; F 60 hi", "no details: offline at 5"},
		{"seconds of about when the other one left, after a stamp in doubt", "session; A orchard; A balcony; U orchard; session; F - @5; F 183", "no details: offline"},
		{"seconds of long before that", "session; A orchard; A balcony; U orchard; session; F - @5; F 184", "outdated: offline at 5"},
		{"a stamp within half an hour of when it left, after which it came back", "session; A orchard; U orchard bye; wait 28; A orchard; session; F - @31.95", "outdated: offline at 31.95"},
		{"last activity alone reports the whole contact", "session; partly; F 60 bye", "offline at 1 bye"},
		{"a later stamp after a report in doubt", "session; A orchard; A balcony; U orchard; session; F - @5; wait 20; session; F - so long @20", "outdated: offline at 20 so long"},
		{"another status in last activity", "session; U . bye; F 60 other", "offline at 1 bye"},
		{"the same once more, without a time", "session; U . bye @-60; U . bye", "offline at -60 bye"},
		{"our clock is set back after it left", "session; A orchard; U orchard bye; clock -60", "no details: offline"},
		{"a stamp from long before it was online, after its departure was held back", "session; A orchard; inactive; U orchard held 2; active; F - @-40", "no details: offline at 2 orchard"},
		{"a stamp from before it was online by less than clocks may differ", "session; A orchard; inactive; U orchard held 2; active; F - @-20", "offline at -20 orchard"},
		{"a resource leaves while another is held back", "session; A orchard; A balcony; U orchard held 2; U balcony bye", "offline at 4 balcony bye"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := play(t, strings.Split(tc.story, "; ")...).tell(); got != tc.want {
				t.Errorf("%s\nknown: %s\nwant:  %s", tc.story, got, tc.want)
			}
		})
	}
}

func TestASignOfLifeOfTheLastSecondsIsOfBeforeLeaving(t *testing.T) {
	left := judge.MomentOf(minute(2))
	for _, tc := range []struct {
		after judge.Moment
		seen  judge.Moment
		lack  judge.Lack
	}{
		{8e6, left, judge.Nothing},
		{8e6 + 1, left + 8e6 + 1, judge.NoDetails},
	} {
		s := play(t, "session", "A orchard", "U orchard bye", "wait 5")
		s.Alive(left+tc.after, judge.MomentOf(s.now))
		if v := s.view(); v.LastSeen != tc.seen || v.Lack != tc.lack {
			t.Errorf("%d µs after it left: %+v", tc.after, v)
		}
		if k := s.Keep(); (k.Seen == judge.Report{}) != (tc.lack == judge.NoDetails) {
			t.Errorf("%d µs after it left, kept: %+v", tc.after, k)
		}
	}
}

func TestAStampOfTheFutureIsKeptAsABoundByOurClock(t *testing.T) {
	s := play(t, "session", "U .")
	p := s.presence(t, []string{"U", ".", "bye"})
	p.Doubts = []delay.Doubt{{Why: delay.Future}}
	s.Presence(&p, s.hearing(judge.Live), false)
	if k := s.Keep().Told; !k.Ours || !k.Bounded || k.At != judge.MomentOf(s.now) {
		t.Errorf("kept: %+v", k)
	}
	known := play(t, "session", "U . bye @-60")
	known.Presence(&p, known.hearing(judge.Live), false)
	if v := known.view(); v.LastSeen != judge.MomentOf(minute(-60)) {
		t.Errorf("what was known of before: %+v", v)
	}
}

func TestWhenItWasHeardIsKept(t *testing.T) {
	for _, tc := range []struct {
		story string
		heard float64
	}{
		{"session; U . bye @-60; U . bye @-60", 2},
		{"session; A orchard; U orchard bye; F 60 bye", 2},
		{"session; U . bye held 0; U . bye held 0", 1},
	} {
		k := play(t, strings.Split(tc.story, "; ")...).Keep()
		if heard := max(k.Seen.Heard, k.Told.Heard); heard != judge.MomentOf(minute(tc.heard)) {
			t.Errorf("%s: heard at %v", tc.story, heard.Time())
		}
	}
}

func TestADepartureThatWasHeldBackIsKeptAsABound(t *testing.T) {
	if k := play(t, "session", "U . bye held 0").Keep().Told; !k.Ours || !k.Bounded {
		t.Errorf("kept: %+v", k)
	}
}

// What leaves while others stay is kept as of just before: the contact was online
// after it.
func TestAResourceThatLeftBeforeTheLastIsKept(t *testing.T) {
	at := judge.MomentOf(minute(3)) - 1
	want := judge.Report{Heard: at, At: at, Resource: "orchard", Settled: true, Ours: true}
	if k := play(t, "session", "A orchard", "A balcony", "U orchard bye").Keep(); k.Seen != want || k.Online != at+1 {
		t.Errorf("kept: %+v", k)
	}
	settled := play(t, "session", "A orchard", "A balcony", "U orchard", "session", "F - @5", "F 180 @5")
	if k := settled.Keep().Seen; k.At != at || k.Stamp != 0 {
		t.Errorf("after seconds that settle that it was the other one: %+v", k)
	}
}

func TestTheDisconnectComesWithinSeconds(t *testing.T) {
	for after, want := range map[time.Duration]string{
		8 * time.Second:                  "offline at 2 orchard bye",
		8*time.Second + time.Microsecond: "offline at 2.1333333333333333 orchard",
	} {
		s := play(t, "session", "A orchard", "U orchard bye")
		s.now = minute(2).Add(after)
		s.line(t, []string{"U", "orchard"})
		if got := s.tell(); got != want {
			t.Errorf("%v later: known: %s, want %s", after, got, want)
		}
	}
}

func TestTooManyStatusesAreForgotten(t *testing.T) {
	long := strings.Repeat("x", 4094) // with what parts them 4096 bytes
	for _, tc := range []struct{ first, last string }{{long, ""}, {long[1:], long[1:]}} {
		k := play(t, "session", "A orchard "+tc.first, "A balcony", "U orchard", "A attic new", "U attic").Keep()
		want := []string{"new"}
		if tc.last != "" {
			want = append(want, tc.last)
		}
		if !slices.Equal(k.Words, want) {
			t.Errorf("after one of %d bytes, %d are kept", len(tc.first), len(k.Words))
		}
	}
}

func TestEarlierStatusesAreNotGoodbyesAfterARestart(t *testing.T) {
	m := func(x float64) judge.Moment { return judge.MomentOf(minute(x)) }
	for name, kept := range map[string]judge.Kept{
		"by a clock that was ahead": {Online: m(90), Learnt: m(90), Words: []string{"hi"}},
		"by one that was right":     {Online: m(-70), Learnt: m(-70), Words: []string{"hi"}},
	} {
		for _, first := range []string{"wait 0", "E forbidden"} {
			s := play(t, "session", first)
			s.Restore(kept, judge.MomentOf(s.now))
			s.line(t, []string{"F", "60", "hi"})
			if v := s.view(); v.Status != "" {
				t.Errorf("%s, after %q: known %+v", name, first, v)
			}
		}
	}
}

func TestAReportInDoubtStaysSoWhenAStoreIsReadLate(t *testing.T) {
	s := play(t, "session", "F - bye @-50")
	left := judge.MomentOf(minute(-60))
	s.Restore(judge.Kept{Seen: judge.Report{Heard: left, At: left, Settled: true, Ours: true},
		Online: left + 1, Learnt: left + 1}, judge.MomentOf(s.now))
	if got := s.tell(); got != "outdated: offline at -50 bye" {
		t.Errorf("known: %s", got)
	}
}

func TestStatusesAreKeptInOrder(t *testing.T) {
	k := play(t, "session", "A orchard hi", "A balcony again", "A attic Well").Keep()
	if !slices.Equal(k.Words, []string{"Well", "again", "hi"}) {
		t.Errorf("kept: %q", k.Words)
	}
}

func TestTheFirstOccupantIsAChange(t *testing.T) {
	s := play(t, "session")
	p := s.presence(t, []string{"A", "nick", "room"})
	if !s.Presence(&p, s.hearing(judge.Live), false) {
		t.Error("that it is a room is no news")
	}
}

func TestADepartingResourceConfirmsTheOther(t *testing.T) {
	if v := play(t, "session", "A orchard", "A balcony", "U orchard").view(); v.Learnt != judge.MomentOf(minute(3)) {
		t.Errorf("confirmed at %v", v.Learnt.Time())
	}
}

func TestRestoringAtTheSameMoment(t *testing.T) {
	m := func(x float64) judge.Moment { return judge.MomentOf(minute(x)) }
	account := func(at float64, status string) judge.Report {
		return judge.Report{Heard: m(at), At: m(at), Status: status, Settled: true, Ours: true}
	}
	cause := judge.Report{Heard: m(5), At: m(5), Text: "Connection failed: closed", Cause: judge.ConnectionLost, Settled: true, Ours: true}
	for _, tc := range []struct {
		name string
		kept judge.Kept
		want string
	}{
		{"told as it was seen: the cause is added", judge.Kept{Seen: account(5, ""), Told: cause, Learnt: m(5)}, "outdated: offline at 5 cause 2"},
		{"told as it was online", judge.Kept{Told: account(5, "bye"), Online: m(5), Learnt: m(5)}, "outdated: offline at 5 bye"},
		{"told now", judge.Kept{Told: account(10, "bye"), Learnt: m(10)}, "outdated: offline at 10 bye"},
		{"dropped now", judge.Kept{Since: m(10), Learnt: m(10)}, "outdated: offline"},
		{"online, and confirmed in the future", judge.Kept{Online: m(5), Learnt: m(15)}, "never heard:"},
		{"online and confirmed now", judge.Kept{Online: m(10), Learnt: m(10)}, "outdated: offline"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := teller{now: minute(10)}
			s.horizon.Epoch = 1
			s.Restore(tc.kept, m(10))
			if got := s.tell(); got != tc.want {
				t.Errorf("known: %s, want %s", got, tc.want)
			}
		})
	}
}

func TestHavingBeenOnlineSurvivesAnotherRestore(t *testing.T) {
	s := teller{now: minute(10)}
	s.horizon.Epoch = 1
	now := judge.MomentOf(s.now)
	s.Restore(judge.Kept{Online: now + 1, Learnt: now + 1}, now) // our clock was ahead
	s.Restore(judge.Kept{Learnt: now}, now)
	s.play(t, "F 60 Registered but didn't login")
	if v := s.view(); v.Cause == judge.NeverLoggedIn {
		t.Errorf("known: %+v", v)
	}
}

func TestAClockThatWasAheadStillShowsThatTheContactWasOnline(t *testing.T) {
	for online, was := range map[judge.Moment]bool{0: false, 1: false, 2: true} {
		s := teller{now: minute(10)}
		s.horizon.Epoch = 1
		now := judge.MomentOf(s.now)
		kept := judge.Kept{Since: now + 1, Learnt: now + 2}
		if online != 0 {
			kept.Online = now + online
		}
		s.Restore(kept, now)
		s.play(t, "F 60 Registered but didn't login")
		if v := s.view(); (v.Cause == judge.NeverLoggedIn) == was {
			t.Errorf("online %d µs later: %+v", online, v)
		}
	}
}

// What was kept before everything was dropped shows nothing, even by clocks that
// were ahead.
func TestWhatWasDroppedDoesNotShowThatTheContactWasOnline(t *testing.T) {
	for _, since := range []judge.Moment{-1, 0} {
		s := teller{now: minute(10)}
		s.horizon.Epoch = 1
		now := judge.MomentOf(s.now)
		s.Forget(now + 1)
		s.Restore(judge.Kept{Since: now + since, Online: now + 1, Learnt: now + 1}, now)
		s.play(t, "F 60 Registered but didn't login")
		if v := s.view(); v.Cause != judge.NeverLoggedIn {
			t.Errorf("dropped %d µs later: %+v", since, v)
		}
	}
}

// Another process may have seen the contact online since what a server tells of.
func TestWhatAnotherProcessSawCountsWhenAStoreIsReadLate(t *testing.T) {
	m := func(x float64) judge.Moment { return judge.MomentOf(minute(x)) }
	for _, tc := range []struct {
		name   string
		story  string
		online float64
		want   string
	}{
		{"a stamp of before", "session; U . bye @-80", -70, "no details: offline"},
		{"seconds of before", "session; F 4800 bye", -70, "no details: offline"},
		{"a stamp of after", "session; U . bye @-60", -70, "offline at -60 bye"},
		{"seconds of after", "session; F 3660 bye", -70, "offline at -60 bye"},
		{"seconds of before it came now", "session; F 3660 bye; wait 5", 3, "no details: offline"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := play(t, strings.Split(tc.story, "; ")...)
			s.Restore(judge.Kept{Online: m(tc.online), Learnt: m(tc.online)}, judge.MomentOf(s.now))
			if got := s.tell(); got != tc.want {
				t.Errorf("known: %s, want %s", got, tc.want)
			}
			if v := s.view(); v.OnlineAt != m(tc.online) {
				t.Errorf("online at %v", v.OnlineAt.Time())
			}
		})
	}
}
