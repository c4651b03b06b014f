package sift_test

import (
	"encoding/xml"
	"errors"
	"strings"
	"testing"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/mutate"
	"example.org/lastpresence/internal/wire/sift"
)

var romeo = jid.MustParse("romeo@montague.lit/pda")

func TestRequests(t *testing.T) {
	for _, tc := range []struct {
		name string
		r    xml.TokenReader
		want string
	}{
		{"presence to either address", sift.Presence(romeo, "a", sift.Both), `<iq type="set" to="romeo@montague.lit" id="a"><sift xmlns="urn:xmpp:sift:2"><presence xmlns="urn:xmpp:sift:2"></presence></sift></iq>`},
		{"presence to the account", sift.Presence(romeo, "a", sift.Bare), `<iq type="set" to="romeo@montague.lit" id="a"><sift xmlns="urn:xmpp:sift:2"><presence xmlns="urn:xmpp:sift:2" recipient="bare"></presence></sift></iq>`},
		{"presence to this resource", sift.Presence(romeo, "a", sift.Full), `<iq type="set" to="romeo@montague.lit" id="a"><sift xmlns="urn:xmpp:sift:2"><presence xmlns="urn:xmpp:sift:2" recipient="full"></presence></sift></iq>`},
		{"nothing", sift.Nothing(romeo, "a"), `<iq type="set" to="romeo@montague.lit" id="a"><sift xmlns="urn:xmpp:sift:2"></sift></iq>`},
		{"features", sift.Query(romeo.Domain(), "a"), `<iq type="get" to="montague.lit" id="a"><query xmlns="http://jabber.org/protocol/disco#info"></query></iq>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b strings.Builder
			e := xml.NewEncoder(&b)
			if _, err := xmlstream.Copy(e, tc.r); err != nil {
				t.Fatal(err)
			}
			if err := e.Flush(); err != nil {
				t.Fatal(err)
			}
			if b.String() != tc.want {
				t.Errorf("got  %s\nwant %s", b.String(), tc.want)
			}
		})
	}
}

// open reads a stanza's start element, as a handler gets it.
func open(t testing.TB, s string) (*xml.StartElement, xml.TokenReader) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(s))
	tok, _ := d.Token()
	start, ok := tok.(xml.StartElement)
	if !ok {
		t.Fatalf("no stanza: %q", s)
	}
	return &start, xmlstream.InnerElement(d)
}

const refused = `<iq xmlns='jabber:client' type='error' id='a'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`

func features(vars ...string) string {
	s := `<iq xmlns='jabber:client' type='result' id='a'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='server' type='im'/>`
	for _, v := range vars {
		s += `<feature var='` + v + `'/>`
	}
	return s + `</query></iq>`
}

func TestReadFeatures(t *testing.T) {
	for _, tc := range []struct {
		name, answer string
		want         sift.Features
		fails        bool
	}{
		{"none of them", features("urn:xmpp:ping"), sift.Features{}, false},
		{"the least", features(sift.NS, sift.FeaturePresence), sift.Features{Presence: true}, false},
		{"all that counts here", features(sift.FeatureBare, sift.FeaturePresence, sift.NS, "urn:xmpp:sift:stanzas:iq"), sift.Features{Presence: true, Bare: true}, false},
		{"messages only", features(sift.NS, "urn:xmpp:sift:stanzas:message"), sift.Features{}, false},
		{"an earlier version", features("urn:xmpp:sift:1", sift.FeaturePresence), sift.Features{}, false},
		{"a feature of another namespace", `<iq xmlns='jabber:client' type='result'><query xmlns='http://jabber.org/protocol/disco#info'><feature xmlns='x' var='urn:xmpp:sift:2'/></query></iq>`, sift.Features{}, false},
		{"empty", `<iq xmlns='jabber:client' type='result'/>`, sift.Features{}, true},
		{"an error", refused, sift.Features{}, true},
		{"cut", `<iq xmlns='jabber:client' type='result'><query xmlns='http://jabber.org/protocol/disco#info'>`, sift.Features{}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			start, r := open(t, tc.answer)
			got, err := sift.ReadFeatures(start, r)
			if got != tc.want || (err != nil) != tc.fails {
				t.Errorf("got %+v, %v; want %+v, an error: %v", got, err, tc.want, tc.fails)
			}
		})
	}
}

func TestReadAnswer(t *testing.T) {
	start, r := open(t, `<iq xmlns='jabber:client' type='result' id='a'/>`)
	if err := sift.ReadAnswer(start, r); err != nil {
		t.Errorf("a result: %v", err)
	}
	start, r = open(t, refused)
	var se stanza.Error
	if err := sift.ReadAnswer(start, r); !errors.As(err, &se) || se.Condition != stanza.ServiceUnavailable {
		t.Errorf("a refusal: %v", err)
	}
	start, r = open(t, `<iq xmlns='jabber:client' type='error' id='a'/>`)
	if err := sift.ReadAnswer(start, r); !errors.As(err, &se) || se.Condition != stanza.UndefinedCondition {
		t.Errorf("a refusal without a reason: %v", err)
	}
}

func FuzzReadFeatures(f *testing.F) {
	mutate.Strings(f, []string{
		"<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:sift:2'/></query></iq>",
		"<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
	}, func(t testing.TB, s string) {
		start, r := open(t, "<iq xmlns='jabber:client' type='result'>"+s)
		got, err := sift.ReadFeatures(start, r)
		if err != nil && got != (sift.Features{}) {
			t.Errorf("%+v and an error: %v", got, err)
		}
	})
}
