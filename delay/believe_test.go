package delay_test

import (
	"slices"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/delay"
)

var romeo = jid.MustParse("romeo@montague.lit/orchard")

// claim is an element signed by from, of so long before the receipt.
func claim(from string, before time.Duration) delay.Element {
	e := delay.Element{Delay: delay.Delay{Stamp: received.Add(-before)}}
	if from != "" {
		e.From = jid.MustParse(from)
	}
	return e
}

// legacy is a claim in the form of XEP-0091.
func legacy(from string, before time.Duration) delay.Element {
	e := claim(from, before)
	e.Legacy = true
	return e
}

func TestBelieve(t *testing.T) {
	const none = -1
	year := 365 * 24 * time.Hour
	noStamp := delay.Element{Err: delay.ErrNoStamp}
	for _, tc := range []struct {
		rule   string
		rules  delay.Rules
		sender jid.JID // romeo if zero
		in     []delay.Element
		want   time.Duration // before the receipt, or none
		whys   string
	}{
		{rule: "nothing found", want: none},

		{rule: "the sender's full address", in: []delay.Element{claim("romeo@montague.lit/orchard", 1)}, want: 1},
		{rule: "the sender's bare address", in: []delay.Element{claim("romeo@montague.lit", 1)}, want: 1},
		{rule: "another resource of the sender", in: []delay.Element{claim("romeo@montague.lit/home", 1)}, want: 1},
		{rule: "the sender's server", in: []delay.Element{claim("montague.lit", 1)}, want: 1},
		{rule: "our own server", in: []delay.Element{claim("capulet.lit", 1)}, want: 1},
		{rule: "our own account", in: []delay.Element{claim("juliet@capulet.lit", 1)}, want: 1},
		{rule: "our own full address", in: []delay.Element{claim("juliet@capulet.lit/balcony", 1)}, want: 1},
		{rule: "nobody", in: []delay.Element{claim("", 1)}, want: 1},
		{rule: "a stanza of a server", sender: host, in: []delay.Element{claim("montague.lit", 1)}, want: 1},

		{rule: "forged by another account of the server", in: []delay.Element{claim("tybalt@montague.lit", 1)}, want: none, whys: "forged"},
		{rule: "forged by a namesake elsewhere", in: []delay.Element{claim("romeo@capulet.lit", 1)}, want: none, whys: "forged"},
		{rule: "forged by another server", in: []delay.Element{claim("verona.lit", 1)}, want: none, whys: "forged"},
		{rule: "forged by a part of the server's name", in: []delay.Element{claim("lit", 1)}, want: none, whys: "forged"},
		{rule: "forged by a host below the server", in: []delay.Element{claim("chat.montague.lit", 1)}, want: none, whys: "forged"},
		{rule: "forged by a resource of the server", in: []delay.Element{claim("montague.lit/x", 1)}, want: none, whys: "forged"},
		{rule: "forged, and old, is forged", in: []delay.Element{claim("verona.lit", 40*year)}, want: none, whys: "forged"},

		{rule: "ahead by less than the skew is the receipt", in: []delay.Element{claim("montague.lit", -time.Second)}, want: 0},
		{rule: "ahead by the skew is the receipt", in: []delay.Element{claim("montague.lit", -5*time.Minute)}, want: 0},
		{rule: "ahead by more than the skew", in: []delay.Element{claim("montague.lit", -5*time.Minute-1)}, want: none, whys: "future"},
		{rule: "a wider skew", rules: delay.Rules{Skew: time.Hour}, in: []delay.Element{claim("montague.lit", -time.Hour)}, want: 0},
		{rule: "a narrower skew", rules: delay.Rules{Skew: time.Second}, in: []delay.Element{claim("montague.lit", -time.Second-1)}, want: none, whys: "future"},
		{rule: "no skew", rules: delay.Rules{Skew: -1}, in: []delay.Element{claim("montague.lit", -1)}, want: none, whys: "future"},
		{rule: "the receipt itself without skew", rules: delay.Rules{Skew: -1}, in: []delay.Element{claim("montague.lit", 0)}, want: 0},
		{rule: "the first moment of 1999", in: []delay.Element{claim("montague.lit", received.Sub(time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)))},
			want: received.Sub(time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC))},
		{rule: "the last moment of 1998", in: []delay.Element{claim("montague.lit", received.Sub(time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC))+1)},
			want: none, whys: "ancient"},
		{rule: "no stamp", in: []delay.Element{noStamp}, want: none, whys: "unreadable"},

		{rule: "server over sender", in: []delay.Element{claim("romeo@montague.lit", 1), claim("montague.lit", 2)}, want: 2, whys: "superseded"},
		{rule: "server over sender, though later", in: []delay.Element{claim("montague.lit", 1), claim("romeo@montague.lit", 2)}, want: 1, whys: "superseded"},
		{rule: "sender's server over our own", in: []delay.Element{claim("capulet.lit", 2), claim("montague.lit", 1)}, want: 1, whys: "superseded"},
		{rule: "the sender over our server", in: []delay.Element{claim("romeo@montague.lit", 1), claim("capulet.lit", 2)}, want: 1, whys: "superseded"},
		{rule: "the sender over our account", in: []delay.Element{claim("juliet@capulet.lit", 2), claim("romeo@montague.lit", 1)}, want: 1, whys: "superseded"},
		{rule: "nobody over our server", in: []delay.Element{claim("capulet.lit", 1), claim("", 2)}, want: 2, whys: "superseded"},
		{rule: "nobody's legacy over our account", in: []delay.Element{legacy("", 2), claim("juliet@capulet.lit", 1)}, want: 2, whys: "superseded"},
		{rule: "nobody's legacy over our account, though later", in: []delay.Element{legacy("", 1), claim("juliet@capulet.lit", 2)}, want: 1, whys: "superseded"},
		{rule: "the earlier of our account and our server", in: []delay.Element{claim("juliet@capulet.lit", 1), legacy("capulet.lit", 2)}, want: 2, whys: "superseded"},
		{rule: "anybody over nobody", in: []delay.Element{claim("", 2), claim("romeo@montague.lit", 1)}, want: 1, whys: "superseded"},
		{rule: "new over legacy", in: []delay.Element{legacy("montague.lit", 2), claim("montague.lit", 1)}, want: 1, whys: "superseded"},
		{rule: "new and unsigned over legacy of the sender", in: []delay.Element{legacy("romeo@montague.lit", 2), claim("", 1)}, want: 1, whys: "superseded"},
		{rule: "server's legacy over sender's new", in: []delay.Element{claim("romeo@montague.lit", 2), legacy("montague.lit", 1)}, want: 1, whys: "superseded"},
		{rule: "legacy alone", in: []delay.Element{legacy("montague.lit", 1)}, want: 1},
		{rule: "the earliest of equals", in: []delay.Element{claim("montague.lit", 1), claim("montague.lit", 3), claim("montague.lit", 2)}, want: 3, whys: "superseded superseded"},

		{rule: "a server's future stamp leaves the sender's", in: []delay.Element{claim("montague.lit", -time.Hour), claim("romeo@montague.lit", 1)}, want: 1, whys: "future"},
		{rule: "a forgery is not superseded", in: []delay.Element{claim("verona.lit", 2), claim("montague.lit", 1)}, want: 1, whys: "forged"},
		{rule: "an unreadable new one leaves the legacy one", in: []delay.Element{noStamp, legacy("montague.lit", 1)}, want: 1, whys: "unreadable"},
		{rule: "all doubts in the order of the elements",
			in:   []delay.Element{claim("verona.lit", 1), noStamp, claim("", 1), claim("", 40*year), claim("montague.lit", 1), claim("", -year)},
			want: 1, whys: "forged unreadable superseded ancient future"},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			sender := tc.sender
			if sender.Equal(jid.JID{}) {
				sender = romeo
			}
			d, doubts := tc.rules.Believe(tc.in, sender, juliet, received)
			whys := ""
			for i, doubt := range doubts {
				if i > 0 {
					whys += " "
				}
				whys += doubt.Why.String()
			}
			if nothing := tc.want == none; nothing != d.Stamp.IsZero() || !nothing && !d.Stamp.Equal(received.Add(-tc.want)) || whys != tc.whys {
				t.Errorf("believed %v with doubts %q; want %v before %v, doubts %q", d.Stamp, whys, tc.want, received, tc.whys)
			}
		})
	}
}

func TestBelieveReadsAnEmptySenderAsOurAccount(t *testing.T) {
	for from, want := range map[string]bool{"": true, "juliet@capulet.lit": true, "capulet.lit": true, "romeo@montague.lit": false} {
		if d, _ := (delay.Rules{}).Believe([]delay.Element{claim(from, 1)}, jid.JID{}, juliet, received); d.Stamp.IsZero() == want {
			t.Errorf("signed by %q: believed %+v, want %t", from, d, want)
		}
	}
}

func TestHeldRecognisesStampsOfOurOwnSide(t *testing.T) {
	for _, tc := range []struct {
		what, by, reason, sender string
		held                     bool
	}{
		{what: "our account, about a contact", by: "juliet@capulet.lit", sender: "romeo@montague.lit", held: true},
		{what: "our full address, about a contact", by: "juliet@capulet.lit/balcony", sender: "romeo@montague.lit", held: true},
		{what: "our server, about a contact of another", by: "capulet.lit", sender: "romeo@montague.lit/orchard", held: true},
		{what: "our server, about a contact of its own", by: "capulet.lit", sender: "nurse@capulet.lit", held: false},
		{what: "our server for inactive clients, about a contact of its own", by: "capulet.lit", reason: " Client Inactive\n", sender: "nurse@capulet.lit", held: true},
		{what: "our server for inactive clients, about ourselves", by: "capulet.lit", reason: "Client Inactive", held: true},
		{what: "our server, about itself", by: "capulet.lit", sender: "capulet.lit", held: false},
		{what: "our server, about ourselves", by: "capulet.lit", held: false},
		{what: "our account, about ourselves", by: "juliet@capulet.lit", held: false},
		{what: "the contact's server", by: "montague.lit", reason: "Client Inactive", sender: "romeo@montague.lit", held: false},
		{what: "the contact", by: "romeo@montague.lit/orchard", sender: "romeo@montague.lit", held: false},
		{what: "nobody", sender: "romeo@montague.lit", held: false},
	} {
		var sender jid.JID
		if tc.sender != "" {
			sender = jid.MustParse(tc.sender)
		}
		d := claim(tc.by, 1).Delay
		d.Reason = tc.reason
		if got := delay.Held(d, sender, juliet); got != tc.held {
			t.Errorf("%s: held %t, want %t", tc.what, got, tc.held)
		}
		if delay.Held(d, sender, jid.JID{}) {
			t.Errorf("%s: held for nobody", tc.what)
		}
	}
}

func TestTimesInTheFutureOrFromBefore1999AreNotPast(t *testing.T) {
	year := 365 * 24 * time.Hour
	for before, want := range map[time.Duration]time.Duration{
		0: 0, time.Hour: time.Hour, 20 * year: 20 * year, -5 * time.Minute: 0, -5*time.Minute - 1: -1, 40 * year: -1, -year: -1,
	} {
		got, ok := delay.Rules{}.Past(received.Add(-before), received)
		if ok != (want >= 0) || ok && !got.Equal(received.Add(-want)) || !ok && !got.IsZero() {
			t.Errorf("%v before: %v, %t", before, got, ok)
		}
	}
}

func TestBelieveKeepsAllOfTheDelay(t *testing.T) {
	e := claim("montague.lit", 1)
	e.Reason = "Offline storage"
	e.Stamp = e.Stamp.In(zone(5, 30))
	d, doubts := delay.Rules{}.Believe([]delay.Element{e}, romeo, juliet, received)
	if d.Reason != e.Reason || !d.From.Equal(e.From) || !d.Stamp.Equal(e.Stamp) || d.Stamp.Location() != e.Stamp.Location() || doubts != nil {
		t.Errorf("believed %+v with doubts %v, want %+v", d, doubts, e.Delay)
	}
}

func TestRejectedElementsAreReturned(t *testing.T) {
	in := []delay.Element{claim("verona.lit", 1), claim("montague.lit", 2), {Legacy: true, Err: delay.ErrNoStamp}}
	before := slices.Clone(in)
	_, doubts := delay.Rules{}.Believe(in, romeo, juliet, received)
	if len(doubts) != 2 || !sameElement(doubts[0].Element, before[0]) || !sameElement(doubts[1].Element, before[2]) {
		t.Errorf("got %+v", doubts)
	}
	if !slices.EqualFunc(in, before, sameElement) {
		t.Errorf("the elements were changed to %+v", in)
	}
}

func sameElement(a, b delay.Element) bool {
	return a.Stamp.Equal(b.Stamp) && a.From.Equal(b.From) && a.Reason == b.Reason && a.Legacy == b.Legacy && a.Err == b.Err
}

func TestWhyIsOneWord(t *testing.T) {
	for why, want := range map[delay.Why]string{
		0: "unknown", delay.Unreadable: "unreadable", delay.Forged: "forged", delay.Future: "future",
		delay.Ancient: "ancient", delay.Superseded: "superseded", delay.Superseded + 1: "unknown",
	} {
		if got := why.String(); got != want {
			t.Errorf("Why(%d) is %q, want %q", why, got, want)
		}
	}
}
