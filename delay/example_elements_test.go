package delay_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/delay"
)

func ExampleDelay() {
	d := delay.Delay{
		From:   jid.MustParse("montague.lit"),
		Stamp:  time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC),
		Reason: "Offline storage",
	}
	text, err := xml.Marshal(d)
	fmt.Println(string(text), err)
	// Output: <delay xmlns="urn:xmpp:delay" from="montague.lit" stamp="2012-09-10T23:41:07Z">Offline storage</delay> <nil>
}

// Reading a Delay fails if the element is not valid.
func ExampleDelay_UnmarshalXML() {
	for _, text := range []string{
		`<delay xmlns="urn:xmpp:delay" from="montague.lit" stamp="2012-09-10T23:41:07Z"/>`,
		`<x xmlns="jabber:x:delay" from="montague.lit" stamp="20120910T23:41:07"/>`,
		`<delay xmlns="urn:xmpp:delay" stamp="yesterday"/>`,
		`<delay xmlns="urn:xmpp:delay"/>`,
		`<idle xmlns="urn:xmpp:idle:1" since="2012-09-10T23:41:07Z"/>`,
	} {
		var d delay.Delay
		if err := xml.Unmarshal([]byte(text), &d); err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(d.Stamp, d.From)
	}
	// Output:
	// 2012-09-10 23:41:07 +0000 UTC montague.lit
	// 2012-09-10 23:41:07 +0000 UTC montague.lit
	// delay: stamp "yesterday": year lacks a digit at byte 0
	// delay: no stamp
	// delay: not a delayed-delivery element
}

// TokenReader returns the element for streams of mellium.im/xmlstream.
func ExampleDelay_TokenReader() {
	d := delay.Delay{Stamp: time.Unix(0, 0)}
	presence := xml.StartElement{Name: xml.Name{Local: "presence"}}
	out := xml.NewEncoder(os.Stdout)
	_, err := xmlstream.Copy(out, xmlstream.Wrap(d.TokenReader(), presence))
	if err := errors.Join(err, out.Flush()); err != nil {
		fmt.Println(err)
	}
	// Output: <presence><delay xmlns="urn:xmpp:delay" stamp="1970-01-01T00:00:00Z"></delay></presence>
}

// An Element that is not valid does not fail the stanza.
func ExampleElement() {
	var presence struct {
		Status string          `xml:"status"`
		Delays []delay.Element `xml:"urn:xmpp:delay delay"`
		Legacy []delay.Element `xml:"jabber:x:delay x"`
	}
	err := xml.Unmarshal([]byte(`<presence type="unavailable">
		<status>Going offline.</status>
		<delay xmlns="urn:xmpp:delay" stamp="2012-09-10"/>
		<x xmlns="jabber:x:delay" stamp="20120910T23:41:07"/>
	</presence>`), &presence)
	fmt.Println(presence.Status, err)
	fmt.Println(presence.Delays[0].Err)
	fmt.Println(presence.Legacy[0].Stamp, presence.Legacy[0].Legacy)
	// Output:
	// Going offline. <nil>
	// delay: stamp "2012-09-10": no 'T' at byte 10
	// 2012-09-10 23:41:07 +0000 UTC true
}

// ReadElement is for code that reads a stanza token by token.
func ExampleReadElement() {
	r := xml.NewDecoder(strings.NewReader(
		`<presence><delay xmlns="urn:xmpp:delay" from="montague.lit" stamp="2012-09-10T23:41:07Z"/><show>away</show></presence>`))
	for {
		tok, err := r.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		start, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		if !delay.IsElement(start.Name) {
			fmt.Println(start.Name.Local)
			continue
		}
		e, err := delay.ReadElement(start, r)
		fmt.Println(e.From, e.Stamp, e.Err, err)
	}
	// Output:
	// presence
	// montague.lit 2012-09-10 23:41:07 +0000 UTC <nil> <nil>
	// show
}

func ExampleIsElement() {
	fmt.Println(delay.IsElement(xml.Name{Space: delay.NS, Local: "delay"}))
	fmt.Println(delay.IsElement(xml.Name{Space: delay.NSLegacy, Local: "x"}))
	fmt.Println(delay.IsElement(xml.Name{Space: "vcard-temp:x:update", Local: "x"}))
	// Output:
	// true
	// true
	// false
}

func ExampleInsert() {
	in := xml.NewDecoder(strings.NewReader(`<forwarded><message></message></forwarded>`))
	out := xml.NewEncoder(os.Stdout)
	_, err := xmlstream.Copy(out, delay.Insert(delay.Delay{Stamp: time.Unix(0, 0)})(in))
	if err := errors.Join(err, out.Flush()); err != nil {
		fmt.Println(err)
	}
	// Output: <forwarded><delay xmlns="urn:xmpp:delay" stamp="1970-01-01T00:00:00Z"></delay><message></message></forwarded>
}

func ExampleStanza() {
	in := xml.NewDecoder(strings.NewReader(`<presence><show>away</show></presence><r></r>`))
	d := delay.Delay{From: jid.MustParse("montague.lit"), Stamp: time.Unix(0, 0)}
	out := xml.NewEncoder(os.Stdout)
	_, err := xmlstream.Copy(out, delay.Stanza(d, "")(in))
	if err := errors.Join(err, out.Flush()); err != nil {
		fmt.Println(err)
	}
	// Output: <presence><delay xmlns="urn:xmpp:delay" from="montague.lit" stamp="1970-01-01T00:00:00Z"></delay><show>away</show></presence><r></r>
}

func ExampleRules_Believe() {
	romeo, juliet := jid.MustParse("romeo@montague.lit"), jid.MustParse("juliet@capulet.lit")
	noon := time.Date(2012, 9, 10, 12, 0, 0, 0, time.UTC)
	d, doubts := delay.Rules{}.Believe([]delay.Element{
		{Delay: delay.Delay{From: jid.MustParse("mercutio@verona.lit"), Stamp: noon}},
		{Delay: delay.Delay{From: jid.MustParse("montague.lit"), Stamp: noon.Add(time.Hour)}},
		{Delay: delay.Delay{From: romeo, Stamp: noon.Add(30 * time.Hour)}},
		{Err: delay.ErrNoStamp},
	}, romeo, juliet, noon.Add(2*time.Hour))
	fmt.Println(d.From, d.Stamp)
	for _, doubt := range doubts {
		fmt.Println(doubt.Why, doubt.Element.From)
	}
	// Output:
	// montague.lit 2012-09-10 13:00:00 +0000 UTC
	// forged mercutio@verona.lit
	// future romeo@montague.lit
	// unreadable
}

// The clocks of servers are not always right.
func ExampleRules() {
	host := jid.MustParse("montague.lit")
	received := time.Date(2012, 9, 10, 12, 0, 0, 0, time.UTC)
	ahead := []delay.Element{{Delay: delay.Delay{From: host, Stamp: received.Add(time.Minute)}}}
	for _, rules := range []delay.Rules{{}, {Skew: time.Second}} {
		d, doubts := rules.Believe(ahead, host, jid.MustParse("juliet@capulet.lit"), received)
		fmt.Println(d.Stamp.Equal(received), doubts == nil)
	}
	// Output:
	// true true
	// false false
}

func ExampleDoubt() {
	host, juliet := jid.MustParse("montague.lit"), jid.MustParse("juliet@capulet.lit")
	found := []delay.Element{
		{Delay: delay.Delay{From: host, Stamp: time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)}},
		{Err: delay.ErrNoStamp},
	}
	_, doubts := delay.Rules{}.Believe(found, host, juliet, time.Date(2012, 9, 10, 12, 0, 0, 0, time.UTC))
	for _, doubt := range doubts {
		fmt.Println(doubt.Why, doubt.Element.Stamp.Year(), doubt.Element.Err)
	}
	// Output:
	// ancient 1970 <nil>
	// unreadable 1 delay: no stamp
}

func ExampleWhy() {
	for why := delay.Unreadable; why <= delay.Superseded; why++ {
		fmt.Println(why)
	}
	// Output:
	// unreadable
	// forged
	// future
	// ancient
	// superseded
}
