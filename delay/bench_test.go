package delay_test

import (
	"encoding/xml"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/delay"
)

var moments = []struct{ name, text string }{
	{"seconds", "2012-09-10T23:41:07Z"},
	{"milliseconds", "2012-09-10T23:41:07.123Z"},
	{"microseconds", "2012-09-10T23:41:07.489127Z"},
	{"offset", "2012-09-10T23:41:07+02:00"},
	{"halfHourOffset", "2012-09-10T23:41:07.123+05:30"},
}

// against reports how many times as fast as theirs ours is, beside the time of
// both and the allocations of ours. They take turns, so that a busy machine
// slows both, and the best turn of each counts.
func against(b *testing.B, ours, theirs func(n int)) {
	const turn = 2000
	best := [2]time.Duration{time.Hour, time.Hour}
	for b.Loop() {
		for i, f := range []func(int){ours, theirs} {
			start := time.Now()
			f(turn)
			best[i] = min(best[i], time.Since(start))
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(best[0].Nanoseconds())/turn, "ns/ours")
	b.ReportMetric(float64(best[1].Nanoseconds())/turn, "ns/theirs")
	b.ReportMetric(testing.AllocsPerRun(100, func() { ours(1) }), "allocs/ours")
	b.ReportMetric(float64(best[1])/float64(best[0]), "times-as-fast")
}

// BenchmarkParseDateTime reads against time.Parse.
func BenchmarkParseDateTime(b *testing.B) {
	for _, m := range moments {
		b.Run(m.name, func(b *testing.B) {
			against(b, func(n int) {
				for range n {
					if _, err := delay.ParseDateTime(m.text); err != nil {
						b.Fatal(err)
					}
				}
			}, func(n int) {
				for range n {
					if _, err := time.Parse(time.RFC3339, m.text); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// BenchmarkAppendDateTime writes against [time.Time.AppendFormat].
func BenchmarkAppendDateTime(b *testing.B) {
	for _, m := range moments {
		t, err := delay.ParseDateTime(m.text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(m.name, func(b *testing.B) {
			room := make([]byte, 64)
			against(b, func(n int) {
				buf := room[:0]
				for range n {
					buf = delay.AppendDateTime(buf[:0], t)
				}
			}, func(n int) {
				buf := room[:0]
				for range n {
					buf = t.AppendFormat(buf[:0], time.RFC3339Nano)
				}
			})
		})
	}
}

// BenchmarkParseStamp reads what only ParseStamp accepts.
func BenchmarkParseStamp(b *testing.B) {
	for _, m := range []struct{ name, text string }{
		{"profile", "2012-09-10T23:41:07Z"},
		{"legacy", "20120910T23:41:07"},
		{"noZone", "2012-09-10T23:41:07"},
	} {
		b.Run(m.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := delay.ParseStamp(m.text); err != nil {
					b.Fatal(err)
				}
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
