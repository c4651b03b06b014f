package melliumdelay_test

import (
	"encoding/xml"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"mellium.im/xmlstream"
	mellium "mellium.im/xmpp/delay"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/delay"
	"example.org/lastpresence/delay/melliumdelay"
)

var (
	host  = jid.MustParse("montague.lit")
	stamp = time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC)
)

func TestNoFieldIsLostEitherWay(t *testing.T) {
	for name, d := range map[string]delay.Delay{
		"everything": {From: host, Stamp: stamp.In(time.FixedZone("", 7200)), Reason: "late"},
		"stamp":      {Stamp: stamp},
		"nothing":    {},
	} {
		t.Run(name, func(t *testing.T) {
			m := melliumdelay.To(d)
			if !m.From.Equal(d.From) || !m.Time.Equal(d.Stamp) || m.Reason != d.Reason {
				t.Errorf("To(%+v) = %+v", d, m)
			}
			if back := melliumdelay.From(m); !reflect.DeepEqual(back, d) {
				t.Errorf("From(%+v) = %+v, want %+v", m, back, d)
			}
		})
	}
}

// TestFieldsAreAllThereAre fails when either type gets a field that the
// conversions do not know.
func TestFieldsAreAllThereAre(t *testing.T) {
	if n := reflect.TypeFor[mellium.Delay]().NumField(); n != 4 {
		t.Errorf("mellium's Delay has %d fields, want a name and three", n)
	}
	if n := reflect.TypeFor[delay.Delay]().NumField(); n != 3 {
		t.Errorf("Delay has %d fields, want 3", n)
	}
}

func TestEachPackageReadsWhatTheOtherWrites(t *testing.T) {
	d := delay.Delay{From: host, Stamp: stamp, Reason: "late"}
	text, err := xml.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var m mellium.Delay
	if err := xml.Unmarshal(text, &m); err != nil || !reflect.DeepEqual(melliumdelay.From(m), d) {
		t.Errorf("mellium read %s as %+v, %v", text, m, err)
	}
	if text, err = xml.Marshal(melliumdelay.To(d)); err != nil {
		t.Fatal(err)
	}
	var again delay.Delay
	if err := xml.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(again, d) {
		t.Errorf("%s was read as %+v, %v", text, again, err)
	}
}

// TestInsertAgreesWithMellium reads streams through the transformers of both.
func TestInsertAgreesWithMellium(t *testing.T) {
	d := delay.Delay{From: host, Stamp: stamp, Reason: "late"}
	m := melliumdelay.To(d)
	for _, in := range []string{
		``,
		`<message xmlns="jabber:client"><body>1</body></message>`,
		`<message xmlns="jabber:server"/><presence xmlns="jabber:client"/><iq xmlns="jabber:client"/>`,
		`<message/> <r xmlns="urn:xmpp:sm:3"/><presence/>`,
		`<forwarded xmlns="urn:xmpp:forward:0"><message xmlns="jabber:client"/></forwarded>`,
		`<presence xmlns="jabber:client"><delay xmlns="urn:xmpp:delay" stamp="2012-09-10T23:41:07Z"/></presence>`,
	} {
		check := func(call string, ours, theirs xmlstream.Transformer) {
			t.Helper()
			got, gotErr := through(ours, in)
			want, wantErr := through(theirs, in)
			if gotErr != nil || wantErr != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s of %s:\ngot  %v, %v\nwant %v, %v", call, in, got, gotErr, want, wantErr)
			}
		}
		check("Insert", delay.Insert(d), mellium.Insert(m))
		for _, ns := range []string{"jabber:client", "jabber:server"} {
			check("Stanza in "+ns, delay.Stanza(d, ns), mellium.Stanza(m, ns))
		}
		check("Stanza", delay.Stanza(d, ""), mellium.Stanza(m, ""))
	}
}

// through returns the tokens that come out of a transformer. Which attribute of
// an element comes first says nothing, so they are sorted into a map.
func through(f xmlstream.Transformer, in string) ([]any, error) {
	tokens, err := xmlstream.ReadAll(f(xml.NewDecoder(strings.NewReader(in))))
	var out []any
	for _, tok := range tokens {
		if start, ok := tok.(xml.StartElement); ok {
			attrs := make(map[xml.Name]string)
			for _, a := range start.Attr {
				attrs[a.Name] = a.Value
			}
			out = append(out, start.Name, attrs)
			continue
		}
		out = append(out, xml.CopyToken(tok))
	}
	return out, err
}

func ExampleFrom() {
	d := melliumdelay.From(mellium.Delay{From: host, Time: stamp, Reason: "Offline storage"})
	fmt.Println(d.From, d.Stamp.Format(time.DateTime), d.Reason)
	// Output: montague.lit 2012-09-10 23:41:07 Offline storage
}

func ExampleTo() {
	m := melliumdelay.To(delay.Delay{From: host, Stamp: stamp})
	text, err := xml.Marshal(m)
	fmt.Println(string(text), err)
	// Output: <delay xmlns="urn:xmpp:delay" stamp="2012-09-10T23:41:07Z" from="montague.lit"></delay> <nil>
}
