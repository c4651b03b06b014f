package probe

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.org/lastpresence/internal/testbed/server"
)

// TestAnAnswerThatNeverArrivesIsForgotten is about probes that ended without their fence:
// by an available presence, or by the time that was set for further ones.
func TestAnAnswerThatNeverArrivesIsForgotten(t *testing.T) {
	for name, tt := range map[string]struct {
		opts []Option
		end  func(*Client)
	}{
		"at once":                      {nil, wait},
		"after a while":                {[]Option{Settle(50 * time.Millisecond)}, wait},
		"at once, and Close is called": {nil, func(c *Client) { _ = c.Close() }},
	} {
		t.Run(name, func(t *testing.T) {
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
					return []server.Answer{{XML: strings.ReplaceAll("<presence from='romeo@montague.lit/orchard' to='ME'/>", "ME", q.From.String())}}
				}
				session, err := s.Session(t.Context(), juliet)
				if err != nil {
					t.Fatal(err)
				}
				c := NewClient(session, append(tt.opts, Timeout(time.Second))...)
				go func() { _ = c.Serve(nil) }()
				defer session.Conn().Close()
				if a, err := c.Probe(t.Context(), romeo); err != nil || a.Outcome != Available {
					t.Fatalf("%v, %v", a.Outcome, err)
				}
				listening := func() (late, requests int) {
					c.mu.Lock()
					defer c.mu.Unlock()
					return len(c.late), c.requests.Len()
				}
				if late, requests := listening(); late != 1 || requests != 1 {
					t.Errorf("%d probes and %d requests are listened to, want one", late, requests)
				}
				tt.end(c)
				if late, requests := listening(); late != 0 || requests != 0 {
					t.Errorf("%d probes and %d requests are still listened to", late, requests)
				}
			})
		})
	}
}

func wait(*Client) {
	time.Sleep(2 * time.Second)
	synctest.Wait()
}
