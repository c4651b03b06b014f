package responder_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.org/lastpresence/probe/responder"
)

// A wait of more than ten minutes is not begun.
func TestWhatWouldWaitTooLongIsNotAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, l := gateway(t, responder.Pace(1, time.Hour), responder.Gateway(everybody, knows(responder.Presence{Since: began}, nil)))
		defer r.Close()
		l.Ask(probeOf("juliet@capulet.lit/a", 1, "p0"))
		got := l.Ask(probeOf("juliet@capulet.lit/a", 1, "p1") + queryOf("juliet@capulet.lit/a", 1, "q1"))
		if ids(got) != "q1" || !strings.Contains(got[0], "<resource-constraint") {
			t.Errorf("at once: %q", got)
		}
		time.Sleep(2 * time.Hour)
		if got := l.Heard(); len(got) != 0 {
			t.Errorf("later: %q", got)
		}
	})
}
