package probe_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
)

func TestOnlyPresenceStanzasAreRead(t *testing.T) {
	for stanza, want := range map[string]bool{
		here: true,
		strings.ReplaceAll(here, "presence", "message"):                false,
		strings.Replace(here, "presence", "presence xmlns='urn:x'", 1): false,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := world(t, server.Silent)
			script(s, say(stanza, 0), say(battery, time.Second))
			seen := 0
			c, done := connect(t, s, probe.Observe(func(probe.Presence, bool) { seen++ }))
			defer done()
			if a := ask(t, c, romeo, nil); (a.Outcome == probe.Available) != want || (seen > 0) != want {
				t.Errorf("%s: %v, %d were observed", stanza, a.Outcome, seen)
			}
		})
	}
}

func TestAPresenceFromNobodyIsOurAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.Silent)
		script(s, say("<presence to='ME'/>", time.Millisecond), nil)
		answers := map[bool]int{}
		c, done := connect(t, s, probe.Observe(func(_ probe.Presence, asked bool) { answers[asked]++ }))
		defer done()
		if a := ask(t, c, romeo, nil); a.Outcome != probe.Unanswered {
			t.Errorf("of another: %v", a.Outcome)
		}
		if a := ask(t, c, juliet, nil); a.Outcome != probe.Available || a.RoundTrip != time.Millisecond {
			t.Errorf("%v after %v", a.Outcome, a.RoundTrip)
		}
		if answers[true] == 0 || answers[false] == 0 {
			t.Errorf("observed %v", answers)
		}
	})
}
