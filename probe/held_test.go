package probe

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/delay"
)

// readBy reads a presence as the account self receives it.
func readBy(t *testing.T, self jid.JID, in string, received time.Time) Presence {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(in))
	tok, err := d.Token()
	if err != nil {
		t.Fatal(err)
	}
	rd := reader{in: &bounded{src: d}}
	if err := rd.read(tok.(xml.StartElement), self, received); err != nil {
		t.Fatal(err)
	}
	return rd.p
}

// TestHeldIsAnUpperBoundOfTheTime is about servers that hold back what a
// contact's server sent.
func TestHeldIsAnUpperBoundOfTheTime(t *testing.T) {
	self := jid.MustParse("juliet@capulet.lit")
	received := time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC)
	for _, tc := range []struct {
		name, from, typ, by, reason string
		held                        bool
	}{
		{"offline, held by our account", "romeo@montague.lit", "unavailable", "juliet@capulet.lit", "", true},
		{"offline, held by our server", "romeo@montague.lit", "unavailable", "capulet.lit", "Client Inactive", true},
		{"offline, stamped by the contact's server", "romeo@montague.lit", "unavailable", "montague.lit", "", false},
		{"a resource that left, held by our account", "romeo@montague.lit/orchard", "unavailable", "juliet@capulet.lit", "", true},
		{"a resource that came, held by our account", "romeo@montague.lit/orchard", "", "juliet@capulet.lit", "", true},
		{"a resource that came, held by our server", "romeo@montague.lit/orchard", "", "capulet.lit", "", true},
		{"a contact of our own server, stamped by it", "nurse@capulet.lit", "unavailable", "capulet.lit", "", false},
		{"a contact of our own server, held by it", "nurse@capulet.lit", "unavailable", "capulet.lit", "Client Inactive", true},
		{"ourselves", "juliet@capulet.lit", "unavailable", "juliet@capulet.lit", "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			stamp := received.Add(-time.Second)
			p := readBy(t, self, "<presence xmlns='jabber:client' from='"+tc.from+"' type='"+tc.typ+
				"'><delay xmlns='urn:xmpp:delay' from='"+tc.by+"' stamp='2012-09-10T23:41:06Z'>"+tc.reason+"</delay></presence>", received)
			if tc.held != p.Held.Equal(stamp) || tc.held == p.Delay.Stamp.Equal(stamp) || !p.At().Equal(stamp) {
				t.Fatalf("held %v, the stamp is %v, at %v", p.Held, p.Delay.Stamp, p.At())
			}
			if tc.held && (len(p.Doubts) != 1 || p.Doubts[0].Why != delay.Superseded || !p.Doubts[0].Element.Stamp.Equal(stamp)) {
				t.Errorf("doubts: %+v", p.Doubts)
			}
		})
	}
}

func TestAHeldStampFollowsTheRulesForStamps(t *testing.T) {
	received := time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC)
	for stamp, want := range map[string]time.Time{
		"2012-09-10T23:45:06Z": received, // our server's clock is ahead
		"2012-09-10T23:46:08Z": received,
		"1970-01-01T00:00:00Z": received,
		"":                     received,
	} {
		p := readBy(t, jid.MustParse("juliet@capulet.lit"), "<presence from='romeo@montague.lit'><delay xmlns='urn:xmpp:delay' from='capulet.lit' stamp='"+stamp+"'/></presence>", received)
		if !p.Held.Equal(want) || !p.Delay.Stamp.IsZero() {
			t.Errorf("%s: held %v, the stamp is %v", stamp, p.Held, p.Delay.Stamp)
		}
	}
}

func TestAStanzaIsHeldNoLongerThanUntilItComes(t *testing.T) {
	received := time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC)
	p := readBy(t, jid.MustParse("juliet@capulet.lit"), "<presence from='romeo@montague.lit'><delay xmlns='urn:xmpp:delay' from='capulet.lit' stamp='2012-09-10T23:45:06Z'/>"+
		"<delay xmlns='urn:xmpp:delay' from='montague.lit' stamp='2012-09-10T20:00:00Z'/></presence>", received)
	if !p.Held.Equal(received) || p.Delay.Stamp.Hour() != 20 {
		t.Errorf("held %v, the stamp is %v", p.Held, p.Delay.Stamp)
	}
}

func TestAHeldStanzaHasTheStampOfLeaving(t *testing.T) {
	self := jid.MustParse("juliet@capulet.lit")
	left := time.Date(2012, 9, 10, 20, 0, 0, 0, time.UTC)
	for name, stamp := range map[string]string{
		"the contact's":    "<delay xmlns='urn:xmpp:delay' from='romeo@montague.lit/orchard' stamp='2012-09-10T20:00:00Z'/>",
		"nobody's":         "<delay xmlns='urn:xmpp:delay' stamp='2012-09-10T20:00:00Z'/>",
		"its server's own": "<delay xmlns='urn:xmpp:delay' from='montague.lit' stamp='2012-09-10T20:00:00Z'/>",
		"of the old form":  "<x xmlns='jabber:x:delay' stamp='20120910T20:00:00'/>",
	} {
		for _, by := range []string{"juliet@capulet.lit", "capulet.lit"} {
			held := "<delay xmlns='urn:xmpp:delay' from='" + by + "' stamp='2012-09-10T23:41:06Z'/>"
			for _, children := range []string{stamp + held, held + stamp} {
				p := readBy(t, self, "<presence xmlns='jabber:client' from='romeo@montague.lit' type='unavailable'>"+children+"</presence>", left.Add(4*time.Hour))
				if !p.Delay.Stamp.Equal(left) || len(p.Doubts) != 1 || !p.Held.Equal(time.Date(2012, 9, 10, 23, 41, 6, 0, time.UTC)) {
					t.Errorf("%s: %+v, held %v, doubts %+v", name, p.Delay, p.Held, p.Doubts)
				}
			}
		}
	}
}
