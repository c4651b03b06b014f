package probe_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
)

func TestNothingIsAwaitedAfterACompleteAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.Silent)
		script(s, []server.Answer{{XML: gone}, {XML: here, After: time.Second}}, say(battery, 0))
		told := 0
		var asked []bool
		c, done := connect(t, s, probe.Answered(func(probe.Answer) { told++ }), probe.Observe(func(_ probe.Presence, of bool) { asked = append(asked, of) }))
		defer done()
		ask(t, c, romeo, nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if told != 1 || !slices.Equal(asked, []bool{true, false}) {
			t.Errorf("told %d times, presences were asked for: %v", told, asked)
		}
	})
}

func TestOfTwoProbesTheLaterIsAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.Silent)
		script(s, say(here, time.Millisecond), say(now, 2*time.Second))
		late := 0
		c, done := connect(t, s, probe.CoolDown(0), probe.Answered(func(a probe.Answer) {
			if a.Late {
				late++
			}
		}))
		defer done()
		ask(t, c, romeo, nil)
		time.Sleep(time.Second)
		ask(t, c, romeo, nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if late != 1 {
			t.Errorf("%d late answers, want one", late)
		}
	})
}

func TestTheLateAnswerIsToldAfterTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.Silent)
		script(s, say(here, 0), say(now, 55*time.Millisecond))
		var order []string
		c, done := connect(t, s, probe.Settle(50*time.Millisecond), probe.Answered(func(a probe.Answer) {
			if a.Late {
				order = append(order, "late")
				return
			}
			time.Sleep(20 * time.Millisecond)
			order = append(order, "first")
		}))
		defer done()
		ask(t, c, romeo, nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := strings.Join(order, " "); got != "first late" {
			t.Errorf("told in the order %s", got)
		}
	})
}

func TestOurServerSpeaksForItself(t *testing.T) {
	for condition, want := range map[stanza.Condition]probe.Outcome{stanza.Forbidden: probe.Unauthorized, stanza.ServiceUnavailable: probe.Unanswered} {
		synctest.Test(t, func(t *testing.T) {
			s := world(t, server.Silent)
			script(s, nil, say(fenceError("from='capulet.lit'", string(condition)), 0))
			c, done := connect(t, s)
			defer done()
			if a := ask(t, c, juliet.Domain(), nil); a.Outcome != want {
				t.Errorf("%s: %v, want %v", condition, a.Outcome, want)
			}
		})
	}
}
