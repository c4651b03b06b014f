package delay_test

import (
	"encoding/xml"
	"fmt"
	"os"
	"strings"
	"time"

	"example.org/lastpresence/delay"
	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
)

func ExampleParseDateTime() {
	t, err := delay.ParseDateTime("1969-07-20T21:56:15-05:00")
	fmt.Println(t.UTC(), err)
	_, err = delay.ParseDateTime("1969-07-20T21:56:15")
	fmt.Println(err)
	// Output:
	// 1969-07-21 02:56:15 +0000 UTC <nil>
	// delay: DateTime "1969-07-20T21:56:15": no zone at byte 19
}

func ExampleAppendDateTime() {
	fmt.Printf("%s\n", delay.AppendDateTime(nil, time.Unix(0, 500_000_000)))
	fmt.Println(delay.AppendDateTime(nil, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)) == nil)
	// Output:
	// 1970-01-01T00:00:00.5Z
	// true
}

func ExampleRules_Believe() {
	romeo, juliet := jid.MustParse("romeo@montague.lit"), jid.MustParse("juliet@capulet.lit")
	noon := time.Date(2012, 9, 10, 12, 0, 0, 0, time.UTC)
	d, doubts := delay.Rules{}.Believe([]delay.Element{
		{Delay: delay.Delay{From: jid.MustParse("mercutio@verona.lit"), Stamp: noon}},
		{Delay: delay.Delay{From: jid.MustParse("montague.lit"), Stamp: noon.Add(time.Hour)}},
	}, romeo, juliet, noon.Add(2*time.Hour))
	fmt.Println(d.From, d.Stamp, doubts[0].Why)
	// Output: montague.lit 2012-09-10 13:00:00 +0000 UTC forged
}

func ExampleStanza() {
	in := xml.NewDecoder(strings.NewReader(`<presence><show>away</show></presence><x/>`))
	d := delay.Delay{From: jid.MustParse("montague.lit"), Stamp: time.Unix(0, 0)}
	in.DefaultSpace = "jabber:client"
	out := xml.NewEncoder(os.Stdout)
	if _, err := xmlstream.Copy(out, delay.Stanza(d, "")(in)); err != nil {
		fmt.Println(err)
	}
	if err := out.Flush(); err != nil {
		fmt.Println(err)
	}
	// Output: <presence xmlns="jabber:client"><delay xmlns="urn:xmpp:delay" from="montague.lit" stamp="1970-01-01T00:00:00Z"></delay><show xmlns="jabber:client">away</show></presence><x xmlns="jabber:client"></x>
}
