package request_test

import (
	"encoding/xml"
	"strings"
	"testing"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/request"
)

func TestAnswersCountOnlyFromTheAddressThatWasAsked(t *testing.T) {
	self := jid.MustParse("juliet@capulet.lit/balcony")
	for _, tc := range []struct {
		name, asked, from string
		want              bool
	}{
		{"the contact", "romeo@montague.lit", "romeo@montague.lit", true},
		{"a resource of the contact", "romeo@montague.lit", "romeo@montague.lit/orchard", false},
		{"nobody, for a contact", "romeo@montague.lit", "", false},
		{"our server, for a contact", "romeo@montague.lit", "capulet.lit", false},
		{"nobody, for the account", "", "", true},
		{"the account", "", "juliet@capulet.lit", true},
		{"our server, for the account", "", "capulet.lit", true},
		{"the session, for the account", "", "juliet@capulet.lit/balcony", true},
		{"another session, for the account", "", "juliet@capulet.lit/chamber", false},
		{"another server, for the account", "", "montague.lit", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var table request.Table
			var asked jid.JID
			if tc.asked != "" {
				asked = jid.MustParse(tc.asked)
			}
			read := false
			id := table.Add(asked, func(*xml.StartElement, xml.TokenReader) { read = true })
			start := xml.StartElement{Name: xml.Name{Local: "iq"}, Attr: []xml.Attr{
				{Name: xml.Name{Local: "type"}, Value: "result"}, {Name: xml.Name{Local: "id"}, Value: id}}}
			if tc.from != "" {
				start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: "from"}, Value: tc.from})
			}
			if got := table.Handle(&start, xml.NewDecoder(strings.NewReader("")), self); got != tc.want || read != tc.want {
				t.Errorf("handled %t, read %t, want %t", got, read, tc.want)
			}
		})
	}
}
