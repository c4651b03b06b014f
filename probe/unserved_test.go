package probe

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.org/lastpresence/internal/testbed/server"
)

// The Client looks now and then whether the session is over if it does not serve
// the session itself. It goes on to wait for what comes late.
func TestWhatNeverComesIsForgottenWhoeverServes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		juliet := romeo.Domain()
		juliet, _ = juliet.WithLocal("juliet")
		s := server.New(server.Config{Domains: []string{"montague.lit"}})
		defer s.Close()
		s.AddAccount(juliet, "")
		s.Hook = func(q server.Question) []server.Answer {
			if q.Kind != server.Probes {
				return nil
			}
			say := func(from string) string {
				return strings.NewReplacer("FROM", from, "ME", q.From.String()).Replace("<presence from='romeo@montague.lit/FROM' to='ME'/>")
			}
			return []server.Answer{{XML: say("orchard"), After: 150 * time.Millisecond}, {XML: say("balcony"), After: 300 * time.Millisecond}}
		}
		session, err := s.Session(t.Context(), juliet)
		if err != nil {
			t.Fatal(err)
		}
		c := NewClient(session, Timeout(time.Second))
		go func() { _ = session.Serve(c.Handler(nil)) }()
		defer session.Conn().Close()
		if a, err := c.Probe(t.Context(), romeo); err != nil || a.Outcome != Available {
			t.Fatalf("%v, %v", a.Outcome, err)
		}
		for wait, want := range []int{1, 0} {
			time.Sleep(time.Duration(wait) * 2 * time.Second)
			synctest.Wait()
			c.mu.Lock()
			late, requests := len(c.late), c.requests.Len()
			c.mu.Unlock()
			if late != want || requests != want {
				t.Errorf("%d probes and %d requests are listened to, want %d", late, requests, want)
			}
		}
	})
}
