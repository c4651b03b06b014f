package responder_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/probe/responder"
)

// A function has ten seconds, and one more to return.
func TestHowLongAGatewaysFunctionMayTake(t *testing.T) {
	for takes, want := range map[time.Duration]string{
		9500 * time.Millisecond:  `seconds="3609"`,
		10500 * time.Millisecond: `seconds="3610"`, // it ignores its context
		11500 * time.Millisecond: "<internal-server-error",
	} {
		synctest.Test(t, func(t *testing.T) {
			var failed failures
			r, l := gateway(t, responder.Failed(failed.add), responder.Gateway(everybody, func(ctx context.Context, _, _ jid.JID) (responder.Presence, error) {
				time.Sleep(takes)
				if end, _ := ctx.Deadline(); takes < 10*time.Second && ctx.Err() != nil || time.Until(end) > 10*time.Second-takes {
					t.Errorf("after %v its context ends in %v: %v", takes, time.Until(end), ctx.Err())
				}
				return responder.Presence{Since: began}, nil
			}))
			defer r.Close()
			l.Ask(queryOf("juliet@capulet.lit/a", 1, "q"))
			time.Sleep(time.Minute)
			if got := l.Heard(); len(got) != 1 || !strings.Contains(got[0], want) {
				t.Errorf("after %v: %q, want %s", takes, got, want)
			}
			fails := strings.HasPrefix(want, "<")
			if got := strings.Join(failed.all(), "\n"); strings.Contains(got, "within 11s") != fails || !fails && got != "" {
				t.Errorf("after %v Failed was told %s", takes, got)
			}
		})
	}
}

// The time of a call begins with the call, not with the wait before it.
func TestAProbeThatHasWaitedHasAllItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		r, l := gateway(t, responder.Pace(1, 5*time.Second), responder.Gateway(everybody, func(context.Context, jid.JID, jid.JID) (responder.Presence, error) {
			if calls.Add(1) > 1 {
				time.Sleep(8 * time.Second)
			}
			return responder.Presence{Since: began}, nil
		}))
		defer r.Close()
		if got := l.Ask(probeOf("juliet@capulet.lit/a", 1, "p0")); ids(got) != "p0" || calls.Load() != 1 {
			t.Errorf("%d calls brought %q", calls.Load(), got)
		}
		l.Say(queryOf("juliet@capulet.lit/a", 1, "q1"))
		time.Sleep(time.Minute)
		if got := l.Heard(); ids(got) != "q1" || !strings.Contains(got[0], "seconds=") || calls.Load() != 2 {
			t.Errorf("%d calls brought %q", calls.Load(), got)
		}
	})
}

func TestAnAnsweredProbeLeavesNothingRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, l := gateway(t, responder.Gateway(everybody, knows(responder.Presence{Since: began}, nil)))
		defer r.Close()
		l.Ask(probeOf("juliet@capulet.lit/a", 0, "p"))
		before := runtime.NumGoroutine()
		for i := range 100 {
			l.Ask(probeOf("juliet@capulet.lit/a", i, "p"))
		}
		if after := runtime.NumGoroutine(); after > before+10 {
			t.Errorf("%d goroutines, before %d", after, before)
		}
	})
}

func TestHowManyCallsRunAtOnce(t *testing.T) {
	for name, tt := range map[string]struct {
		opts []responder.Option
		want int32
	}{
		"by default":   {nil, 64},
		"of one":       {[]responder.Option{responder.Workers(1)}, 1},
		"of none":      {[]responder.Option{responder.Workers(0)}, 1},
		"of minus one": {[]responder.Option{responder.Workers(-1)}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls gauge
				r, l := gateway(t, append(tt.opts, responder.Gateway(everybody, func(context.Context, jid.JID, jid.JID) (responder.Presence, error) {
					calls.enter()
					defer calls.leave()
					time.Sleep(time.Second)
					return responder.Presence{Since: began}, nil
				}))...)
				defer r.Close()
				for i := range 100 {
					l.Say(probeOf(fmt.Sprintf("juliet@d%d.lit/a", i), 1, fmt.Sprint("p", i)))
				}
				synctest.Wait()
				if running := calls.running.Load(); running != tt.want {
					t.Errorf("%d run, want %d", running, tt.want)
				}
				time.Sleep(100 * time.Second)
				if n := seen(l.Heard()); n != 100 || calls.most.Load() != tt.want {
					t.Errorf("%d are answered; %d ran at most, want %d", n, calls.most.Load(), tt.want)
				}
			})
		})
	}
}

// About all contacts a subscriber may have 500 times the burst at once. A reply
// with a long status counts once for each 256 bytes.
func TestALongStatusCountsForItsLength(t *testing.T) {
	for status, want := range map[int]int{0: 500, 255: 500, 256: 250, 511: 250, 512: 167, 1024: 100} {
		synctest.Test(t, func(t *testing.T) {
			r, l := gateway(t, responder.Workers(1), responder.Pace(1, time.Minute),
				responder.Gateway(everybody, knows(responder.Presence{Since: began, Status: strings.Repeat("x", status)}, nil)))
			defer r.Close()
			var many strings.Builder
			for i := range 510 {
				many.WriteString(probeOf("juliet@capulet.lit/a", i, fmt.Sprint("p", i)))
			}
			if n := seen(l.Ask(many.String())); n != want {
				t.Errorf("with %d bytes %d are answered at once, want %d", status, n, want)
			}
		})
	}
}

// Probes that are answered by one call count as one each, for those that come
// later.
func TestProbesOfOneCallCountEach(t *testing.T) {
	for n, waits := range map[int]time.Duration{1: 0, 2: 0, 3: time.Minute, 4: 2 * time.Minute, 9: 7 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			r, l := gateway(t, responder.Pace(3, time.Minute), responder.Gateway(everybody, func(context.Context, jid.JID, jid.JID) (responder.Presence, error) {
				time.Sleep(time.Millisecond)
				return responder.Presence{Since: began}, nil
			}))
			defer r.Close()
			for range n {
				l.Say(probeOf("juliet@capulet.lit/a", 1, "p"))
			}
			time.Sleep(time.Second)
			if got := len(l.Heard()); got != n {
				t.Errorf("%d of %d are answered at once", got, n)
			}
			l.Say(probeOf("juliet@capulet.lit/a", 1, "next"))
			if waits > 0 {
				time.Sleep(waits - 3*time.Second)
				if got := l.Heard(); len(got) != 0 {
					t.Errorf("after %d probes the next one came early", n)
				}
			}
			time.Sleep(4 * time.Second)
			if got := l.Heard(); ids(got) != "next" {
				t.Errorf("after %d probes and %v the next one brought %q", n, waits, got)
			}
		})
	}
}

func TestProbesOfOneCallCountHoweverLongTheNextOneWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, l := gateway(t, responder.Pace(1, 20*time.Minute), responder.Gateway(everybody, func(context.Context, jid.JID, jid.JID) (responder.Presence, error) {
			time.Sleep(time.Millisecond)
			return responder.Presence{Since: began}, nil
		}))
		defer r.Close()
		for i, want := range []int{3, 0, 0, 1} { // one each twenty minutes
			asks := probeOf("juliet@capulet.lit/a", 1, "p")
			l.Say(strings.Repeat(asks, max(want, 1)))
			time.Sleep(time.Second)
			if got := len(l.Heard()); got != want {
				t.Errorf("after %d minutes %d are answered, want %d", i*21, got, want)
			}
			time.Sleep(21 * time.Minute)
		}
	})
}

// What is not answered because it would wait too long uses nothing up.
func TestProbesThatAreDroppedDoNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, l := gateway(t, responder.Pace(1, time.Hour), responder.Gateway(everybody, knows(responder.Presence{Since: began}, nil)))
		defer r.Close()
		for i := range 1000 {
			if got := l.Ask(probeOf("juliet@capulet.lit/a", 1, "p")); len(got) > 0 != (i == 0) {
				t.Fatalf("probe %d: %q", i, got)
			}
		}
		if got := l.Ask(probeOf("juliet@capulet.lit/a", 2, "p")); len(got) != 1 {
			t.Errorf("about another contact: %q", got)
		}
		time.Sleep(time.Hour)
		if got := l.Ask(probeOf("juliet@capulet.lit/a", 1, "p")); len(got) != 1 {
			t.Errorf("an hour later: %q", got)
		}
	})
}

func TestProbesOfOneCallThatAreDroppedDoNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slowly := func(jid.JID, jid.JID) bool { time.Sleep(time.Millisecond); return true }
		r, l := gateway(t, responder.Pace(1, 20*time.Minute), responder.Gateway(slowly, knows(responder.Presence{Since: began}, nil)))
		defer r.Close()
		for i, want := range []int{1, 0, 1} {
			many := 1
			if want == 0 {
				many = 5
			}
			for range many {
				l.Say(probeOf("juliet@capulet.lit/a", 1, "p"))
			}
			time.Sleep(time.Second)
			if got := len(l.Heard()); got != want {
				t.Errorf("step %d: %d are answered, want %d", i, got, want)
			}
			if want == 0 {
				time.Sleep(20 * time.Minute)
			}
		}
	})
}

func TestAWaitOfTenMinutesCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, l := gateway(t, responder.Pace(1, 10*time.Minute), responder.Gateway(everybody, knows(responder.Presence{Since: began}, nil)))
		defer r.Close()
		for _, device := range []string{"a", "b", "c"} {
			l.Ask(probeOf("juliet@capulet.lit/"+device, 1, device))
		}
		time.Sleep(time.Hour)
		if got := ids(l.Heard()); got != "b" {
			t.Errorf("later %s were answered, want only b, who had to wait for ten minutes", got)
		}
	})
}

func TestAPaceOfNoRepliesLeavesSubscribersUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		r, l := gateway(t, responder.Pace(0, time.Second), responder.Gateway(everybody, func(context.Context, jid.JID, jid.JID) (responder.Presence, error) {
			calls.Add(1)
			return responder.Presence{Since: began}, nil
		}))
		defer r.Close()
		l.Say(probeOf("juliet@capulet.lit/a", 1, "p") + queryOf("juliet@capulet.lit/a", 1, "q"))
		time.Sleep(time.Hour)
		if got := l.Heard(); ids(got) != "q" || !strings.Contains(got[0], "<resource-constraint") || calls.Load() != 0 {
			t.Errorf("%d calls brought %q", calls.Load(), got)
		}
	})
}
