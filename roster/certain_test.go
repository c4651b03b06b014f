package roster

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.org/lastpresence/probe"
)

// While the server holds presence back, Open returns as certain only what came
// in answer to its question, and only while the session reports presence.
func TestOnlyWhatTheAnswerSaidIsCertain(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Cache, *link)
		trip   time.Duration // the presence came a second ago
		err    error
		want   Lack
	}{
		{"presence after the question", nil, 2 * time.Second, nil, Nothing},
		{"presence at the moment of the question", nil, time.Second, nil, Nothing},
		{"presence before the question", nil, time.Second / 2, nil, Outdated},
		{"nobody was asked", nil, 2 * time.Second, probe.ErrCoolDown, Outdated},
		{"our presence is unavailable", func(_ *Cache, l *link) { l.hidden = true }, 2 * time.Second, nil, Outdated},
		{"the session is over", func(_ *Cache, l *link) { l.over = true }, 2 * time.Second, nil, Outdated},
		{"there is no session", func(c *Cache, _ *link) { c.link = nil }, 2 * time.Second, nil, Outdated},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, l := newTestCache(t, 1)
				hear(t, c.Handler(nil), strings.NewReader(comes))
				c.filter(l, resting)
				time.Sleep(time.Second)
				if tt.change != nil {
					tt.change(c, l)
				}
				a := probe.Answer{Contact: contactNumber(0), Received: time.Now(), RoundTrip: tt.trip}
				if got := c.answer(contactNumber(0), a, tt.err); !got.Online || got.Lack != tt.want {
					t.Errorf("online: %t, the lack is %v, want %v", got.Online, got.Lack, tt.want)
				}
				c.link = l
			})
		})
	}
}
