package roster

import (
	"encoding/xml"
	"slices"
	"strings"
	"testing"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/mutate"
	"example.org/lastpresence/internal/wire/address"
)

// decodedRoster is an IQ with a roster as the reflection of encoding/xml sees
// it.
type decodedRoster struct {
	Queries []struct {
		Attrs []xml.Attr `xml:",any,attr"`
		Items []struct {
			Attrs  []xml.Attr `xml:",any,attr"`
			Groups []string   `xml:"jabber:iq:roster group"`
		} `xml:"jabber:iq:roster item"`
	} `xml:"jabber:iq:roster query"`
}

// plain returns an attribute in no namespace.
func plain(attrs []xml.Attr, name string) (value string, found bool) {
	for _, attr := range attrs {
		if attr.Name == (xml.Name{Local: name}) {
			value, found = attr.Value, true
		}
	}
	return value, found
}

// FuzzReadQuery reads the payload of whatever answers for a roster, beside
// encoding/xml.
func FuzzReadQuery(f *testing.F) {
	mutate.Strings(f, []string{
		`<query xmlns='jabber:iq:roster' ver='7'><item jid='romeo@montague.lit' name='Romeo' subscription='both'><group>Friends</group><group/></item></query>`,
		`<query xmlns='jabber:iq:roster'><item jid='a@b/c' ask='subscribe' approved='true'/><item jid='@' subscription='remove'/><item/></query>`,
		`<query xmlns='jabber:iq:roster' ver=''/><x><item jid='a@b'/></x><query xmlns='u'><item jid='a@b'/></query>`,
		`<query xmlns='jabber:iq:roster'>text<x/><item xmlns='u' jid='a@b'/><item jid='c@d' subscription='to' approved='1'>x<group>a<b>c</b>d</group><group xmlns='u'>e</group></item></query>`,
		`<query xmlns='jabber:iq:roster'><item jid='romeo@montague.lit..' subscription='both'/><item jid='romeo@montague.lit.'/></query>`,
		`<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`,
	}, func(t testing.TB, payload string) {
		in := "<iq xmlns='jabber:client'>" + payload + "</iq>"
		var want decodedRoster
		if xml.Unmarshal([]byte(in), &want) != nil {
			return
		}
		d := xml.NewDecoder(strings.NewReader(in))
		if _, err := d.Token(); err != nil {
			t.Fatal(err)
		}
		got, err := readQuery(d)
		if err != nil || got.found != (len(want.Queries) > 0) {
			t.Fatalf("%q reads as %+v, %v", in, got, err)
		}
		items := got.items
		for _, q := range want.Queries {
			if ver, found := plain(q.Attrs, "ver"); found && len(ver) <= maxVersion && !got.versioned {
				t.Errorf("%q: the version %q was not read", in, ver)
			}
			for _, i := range q.Items {
				written, _ := plain(i.Attrs, "jid")
				j, err := address.Parse(written)
				if err != nil {
					continue
				}
				if len(items) == 0 {
					t.Fatalf("%q reads as %+v, %s is missing", in, got.items, j)
				}
				checkItem(t, items[0], j.Bare(), i.Attrs, i.Groups)
				items = items[1:]
			}
		}
		if len(items) > 0 {
			t.Errorf("%q reads as %+v, and nobody wrote %+v", in, got.items, items)
		}
	})
}

// checkItem compares an item with its attributes and groups.
func checkItem(t testing.TB, got item, j jid.JID, attrs []xml.Attr, groups []string) {
	t.Helper()
	if !got.jid.Equal(j) {
		t.Errorf("the address is %s, want %s", got.jid, j)
	}
	if name, _ := plain(attrs, "name"); !strings.HasPrefix(name, got.name) || len(name) <= maxName && got.name != name {
		t.Errorf("%s: the name is %q, want %q", j, got.name, name)
	}
	subscription, _ := plain(attrs, "subscription")
	if !slices.Contains([]string{"to", "from", "both", "remove"}, subscription) {
		subscription = "none"
	}
	if got.subscription.String() != subscription {
		t.Errorf("%s: the subscription is %v, want %s", j, got.subscription, subscription)
	}
	ask, _ := plain(attrs, "ask")
	approved, _ := plain(attrs, "approved")
	if got.ask != (ask == "subscribe") || got.approved != (approved == "true" || approved == "1") {
		t.Errorf("%s: ask %t, approved %t of %v", j, got.ask, got.approved, attrs)
	}
	if len(groups) <= maxGroups && len(got.groupNames()) != len(groups) || len(got.groupNames()) > maxGroups {
		t.Fatalf("%s: the groups are %q, want %q", j, got.groups, groups)
	}
	for i, group := range got.groupNames() {
		if !strings.HasPrefix(groups[i], group) || len(groups[i]) <= maxName && group != groups[i] {
			t.Errorf("%s: the group is %q, want %q", j, group, groups[i])
		}
	}
}

func TestAPushChangesAContactWhereAnyPartOfItDiffers(t *testing.T) {
	known := details{name: "Romeo", subscription: subBoth, ask: true, approved: true, groups: inGroups([]string{"Friends"})}
	for name, tt := range map[string]struct {
		change  func(*details)
		changes bool
	}{
		"nothing":      {func(*details) {}, false},
		"name":         {func(d *details) { d.name = "" }, true},
		"subscription": {func(d *details) { d.subscription = subTo }, true},
		"ask":          {func(d *details) { d.ask = false }, true},
		"approved":     {func(d *details) { d.approved = false }, true},
		"groups":       {func(d *details) { d.groups = inGroups([]string{"Enemies"}) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := Offline(jid.MustParse("juliet@capulet.lit"))
			c.mu.Lock()
			defer c.mu.Unlock()
			c.apply(item{contactNumber(0), known})
			e := c.items.find(contactNumber(0))
			before, pushed := e.listed, known
			tt.change(&pushed)
			c.apply(item{contactNumber(0), pushed})
			if !e.equal(pushed) || (e.listed != before) != tt.changes {
				t.Errorf("after the push: %+v, changed: %t", e.details, e.listed != before)
			}
		})
	}
}
