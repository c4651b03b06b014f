package responder

import (
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"
)

func TestWhichCharactersAStatusMayHave(t *testing.T) {
	for _, s := range []string{"", " ", "\t", "\n", "\r", "plain", "Grüße", "a \U0001F480", "\uFFFD", "x\uFFFDy", "\uFFFC", "\U0010FFFF", strings.Repeat("x", 4096)} {
		if err := checkText(s); err != nil {
			t.Errorf("%.20q is refused: %v", s, err)
		}
	}
	for _, s := range []string{"\x00", "\x08", "\x0b", "\x0c", "\x1f", "\xff", "a\xc3", "\uFFFD\xff", "\uFFFE", "\uFFFF", strings.Repeat("x", 4097)} {
		if err := checkText(s); err == nil {
			t.Errorf("%.20q is accepted", s)
		}
	}
}

func TestWhichTimesAreValid(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	dawn := time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
	for since, want := range map[time.Time]time.Time{
		{}:                         {},
		dawn:                       dawn,
		dawn.Add(-1):               {},
		now.Add(-time.Hour):        now.Add(-time.Hour),
		now.Add(5 * time.Minute):   now, // a fast clock
		now.Add(5*time.Minute + 1): {},
		now.AddDate(9000, 0, 0):    {},
		time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC): {},
	} {
		p, err := Presence{Since: since}.check(now)
		if !p.Since.Equal(want) || (err == nil) != (since.IsZero() || !want.IsZero()) {
			t.Errorf("%v counts as %v, %v; want %v", since, p.Since, err, want)
		}
	}
}

func TestEveryInvalidFieldIsReported(t *testing.T) {
	p, err := Presence{Online: true, Priority: 3, Resource: "\x00", Since: time.Unix(0, 0), Show: "busy", Status: "\x01"}.check(time.Now())
	if p != (Presence{Online: true, Priority: 3}) {
		t.Errorf("%+v is left", p)
	}
	for _, want := range []string{"1970", `\x00`, "busy", "byte 0"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}

// Every state of a buddy, with its flags as bits.
func TestStatesOfABuddyDifferInEachFlag(t *testing.T) {
	state := func(bits int) Buddy {
		return Buddy{JID: jid.MustParse("montague.lit"), To: bits&1 > 0, From: bits&2 > 0, Asked: bits&4 > 0, Pending: bits&8 > 0}
	}
	for a := range 16 {
		if got := state(a).none(); got != (a == 0) {
			t.Errorf("%+v is a stranger: %t", state(a), got)
		}
		for b := range 16 {
			if got := state(a).equal(state(b)); got != (a == b) {
				t.Errorf("%+v and %+v are equal: %t", state(a), state(b), got)
			}
		}
	}
}
