package probe

import (
	"slices"
	"testing"
	"time"

	"mellium.im/xmpp/stanza"
)

func TestExchangeKeepsTheLatestPresenceOfEachResource(t *testing.T) {
	x := exchange{target: romeo, sent: t0, settle: time.Second}
	for _, s := range []step{
		presence(1, orchard, available, hourAgo, "one"),
		presence(2, garden, available, hourAgo, "two"),
		presence(3, orchard, available, t0, "three"),
		fence(4, 0, ""),
	} {
		s.do(&x, t0.Add(time.Duration(s.ms)*time.Millisecond))
	}
	a := x.answer()
	if len(a.Presences) != 2 || a.Presences[0].Status() != "two" || a.Presences[1].Status() != "three" {
		t.Errorf("presences = %+v, want garden's and then orchard's second", a.Presences)
	}
	if a.RoundTrip != 4*time.Millisecond {
		t.Errorf("round trip = %v, want 4ms", a.RoundTrip)
	}
}

func TestWhatEndsEveryResourceLeavesNoneAvailable(t *testing.T) {
	for name, end := range map[string]step{
		"the contact leaves":        presence(2, romeo, unavailable, time.Time{}, ""),
		"the subscription ends":     presence(2, romeo, unsubscribed, time.Time{}, ""),
		"the probe is refused":      presenceError(2, "pr1", stanza.Forbidden),
		"and the probe was ignored": presenceError(2, "other", stanza.Forbidden),
	} {
		x := exchange{target: romeo, probeID: "pr1", sent: t0, settle: time.Second}
		for _, s := range []step{presence(1, orchard, available, hourAgo, ""), end} {
			s.do(&x, t0.Add(time.Duration(s.ms)*time.Millisecond))
		}
		online := slices.ContainsFunc(x.answer().Presences, func(p Presence) bool { return p.Type == available })
		if want := name == "and the probe was ignored"; online != want {
			t.Errorf("%s: available is %v, want %v", name, online, want)
		}
	}
}

func TestTheStatusIsOfTheResourceThatLeftLast(t *testing.T) {
	earlier := presence(2, orchard, stanza.UnavailablePresence, hourAgo.Add(-time.Hour), "Leaving the office.")
	later := presence(1, garden, stanza.UnavailablePresence, hourAgo, "Going to bed.")
	said := presence(2, orchard, stanza.UnavailablePresence, hourAgo, "Off.")
	silent := presence(3, garden, stanza.UnavailablePresence, hourAgo, "")
	before := presence(3, garden, stanza.UnavailablePresence, hourAgo.Add(-time.Hour), "")
	for name, tc := range map[string]struct {
		steps []step
		want  string
	}{
		"in order":                             {[]step{earlier, later}, "Going to bed."},
		"in reverse":                           {[]step{later, earlier}, "Going to bed."},
		"the last says nothing":                {[]step{earlier, silent}, ""},
		"the last says nothing, in reverse":    {[]step{silent, earlier}, ""},
		"the first says nothing":               {[]step{before, said}, "Off."},
		"the first says nothing, in reverse":   {[]step{said, before}, "Off."},
		"words of an unknown time":             {[]step{said, held(presence(4, garden, stanza.UnavailablePresence, time.Time{}, "Held."))}, "Off."},
		"and as a whole, without a stamp":      {[]step{said, presence(4, romeo, stanza.UnavailablePresence, time.Time{}, "")}, "Off."},
		"the contact as a whole, with nothing": {[]step{said, presence(4, romeo, stanza.UnavailablePresence, hourAgo, "")}, "Off."},
	} {
		x := exchange{target: romeo, sent: t0}
		for _, s := range append(tc.steps, fence(5, 3600, "")) {
			s.do(&x, t0.Add(time.Duration(s.ms)*time.Millisecond))
		}
		if a := x.answer(); !a.LastSeen.Equal(hourAgo) || a.Status != tc.want {
			t.Errorf("%s: last seen %v, %q, want %q", name, a.LastSeen, a.Status, tc.want)
		}
	}
}
