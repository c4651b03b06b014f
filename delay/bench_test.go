package delay_test

import (
	"encoding/xml"
	"testing"
	"time"

	"example.org/lastpresence/delay"
	"mellium.im/xmpp/jid"
)

var moments = []struct{ name, text string }{
	{"seconds", "2012-09-10T23:41:07Z"},
	{"milliseconds", "2012-09-10T23:41:07.123Z"},
	{"microseconds", "2012-09-10T23:41:07.489127Z"},
	{"offset", "2012-09-10T23:41:07+02:00"},
	{"halfHourOffset", "2012-09-10T23:41:07.123+05:30"},
}

func BenchmarkParseDateTime(b *testing.B) {
	for _, m := range moments {
		b.Run(m.name+"/delay", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := delay.ParseDateTime(m.text); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(m.name+"/time", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := time.Parse(time.RFC3339, m.text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendDateTime(b *testing.B) {
	for _, m := range moments {
		t, err := delay.ParseDateTime(m.text)
		if err != nil {
			b.Fatal(err)
		}
		buf := make([]byte, 0, 64)
		b.Run(m.name+"/delay", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				buf = delay.AppendDateTime(buf[:0], t)
			}
		})
		b.Run(m.name+"/time", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				buf = t.AppendFormat(buf[:0], time.RFC3339Nano)
			}
		})
	}
}

func BenchmarkBelieve(b *testing.B) {
	host, romeo, juliet := jid.MustParse("montague.lit"), jid.MustParse("romeo@montague.lit"), jid.MustParse("juliet@capulet.lit")
	received := time.Date(2012, 9, 10, 23, 51, 7, 0, time.UTC)
	found := []delay.Element{{Delay: delay.Delay{From: host, Stamp: received.Add(-time.Minute)}}}
	b.ReportAllocs()
	for b.Loop() {
		if d, _ := (delay.Rules{}).Believe(found, romeo, juliet, received); d.Stamp.IsZero() {
			b.Fatal("not believed")
		}
	}
}

func BenchmarkReadElement(b *testing.B) {
	start := xml.StartElement{Name: xml.Name{Space: delay.NS, Local: "delay"}, Attr: []xml.Attr{
		{Name: xml.Name{Local: "from"}, Value: "montague.lit"},
		{Name: xml.Name{Local: "stamp"}, Value: "2012-09-10T23:41:07Z"},
	}}
	var end xml.TokenReader = ender{start.End()}
	b.ReportAllocs()
	for b.Loop() {
		if e, err := delay.ReadElement(start, end); err != nil || e.Err != nil {
			b.Fatal(err, e.Err)
		}
	}
}

// ender is a reader that is always at the end of an element.
type ender struct{ tok xml.Token }

func (e ender) Token() (xml.Token, error) { return e.tok, nil }
