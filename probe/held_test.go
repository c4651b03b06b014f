package probe

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/delay"
)

// TestAStampOfWhenItWasHeldIsNoTimeOfLeaving is about servers that hold back
// what a contact's server answered.
func TestAStampOfWhenItWasHeldIsNoTimeOfLeaving(t *testing.T) {
	self := jid.MustParse("juliet@capulet.lit")
	received := time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC)
	for _, tc := range []struct {
		name, from, typ, by string
		believed            bool
	}{
		{"offline, held by the own account", "romeo@montague.lit", "unavailable", "juliet@capulet.lit", false},
		{"offline, stamped by the contact's server", "romeo@montague.lit", "unavailable", "montague.lit", true},
		{"a resource that left, held by the own account", "romeo@montague.lit/orchard", "unavailable", "juliet@capulet.lit", true},
		{"a resource that came, held by the own account", "romeo@montague.lit/orchard", "", "juliet@capulet.lit", true},
		{"ourselves", "juliet@capulet.lit", "unavailable", "juliet@capulet.lit", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := xml.NewDecoder(strings.NewReader("<presence xmlns='jabber:client' from='" + tc.from + "' type='" + tc.typ +
				"'><delay xmlns='urn:xmpp:delay' from='" + tc.by + "' stamp='2012-09-10T23:41:06Z'/></presence>"))
			tok, err := d.Token()
			if err != nil {
				t.Fatal(err)
			}
			rd := reader{in: &bounded{src: d}}
			err = rd.read(tok.(xml.StartElement), self, received)
			p := rd.p
			if err != nil || p.Delay.Stamp.IsZero() == tc.believed {
				t.Fatalf("the stamp is %v, %v", p.Delay.Stamp, err)
			}
			if !tc.believed && (len(p.Doubts) != 1 || p.Doubts[0].Why != delay.Superseded || p.Doubts[0].Element.Stamp.IsZero()) {
				t.Errorf("doubts: %+v", p.Doubts)
			}
		})
	}
}

func TestBehindAStampOfWhenItWasHeldIsThatOfLeaving(t *testing.T) {
	self := jid.MustParse("juliet@capulet.lit")
	left := time.Date(2012, 9, 10, 20, 0, 0, 0, time.UTC)
	const held = "<delay xmlns='urn:xmpp:delay' from='juliet@capulet.lit' stamp='2012-09-10T23:41:06Z'/>"
	for name, stamp := range map[string]string{
		"the contact's":    "<delay xmlns='urn:xmpp:delay' from='romeo@montague.lit/orchard' stamp='2012-09-10T20:00:00Z'/>",
		"nobody's":         "<delay xmlns='urn:xmpp:delay' stamp='2012-09-10T20:00:00Z'/>",
		"its server's own": "<delay xmlns='urn:xmpp:delay' from='montague.lit' stamp='2012-09-10T20:00:00Z'/>",
	} {
		for _, children := range []string{stamp + held, held + stamp} {
			d := xml.NewDecoder(strings.NewReader("<presence xmlns='jabber:client' from='romeo@montague.lit' type='unavailable'>" + children + "</presence>"))
			tok, err := d.Token()
			if err != nil {
				t.Fatal(err)
			}
			rd := reader{in: &bounded{src: d}}
			if err := rd.read(tok.(xml.StartElement), self, left.Add(4*time.Hour)); err != nil || !rd.p.Delay.Stamp.Equal(left) || len(rd.p.Doubts) != 1 {
				t.Errorf("%s: %+v, doubts %+v, %v", name, rd.p.Delay, rd.p.Doubts, err)
			}
		}
	}
}
