package probe

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
	"testing"

	"example.org/lastpresence/internal/testbed/mutate"
)

// decoded is a presence as the reflection of encoding/xml sees it.
type decoded struct {
	ID       string   `xml:"id,attr"`
	Type     string   `xml:"type,attr"`
	Show     []string `xml:"jabber:client show"`
	Priority []string `xml:"jabber:client priority"`
	Status   []struct {
		Lang string `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
		Text string `xml:",chardata"`
	} `xml:"jabber:client status"`
}

// FuzzReadPresenceReadsWhatEncodingXMLDoes takes the children of a presence.
func FuzzReadPresenceReadsWhatEncodingXMLDoes(f *testing.F) {
	mutate.Strings(f, []string{
		`<show>xa</show><status xml:lang="de">a</status><priority>7</priority><x xmlns="u"><status>no</status></x>`,
		`<status>a<!-- c -->b<x>no</x>c</status><status xml:lang="it">d</status><show/><priority>-1</priority>`,
		`<priority>128</priority><priority> 5 </priority><show> dnd</show><show>no</show><![CDATA[ ]]>`,
		`<status xmlns="u">no</status><delay xmlns="urn:xmpp:delay" stamp="2012-09-10T23:41:07Z">r</delay><error><gone/></error>`,
		`<query xmlns="jabber:iq:last" seconds="1"><status xmlns="jabber:client">no</status></query>`,
	}, func(t testing.TB, children string) {
		in := `<presence xmlns="jabber:client" id="i" type="unavailable">` + children + `</presence>`
		var want decoded
		if xml.Unmarshal([]byte(in), &want) != nil {
			return
		}
		p, err := ReadPresence(xml.NewDecoder(strings.NewReader(in)))
		if err != nil {
			t.Fatalf("ReadPresence(%q): %v, but encoding/xml reads it", in, err)
		}
		if p.Cut {
			return
		}
		show := ""
		for _, s := range want.Show {
			if s = strings.TrimSpace(s); slices.Contains([]string{"away", "chat", "dnd", "xa"}, s) {
				show = s
			}
		}
		priority := 0
		for _, s := range want.Priority {
			if priority, err = strconv.Atoi(strings.TrimSpace(s)); err != nil || int(int8(priority)) != priority {
				priority = 0
			}
		}
		if p.ID != want.ID || string(p.Type) != want.Type || p.Show != show || int(p.Priority) != priority {
			t.Errorf("%q reads as %q %q %q %d, want %q %q %q %d",
				in, p.ID, p.Type, p.Show, p.Priority, want.ID, want.Type, show, priority)
		}
		if got, want := len(p.statuses), len(want.Status); got != want {
			t.Fatalf("%q: %d statuses, want %d", in, got, want)
		}
		for i, s := range want.Status {
			if p.statuses[i].data != s.Text || p.statuses[i].lang != s.Lang {
				t.Errorf("%q: status %d is %q, want %q", in, i, p.statuses[i], s)
			}
		}
	})
}
