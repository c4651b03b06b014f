package delay_test

import (
	"encoding"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/delay"
)

var (
	_ xml.Marshaler            = delay.Delay{}
	_ xml.Unmarshaler          = (*delay.Delay)(nil)
	_ xmlstream.Marshaler      = delay.Delay{}
	_ xmlstream.WriterTo       = delay.Delay{}
	_ xml.Marshaler            = delay.Element{}
	_ xml.Unmarshaler          = (*delay.Element)(nil)
	_ xmlstream.Marshaler      = delay.Element{}
	_ xmlstream.WriterTo       = delay.Element{}
	_ encoding.TextMarshaler   = delay.DateTime{}
	_ encoding.TextAppender    = delay.DateTime{}
	_ encoding.TextUnmarshaler = (*delay.DateTime)(nil)
	_ encoding.TextMarshaler   = delay.Date{}
	_ encoding.TextUnmarshaler = (*delay.Date)(nil)
	_ encoding.TextMarshaler   = delay.TimeOfDay{}
	_ encoding.TextUnmarshaler = (*delay.TimeOfDay)(nil)
	_ fmt.Stringer             = delay.DateTime{}
	_ fmt.Stringer             = delay.Date{}
	_ fmt.Stringer             = delay.TimeOfDay{}
	_ fmt.Stringer             = delay.Zone{}
	_ fmt.Stringer             = delay.Why(0)
)

var (
	host  = jid.MustParse("montague.lit")
	stamp = time.Date(2012, 9, 10, 23, 41, 7, 120_000_000, time.UTC)
)

func TestDelayIsWritten(t *testing.T) {
	for _, tc := range []struct {
		rule string
		in   xml.Marshaler
		want string
	}{
		{"stamp alone", delay.Delay{Stamp: stamp},
			`<delay xmlns="urn:xmpp:delay" stamp="2012-09-10T23:41:07.12Z"></delay>`},
		{"everything", delay.Delay{From: host, Stamp: stamp, Reason: "a < b"},
			`<delay xmlns="urn:xmpp:delay" from="montague.lit" stamp="2012-09-10T23:41:07.12Z">a &lt; b</delay>`},
		{"stamp in UTC", delay.Delay{Stamp: stamp.In(zone(2, 0))},
			`<delay xmlns="urn:xmpp:delay" stamp="2012-09-10T23:41:07.12Z"></delay>`},
		{"no delay", delay.Delay{}, ``},
		{"nothing without a stamp", delay.Delay{From: host, Reason: "late"}, ``},
		{"new form of an element", delay.Element{Delay: delay.Delay{From: host, Stamp: stamp}},
			`<delay xmlns="urn:xmpp:delay" from="montague.lit" stamp="2012-09-10T23:41:07.12Z"></delay>`},
		{"old form of an element", delay.Element{Legacy: true, Delay: delay.Delay{From: host, Stamp: stamp.In(zone(2, 0)), Reason: "late"}},
			`<x xmlns="jabber:x:delay" from="montague.lit" stamp="20120910T23:41:07">late</x>`},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			if got, err := xml.Marshal(tc.in); err != nil || string(got) != tc.want {
				t.Errorf("got %s, %v; want %s", got, err, tc.want)
			}
		})
	}
}

func TestAnInvalidDelayWritesNothing(t *testing.T) {
	late := delay.Delay{From: host, Stamp: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}
	for _, tc := range []struct {
		rule string
		in   interface {
			xmlstream.Marshaler
			xmlstream.WriterTo
		}
		want error
	}{
		{"year 10000", late, delay.ErrRange},
		{"year 0", delay.Delay{Stamp: time.Time{}.Add(-1)}, delay.ErrRange},
		{"year 10000 in the old form", delay.Element{Delay: late, Legacy: true}, delay.ErrRange},
		{"unreadable", delay.Element{Delay: delay.Delay{Stamp: stamp}, Err: delay.ErrNoStamp}, delay.ErrNoStamp},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			if tok, err := tc.in.TokenReader().Token(); tok != nil || !errors.Is(err, tc.want) {
				t.Errorf("Token = %v, %v; want %v", tok, err, tc.want)
			}
			var b strings.Builder
			e := xml.NewEncoder(&b)
			n, err := tc.in.WriteXML(e)
			if err := e.Flush(); err != nil {
				t.Fatal(err)
			}
			if n != 0 || !errors.Is(err, tc.want) || b.Len() != 0 {
				t.Errorf("WriteXML = %d, %v and wrote %q; want %v", n, err, b.String(), tc.want)
			}
		})
	}
}

func TestReadingADelayFailsForAnInvalidElement(t *testing.T) {
	var parse *delay.ParseError
	for _, tc := range []struct {
		rule, in string
		is       error
		as       any
	}{
		{"no stamp", `<delay xmlns="urn:xmpp:delay"/>`, delay.ErrNoStamp, nil},
		{"no stamp of its own", `<delay xmlns="urn:xmpp:delay" xmlns:o="urn:o" o:stamp="2012-09-10T23:41:07Z"/>`, delay.ErrNoStamp, nil},
		{"empty stamp", `<delay xmlns="urn:xmpp:delay" stamp=""/>`, nil, &parse},
		{"unreadable from", `<delay xmlns="urn:xmpp:delay" from="@" stamp="2012-09-10T23:41:07Z"/>`, nil, &parse},
		{"other name", `<late xmlns="urn:xmpp:delay" stamp="2012-09-10T23:41:07Z"/>`, delay.ErrName, nil},
		{"other namespace", `<delay xmlns="urn:other" stamp="2012-09-10T23:41:07Z"/>`, delay.ErrName, nil},
		{"names mixed", `<x xmlns="urn:xmpp:delay" stamp="2012-09-10T23:41:07Z"/>`, delay.ErrName, nil},
		{"names mixed the other way", `<delay xmlns="jabber:x:delay" stamp="20120910T23:41:07"/>`, delay.ErrName, nil},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			before := delay.Delay{From: host, Stamp: stamp, Reason: "as it was"}
			d := before
			err := xml.Unmarshal([]byte(tc.in), &d)
			if tc.is != nil && !errors.Is(err, tc.is) || tc.as != nil && !errors.As(err, tc.as) || err == nil {
				t.Errorf("got %v", err)
			}
			if !d.Stamp.Equal(before.Stamp) || !d.From.Equal(before.From) || d.Reason != before.Reason {
				t.Errorf("the delay was changed to %+v", d)
			}
		})
	}
}

func TestReadingADelayOfEitherNamespace(t *testing.T) {
	for _, in := range []string{
		`<delay xmlns="urn:xmpp:delay" from="montague.lit" stamp="2012-09-10T23:41:07.12Z">late</delay>`,
		`<x xmlns="jabber:x:delay" from="montague.lit" stamp="20120910T23:41:07.12">late</x>`,
	} {
		var d delay.Delay
		if err := xml.Unmarshal([]byte(in), &d); err != nil || !d.From.Equal(host) || !d.Stamp.Equal(stamp) || d.Reason != "late" {
			t.Errorf("%s was read as %+v, %v", in, d, err)
		}
	}
}

func TestReadingFailsAsTheDecoderDoes(t *testing.T) {
	const in = `<delay xmlns="urn:xmpp:delay" stamp="2012-09-10T23:41:07Z"><open></delay>`
	var d delay.Delay
	var e delay.Element
	var syntax *xml.SyntaxError
	if err := xml.Unmarshal([]byte(in), &d); !errors.As(err, &syntax) {
		t.Errorf("a Delay: got %v, want the decoder's error", err)
	}
	if err := xml.Unmarshal([]byte(in), &e); !errors.As(err, &syntax) {
		t.Errorf("an Element: got %v, want the decoder's error", err)
	}
}

func TestDelayConvertsToMelliumsStanzaDelay(t *testing.T) {
	d := delay.Delay{From: host, Stamp: stamp, Reason: "late"}
	if back := delay.Delay(stanza.Delay(d)); !back.Stamp.Equal(d.Stamp) || !back.From.Equal(d.From) || back.Reason != d.Reason {
		t.Errorf("got %+v, want %+v", back, d)
	}
}
