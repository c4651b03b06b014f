package probe_test

import (
	"testing"
	"testing/synctest"
	"time"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
)

func TestGraceSetsHowLongAPresenceMayFollowTheFence(t *testing.T) {
	const trip = 300 * time.Millisecond
	unserved := fenceError("from='romeo@montague.lit'", "service-unavailable")
	for _, tc := range []struct {
		name    string
		fence   string
		opts    []probe.Option
		behind  time.Duration // 0: no presence comes
		outcome probe.Outcome
		took    time.Duration // behind the answer
	}{
		{"by default two round trips", now, nil, 0, probe.Unanswered, 2 * trip},
		{"a presence within them", now, nil, 2*trip - 1, probe.Available, 2*trip - 1},
		{"a shorter one", now, []probe.Option{probe.Grace(time.Second / 10)}, 0, probe.Unanswered, time.Second / 10},
		{"a presence behind a shorter one", now, []probe.Option{probe.Grace(time.Second / 10)}, trip, probe.Unanswered, time.Second / 10},
		{"a longer one", now, []probe.Option{probe.Grace(3 * time.Second)}, 0, probe.Unanswered, 3 * time.Second},
		{"a presence within a longer one", now, []probe.Option{probe.Grace(3 * time.Second)}, 2 * time.Second, probe.Available, 2 * time.Second},
		{"of a server without last activity, by default half a round trip", unserved, nil, 0, probe.Unanswered, trip / 2},
		{"a longer one, of a server without last activity", unserved, []probe.Option{probe.Grace(time.Second)}, 0, probe.Unanswered, time.Second},
		{"none is needed when the contact has left", battery, []probe.Option{probe.Grace(time.Second)}, 0, probe.Unavailable, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := world(t, server.Silent)
				answers := say(tc.fence, trip)
				if tc.behind != 0 {
					answers = append(answers, say(here, trip+tc.behind)...)
				}
				script(s, nil, answers)
				c, done := connect(t, s, tc.opts...)
				defer done()
				began := time.Now()
				if a := ask(t, c, romeo, nil); a.Outcome != tc.outcome || time.Since(began) != trip+tc.took {
					t.Errorf("%v, %v behind the answer; want %v, %v", a.Outcome, time.Since(began)-trip, tc.outcome, tc.took)
				}
			})
		})
	}
}
