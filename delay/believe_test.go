package delay_test

import (
	"testing"
	"time"

	"example.org/lastpresence/delay"
	"mellium.im/xmpp/jid"
)

func TestBelieve(t *testing.T) {
	received := time.Date(2012, 9, 10, 12, 0, 0, 0, time.UTC)
	at := func(from string, before time.Duration, legacy bool) delay.Element {
		e := delay.Element{Legacy: legacy, Delay: delay.Delay{Stamp: received.Add(-before)}}
		if from != "" {
			e.From = jid.MustParse(from)
		}
		return e
	}
	for _, tc := range []struct {
		name  string
		rules delay.Rules
		in    []delay.Element
		want  time.Duration // before the receipt; below zero: none
		whys  string
	}{
		{"nothing found", delay.Rules{}, nil, -1, ""},
		{"the contact", delay.Rules{}, []delay.Element{at("romeo@montague.lit/orchard", 1, false)}, 1, ""},
		{"our own server", delay.Rules{}, []delay.Element{at("capulet.lit", 1, false)}, 1, ""},
		{"our own account", delay.Rules{}, []delay.Element{at("juliet@capulet.lit", 1, false)}, 1, ""},
		{"unsigned", delay.Rules{}, []delay.Element{at("", 1, false)}, 1, ""},
		{"a namesake elsewhere", delay.Rules{}, []delay.Element{at("romeo@capulet.lit", 1, false)}, -1, "forged "},
		{"server over contact", delay.Rules{}, []delay.Element{at("romeo@montague.lit", 1, false), at("montague.lit", 2, false)}, 2, "superseded "},
		{"new over legacy", delay.Rules{}, []delay.Element{at("montague.lit", 1, true), at("montague.lit", 2, false)}, 2, "superseded "},
		{"the edge of the skew is the receipt", delay.Rules{}, []delay.Element{at("montague.lit", -5*time.Minute, false)}, 0, ""},
		{"past the skew", delay.Rules{}, []delay.Element{at("montague.lit", -5*time.Minute-1, false)}, -1, "future "},
		{"no skew", delay.Rules{Skew: -1}, []delay.Element{at("montague.lit", -1, false)}, -1, "future "},
		{"all doubts in order", delay.Rules{}, []delay.Element{at("verona.lit", 1, false), {Err: delay.ErrNoStamp}}, -1, "forged unreadable "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, doubts := tc.rules.Believe(tc.in, jid.MustParse("romeo@montague.lit/orchard"), jid.MustParse("juliet@capulet.lit/balcony"), received)
			whys := ""
			for _, doubt := range doubts {
				whys += doubt.Why.String() + " "
			}
			if none := tc.want < 0; none != d.Stamp.IsZero() || !none && !d.Stamp.Equal(received.Add(-tc.want)) || whys != tc.whys {
				t.Errorf("believed %v with doubts %q; want %v before %v, doubts %q", d.Stamp, whys, tc.want, received, tc.whys)
			}
		})
	}
}
