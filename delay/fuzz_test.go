package delay_test

import (
	"encoding/xml"
	"errors"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/delay"
	"example.org/lastpresence/internal/testbed/mutate"
	"example.org/lastpresence/internal/wire/address"
)

const (
	dateForm   = `\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])`
	clockForm  = `(?:(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?|24:00:00(?:\.0+)?)`
	offsetForm = `(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))`
)

// The profiles of XEP-0082 section 3, but for the year 0000 and the lengths of
// the months.
var (
	dateTimeProfile = regexp.MustCompile(`\A` + dateForm + `T` + clockForm + offsetForm + `\z`)
	dateProfile     = regexp.MustCompile(`\A` + dateForm + offsetForm + `?\z`)
	timeProfile     = regexp.MustCompile(`\A` + clockForm + offsetForm + `?\z`)
	legacyProfile   = regexp.MustCompile(`\A\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?\z`)
)

// oracle reads a text of the profile with package time, in the layout given.
func oracle(profile *regexp.Regexp, layout, s string) (time.Time, bool) {
	if !profile.MatchString(s) || layout[0] == '2' && strings.HasPrefix(s, "0000") {
		return time.Time{}, false
	}
	days := 0
	if i := strings.Index(s, "24:00:00"); i >= 0 && layout != "20060102T15:04:05" {
		s, days = s[:i]+"00"+s[i+2:], 1
	}
	t, err := time.Parse(layout, s)
	return t.AddDate(0, 0, days), err == nil
}

// checkError makes sure that an error is one of ours and holds little of s.
func checkError(t testing.TB, s string, err error) {
	t.Helper()
	var parse *delay.ParseError
	if !errors.As(err, &parse) {
		t.Fatalf("%q: %v is no *ParseError", s, err)
	}
	if !strings.HasPrefix(s, parse.Input) || len(parse.Input) > 64 || parse.Offset < 0 || parse.Offset > len(s) || len(err.Error()) > 160 {
		t.Fatalf("%q: %#v prints %q", s, parse, err)
	}
}

func FuzzParseDateTime(f *testing.F) {
	mutate.Strings(f, []string{"2012-09-10T23:41:07Z", "2012-02-29T24:00:00.000-14:00", "0001-01-01T00:00:00.1234567891+05:30",
		"2011-02-29T00:00:00Z", "2012-09-10T23:59:60Z", "12012-09-10T23:41:07Z", "2012-09-10t23:41:07", "-0001-01-01T00:00:00Z", ""}, func(t testing.TB, s string) {
		got, err := delay.ParseDateTime(s)
		want, ok := oracle(dateTimeProfile, time.RFC3339, s)
		if ok != (err == nil) || ok && !got.Equal(want) {
			t.Fatalf("ParseDateTime(%q) = %v, %v; want %v, %t", s, got, err, want, ok)
		}
		if err != nil {
			checkError(t, s, err)
			return
		}
		_, gotOffset := got.Zone()
		if _, wantOffset := want.Zone(); gotOffset != wantOffset || gotOffset == 0 && got.Location() != time.UTC {
			t.Fatalf("ParseDateTime(%q) is in %v, want %v", s, got.Location(), want.Location())
		}
	})
}

func FuzzAppendDateTime(f *testing.F) {
	f.Add(int64(0), uint32(1), int16(0))
	f.Add(int64(253402300799), uint32(999_999_999), int16(840))
	f.Add(int64(-62135596801), uint32(0), int16(-840))
	f.Add(int64(951782400), uint32(120_000_000), int16(330))
	check := func(t testing.TB, seconds int64, nanos uint32, minutes int16) {
		in := time.Unix(seconds, int64(nanos%1_000_000_000)).In(time.FixedZone("", int(minutes)*60))
		year := in.UTC().Year()
		text := delay.AppendDateTime([]byte("at "), in)
		if (text != nil) != (year >= 1 && year <= 9999) {
			t.Fatalf("AppendDateTime(%v) = %q", in, text)
		}
		if text == nil {
			return
		}
		s := string(text[3:])
		if want := in.UTC().Format(time.RFC3339Nano); s != want || string(text[:3]) != "at " {
			t.Fatalf("AppendDateTime(%v) = %q, want %q", in, s, want)
		}
		if got, err := delay.ParseDateTime(s); err != nil || !got.Equal(in) {
			t.Fatalf("%v was written %q and read %v, %v", in, s, got, err)
		}
	}
	mutate.Run(f, func(t testing.TB, r *rand.Rand) {
		// More often than not a year that can be written.
		check(t, r.Int64()>>r.IntN(64)-r.Int64N(62135596802), r.Uint32(), int16(r.Uint32()))
	})
	f.Fuzz(func(t *testing.T, seconds int64, nanos uint32, minutes int16) { check(t, seconds, nanos, minutes) })
}

func FuzzParseDate(f *testing.F) {
	mutate.Strings(f, []string{"1776-07-04", "2012-02-29-05:30", "1900-02-29Z", "0000-01-01", "10000-01-01"}, func(t testing.TB, s string) {
		d, err := delay.ParseDate(s)
		layout := time.DateOnly
		if len(s) > len(layout) {
			layout += "Z07:00"
		}
		want, ok := oracle(dateProfile, layout, s)
		if ok != (err == nil) || ok && !d.Time(time.UTC).Equal(want) {
			t.Fatalf("ParseDate(%q) = %v, %v; want %v, %t", s, d, err, want, ok)
		}
		if err != nil {
			checkError(t, s, err)
			return
		}
		if again, err := delay.ParseDate(d.String()); err != nil || again != d {
			t.Fatalf("%q was read %v and then %v, %v", s, d, again, err)
		}
	})
}

func FuzzParseTime(f *testing.F) {
	mutate.Strings(f, []string{"16:00:00", "24:00:00.000Z", "23:41:07.5+14:00", "12:30:00-00:00", "23:59:60"}, func(t testing.TB, s string) {
		c, err := delay.ParseTime(s)
		layout := time.TimeOnly
		if strings.ContainsAny(s, "Z+-") {
			layout += "Z07:00"
		}
		want, ok := oracle(timeProfile, layout, s)
		if ok != (err == nil) {
			t.Fatalf("ParseTime(%q) = %v, %v; want %v, %t", s, c, err, want, ok)
		}
		if err != nil {
			checkError(t, s, err)
			return
		}
		year, month, day := want.Date()
		if got := c.On(delay.Date{Year: year, Month: month, Day: day}, time.UTC); !got.Equal(want) {
			t.Fatalf("ParseTime(%q) = %v, want %v", s, got, want)
		}
		if again, err := delay.ParseTime(c.String()); err != nil || again != c {
			t.Fatalf("%q was read %v and then %v, %v", s, c, again, err)
		}
	})
}

func FuzzParseLegacy(f *testing.F) {
	mutate.Strings(f, []string{"20120910T23:41:07", "20120910T23:41:07.123", "20110229T00:00:00", "20120910T24:00:00"}, func(t testing.TB, s string) {
		got, err := delay.ParseLegacy(s)
		want, ok := oracle(legacyProfile, "20060102T15:04:05", s)
		if ok != (err == nil) || ok && !got.Equal(want) {
			t.Fatalf("ParseLegacy(%q) = %v, %v; want %v, %t", s, got, err, want, ok)
		}
		if err != nil {
			checkError(t, s, err)
		}
	})
}

// mended is what ParseStamp forgives.
var mended = regexp.MustCompile(`\A(\d{4})(-?)(\d\d)(-?)(\d\d)[Tt ](\d\d:\d\d:)(\d\d)((?:\.\d+)?)(?:([Zz])|([+-]\d\d):?(\d\d))?\z`)

// mend rewrites s in the profile, and returns what to add to it.
func mend(s string) (text string, add time.Duration, ok bool) {
	m := mended.FindStringSubmatch(s)
	if m == nil || m[2] != m[4] {
		return "", 0, false
	}
	if m[7] == "60" {
		m[7], add = "59", time.Second
	}
	zone := "Z"
	if m[10] != "" {
		zone = m[10] + ":" + m[11]
	}
	return m[1] + "-" + m[3] + "-" + m[5] + "T" + m[6] + m[7] + m[8] + zone, add, true
}

func FuzzParseStamp(f *testing.F) {
	mutate.Strings(f, []string{"2012-09-10T23:41:07Z", "20120910T23:41:07", "2012-09-10 23:41:07", "2012-09-11t01:41:07.5+0200",
		"2012-06-30T23:59:60z", "20120910T24:00:00", "2012-0910T23:41:07", "2012-09-10T24:00:60"}, func(t testing.TB, s string) {
		got, err := delay.ParseStamp(s)
		text, add, ok := mend(s)
		var want time.Time
		if ok {
			want, ok = oracle(dateTimeProfile, time.RFC3339, text)
		}
		if ok != (err == nil) || ok && !got.Equal(want.Add(add)) {
			t.Fatalf("ParseStamp(%q) = %v, %v; want %v, %t", s, got, err, want.Add(add), ok)
		}
		if err != nil {
			checkError(t, s, err)
		}
		for _, parse := range []func(string) (time.Time, error){delay.ParseDateTime, delay.ParseLegacy} {
			if strict, strictErr := parse(s); strictErr == nil && (err != nil || !got.Equal(strict)) {
				t.Fatalf("ParseStamp(%q) = %v, %v; a stricter reader has %v", s, got, err, strict)
			}
		}
	})
}

// reflected is the element as encoding/xml sees it.
type reflected struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
}

func (r reflected) attr(name string) (value string, found bool) {
	for _, a := range r.Attrs {
		if a.Name.Space == "" && a.Name.Local == name {
			value, found = a.Value, true
		}
	}
	return value, found
}

func FuzzElement(f *testing.F) {
	var seeds []string
	for _, text := range slices.Sorted(maps.Values(golden(f))) {
		_, stanza, _ := strings.Cut(text, "\n-->")
		seeds = append(seeds, stanza)
		for _, name := range []string{"<delay ", "<x "} {
			if i := strings.Index(stanza, name); i >= 0 {
				seeds = append(seeds, stanza[i:])
			}
		}
	}
	mutate.Strings(f, seeds, func(t testing.TB, text string) {
		if _, elements, err := find(text); err == nil {
			for _, e := range elements {
				checkWritable(t, e)
			}
		}
		var want reflected
		var got delay.Element
		wantErr := xml.Unmarshal([]byte(text), &want)
		if err := xml.Unmarshal([]byte(text), &got); (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, but encoding/xml: %v", text, err, wantErr)
		} else if err != nil {
			return
		}
		checkAgainst(t, text, got, want)
		checkWritable(t, got)
	})
}

// checkAgainst compares what was read with what encoding/xml sees.
func checkAgainst(t testing.TB, text string, got delay.Element, want reflected) {
	t.Helper()
	if errors.Is(got.Err, delay.ErrName) == delay.IsElement(want.XMLName) {
		t.Fatalf("%q: %v for {%s}%s", text, got.Err, want.XMLName.Space, want.XMLName.Local)
	}
	if !strings.HasPrefix(want.Text, got.Reason) || len(got.Reason) > delay.MaxReason ||
		len(got.Reason) < len(want.Text) && len(got.Reason) <= delay.MaxReason-utf8.UTFMax {
		t.Fatalf("%q: kept %q of %q", text, got.Reason, want.Text)
	}
	if errors.Is(got.Err, delay.ErrName) {
		return
	}
	stamp, found := want.attr("stamp")
	at, stampErr := delay.ParseStamp(stamp)
	from, _ := want.attr("from")
	var j jid.JID
	var fromErr error
	if from != "" {
		j, fromErr = address.Parse(from)
	}
	switch {
	case !found:
		if !errors.Is(got.Err, delay.ErrNoStamp) {
			t.Fatalf("%q: %v, want ErrNoStamp", text, got.Err)
		}
	case (got.Err != nil) != (stampErr != nil || fromErr != nil):
		t.Fatalf("%q: %v, want %v or %v", text, got.Err, stampErr, fromErr)
	case !got.Stamp.Equal(at) || !got.From.Equal(j):
		t.Fatalf("%q: read %+v, want %v from %v", text, got, at, j)
	}
}

// checkWritable makes sure that e reads back, or says why not.
func checkWritable(t testing.TB, e delay.Element) {
	t.Helper()
	year := e.Stamp.UTC().Year()
	if e.Err == nil && year >= 1 && year <= 9999 && !e.Stamp.IsZero() {
		checkReadsBack(t, e)
		return
	}
	text, err := xml.Marshal(e)
	if len(text) > 0 || (err == nil) != (e.Err == nil && e.Stamp.IsZero()) {
		t.Fatalf("%+v was written %q, %v", e, text, err)
	}
}
