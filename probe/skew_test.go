package probe

import (
	"testing"
	"time"

	"mellium.im/xmpp/jid"
)

func TestSkew(t *testing.T) {
	host := jid.MustParse("montague.lit")
	lastWords := presence(1, romeo, unavailable, hourAgo, "Here.")
	for _, tc := range []struct {
		name      string
		target    jid.JID
		steps     []step
		skew      time.Duration
		corrected time.Time
		status    string
	}{
		{"agreement", romeo, []step{presence(1, romeo, unavailable, hourAgo, ""), fence(0, 3600, "")}, 0, hourAgo, ""},
		{"agreement but for rounding", romeo, []step{presence(1, romeo, unavailable, hourAgo, ""), fence(0, 3602, "")}, 0, hourAgo, ""},
		{"a clock three seconds ahead", romeo, []step{presence(1, romeo, unavailable, hourAgo, ""), fence(0, 3603, "")},
			3 * time.Second, hourAgo.Add(-3 * time.Second), ""},
		{"a clock ten minutes behind", romeo, []step{presence(1, romeo, unavailable, hourAgo, ""), fence(0, 3000, "")},
			-10 * time.Minute, hourAgo.Add(10 * time.Minute), ""},
		{"a slow answer explains the difference", romeo, []step{presence(1, romeo, unavailable, hourAgo, ""), fence(3000, 3600, "")}, 0, hourAgo, ""},
		{"a stamp alone", romeo, []step{presence(1, romeo, unavailable, hourAgo, "Bye.")}, 0, hourAgo, "Bye."},
		{"seconds alone", romeo, []step{fence(0, 3600, "")}, 0, hourAgo, ""},
		{"no seconds", romeo, []step{presence(1, romeo, unavailable, hourAgo, ""), fence(0, 0, "")}, 0, hourAgo, ""},
		{"never in the future", romeo, []step{presence(1, romeo, unavailable, t0.Add(time.Minute), "Bye.")}, 0, t0.Add(time.Millisecond), "Bye."},
		{"nothing known", romeo, []step{presence(1, romeo, unavailable, time.Time{}, ""), fence(0, 0, "")}, 0, time.Time{}, ""},
		{"a host's clock", host, []step{presence(1, host, available, hourAgo, ""), fence(0, 3660, "")}, time.Minute, hourAgo.Add(-time.Minute), ""},
		{"last words are of another time", romeo, []step{words(lastWords), fence(0, 60, "Bye.")}, 0, t0.Add(-time.Minute), "Bye."},
		{"last words without last activity", romeo, []step{words(lastWords), fenceUnreadable(1)}, 0, hourAgo, "Here."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x := exchange{target: tc.target, sent: t0}
			for _, s := range tc.steps {
				s.do(&x, t0.Add(time.Duration(s.ms)*time.Millisecond))
			}
			a := x.answer()
			if !x.done || a.Skew != tc.skew || !a.Corrected().Equal(tc.corrected) || a.Status != tc.status {
				t.Errorf("done %v, skew %v, corrected %v, %q, want %v, %v, %q", x.done, a.Skew, a.Corrected(), a.Status, tc.skew, tc.corrected, tc.status)
			}
		})
	}
}

// words turns the presence of a step into a replay of an available one.
func words(s step) step {
	return step{s.ms, func(x *exchange, now time.Time) {
		var inner exchange
		inner.target = x.target
		s.do(&inner, now)
		p := inner.presences[0]
		p.online = true
		x.presence(p, now)
	}}
}
