package delay_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"strings"
	"testing"
	"time"

	"example.org/lastpresence/delay"
)

func zone(hours, minutes int) *time.Location {
	return time.FixedZone("", hours*3600+minutes*60)
}

func TestParseDateTimeAcceptsTheProfile(t *testing.T) {
	for _, tc := range []struct {
		rule, in string
		want     time.Time
	}{
		{"UTC", "2012-09-10T23:41:07Z", time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC)},
		{"first year", "0001-01-01T00:00:00Z", time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"last second", "9999-12-31T23:59:59Z", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
		{"last text", "9999-12-31T24:00:00Z", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"before the epoch", "1969-07-21T02:56:15Z", time.Date(1969, 7, 21, 2, 56, 15, 0, time.UTC)},
		{"before the epoch with a fraction", "1969-12-31T23:59:59.5Z", time.Unix(-1, 500_000_000).UTC()},
		{"one digit of fraction", "2012-09-10T23:41:07.5Z", time.Date(2012, 9, 10, 23, 41, 7, 500_000_000, time.UTC)},
		{"milliseconds", "2012-09-10T23:41:07.123Z", time.Date(2012, 9, 10, 23, 41, 7, 123_000_000, time.UTC)},
		{"microseconds", "2012-09-10T23:41:07.489127Z", time.Date(2012, 9, 10, 23, 41, 7, 489_127_000, time.UTC)},
		{"nanoseconds", "2012-09-10T23:41:07.123456789Z", time.Date(2012, 9, 10, 23, 41, 7, 123_456_789, time.UTC)},
		{"past nanoseconds is cut", "2012-09-10T23:41:07.1234567899Z", time.Date(2012, 9, 10, 23, 41, 7, 123_456_789, time.UTC)},
		{"forty digits of fraction", "2012-09-10T23:41:07." + strings.Repeat("9", 40) + "Z", time.Date(2012, 9, 10, 23, 41, 7, 999_999_999, time.UTC)},
		{"zeros for a fraction", "2012-09-10T23:41:07.000Z", time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC)},
		{"offset east", "1969-07-20T21:56:15+05:30", time.Date(1969, 7, 20, 21, 56, 15, 0, zone(5, 30))},
		{"offset west", "1969-07-20T21:56:15-05:00", time.Date(1969, 7, 20, 21, 56, 15, 0, zone(-5, 0))},
		{"offset west of a fraction", "1969-07-20T21:56:15.25-03:30", time.Date(1969, 7, 20, 21, 56, 15, 250_000_000, zone(-3, -30))},
		{"furthest east", "2012-09-10T23:41:07+14:00", time.Date(2012, 9, 10, 23, 41, 7, 0, zone(14, 0))},
		{"furthest west", "2012-09-10T23:41:07-14:00", time.Date(2012, 9, 10, 23, 41, 7, 0, zone(-14, 0))},
		{"plus zero is UTC", "2012-09-10T23:41:07+00:00", time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC)},
		{"minus zero is UTC", "2012-09-10T23:41:07-00:00", time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC)},
		{"hour 24 is the next day", "2012-09-30T24:00:00Z", time.Date(2012, 10, 1, 0, 0, 0, 0, time.UTC)},
		{"hour 24 with zeros", "2012-12-31T24:00:00.000+01:00", time.Date(2013, 1, 1, 0, 0, 0, 0, zone(1, 0))},
		{"leap day", "2012-02-29T00:00:00Z", time.Date(2012, 2, 29, 0, 0, 0, 0, time.UTC)},
		{"leap day of a fourth century", "2000-02-29T00:00:00Z", time.Date(2000, 2, 29, 0, 0, 0, 0, time.UTC)},
		{"year zero in UTC", "0001-01-01T00:00:00+14:00", time.Date(1, 1, 1, 0, 0, 0, 0, zone(14, 0))},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			got, err := delay.ParseDateTime(tc.in)
			if err != nil || !got.Equal(tc.want) {
				t.Fatalf("ParseDateTime(%q) = %v, %v; want %v", tc.in, got, err, tc.want)
			}
			_, gotOffset := got.Zone()
			if _, want := tc.want.Zone(); gotOffset != want {
				t.Errorf("ParseDateTime(%q) has offset %d s, want %d s", tc.in, gotOffset, want)
			}
			if gotOffset == 0 && got.Location() != time.UTC {
				t.Errorf("ParseDateTime(%q) is in %v, want time.UTC", tc.in, got.Location())
			}
		})
	}
}

func TestParseDateTimeRejectsOtherTexts(t *testing.T) {
	for _, tc := range []struct {
		rule, in string
		offset   int
		outside  bool // well written, but there is no such thing
	}{
		{"nothing", "", 0, false},
		{"date only", "2012-09-10", 10, false},
		{"year zero", "0000-09-10T23:41:07Z", 0, true},
		{"five-digit year", "12012-09-10T23:41:07Z", 0, true},
		{"five-digit year of nines", "99999-09-10T23:41:07Z", 0, true},
		{"what follows 9 in ASCII", "201:2-09-10T23:41:07Z", 3, false},
		{"what follows 9 in ASCII, in a fraction", "2012-09-10T23:41:07.5:Z", 21, false},
		{"negative year", "-2012-09-10T23:41:07Z", 0, true},
		{"negative year of two digits", "-12-09-10T23:41:07Z", 0, false},
		{"minus alone", "-", 0, false},
		{"digits alone", "2012091023410700", 4, false},
		{"plus before the year", "+2012-09-10T23:41:07Z", 0, false},
		{"two-digit year", "12-09-10T23:41:07Z", 2, false},
		{"month zero", "2012-00-10T23:41:07Z", 5, true},
		{"month 13", "2012-13-10T23:41:07Z", 5, true},
		{"day zero", "2012-09-00T23:41:07Z", 8, true},
		{"31 September", "2012-09-31T23:41:07Z", 8, true},
		{"32 January", "2012-01-32T23:41:07Z", 8, true},
		{"29 February of a common year", "2011-02-29T23:41:07Z", 8, true},
		{"29 February of a century", "1900-02-29T23:41:07Z", 8, true},
		{"hour 25", "2012-09-10T25:00:00Z", 11, true},
		{"hour 24 and a minute", "2012-09-10T24:01:00Z", 11, true},
		{"hour 24 and a second", "2012-09-10T24:00:01Z", 11, true},
		{"hour 24 and a fraction", "2012-09-10T24:00:00.1Z", 11, true},
		{"hour 24 and less than a nanosecond", "2012-09-10T24:00:00.0000000001Z", 11, true},
		{"minute 60", "2012-09-10T23:60:07Z", 14, true},
		{"second 60", "2012-09-10T23:59:60Z", 17, true},
		{"second 61", "2012-09-10T23:59:61Z", 17, true},
		{"no zone", "2012-09-10T23:41:07", 19, false},
		{"no zone after a fraction", "2012-09-10T23:41:07.123", 23, false},
		{"comma before the fraction", "2012-09-10T23:41:07,123Z", 19, false},
		{"dot without digits", "2012-09-10T23:41:07.Z", 20, false},
		{"one-digit month", "2012-9-10T23:41:07Z", 6, false},
		{"one-digit day", "2012-09-1T23:41:07Z", 9, false},
		{"one-digit hour", "2012-09-10T3:41:07Z", 12, false},
		{"no seconds", "2012-09-10T23:41Z", 16, false},
		{"lower-case t", "2012-09-10t23:41:07Z", 10, false},
		{"lower-case z", "2012-09-10T23:41:07z", 19, false},
		{"space for T", "2012-09-10 23:41:07Z", 10, false},
		{"space before", " 2012-09-10T23:41:07Z", 0, false},
		{"space after", "2012-09-10T23:41:07Z ", 20, false},
		{"line end after", "2012-09-10T23:41:07Z\n", 20, false},
		{"text after an offset", "2012-09-10T23:41:07+01:00Z", 25, false},
		{"offset without colon", "2012-09-10T23:41:07+0100", 22, false},
		{"offset of hours", "2012-09-10T23:41:07+01", 22, false},
		{"offset not of digits", "2012-09-10T23:41:07+0a:00", 21, false},
		{"offset past 14 hours", "2012-09-10T23:41:07+14:01", 20, true},
		{"offset past 14 hours west", "2012-09-10T23:41:07-14:01", 20, true},
		{"offset of 15 hours", "2012-09-10T23:41:07-15:00", 20, true},
		{"offset of 60 minutes", "2012-09-10T23:41:07+01:60", 23, true},
		{"name of a zone", "2012-09-10T23:41:07UTC", 19, false},
		{"slashes", "2012/09/10T23:41:07Z", 4, false},
		{"digits of another script", "２０12-09-10T23:41:07Z", 0, false},
		{"NUL", "2012-09-10T23:41:07\x00", 19, false},
		{"legacy form", "20120910T23:41:07", 4, false},
		{"week date", "2012-W37-1T23:41:07Z", 5, false},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			got, err := delay.ParseDateTime(tc.in)
			var parse *delay.ParseError
			if !errors.As(err, &parse) {
				t.Fatalf("ParseDateTime(%q) = %v, %v; want a *ParseError", tc.in, got, err)
			}
			if parse.Offset != tc.offset || parse.Profile != "DateTime" || parse.Input != tc.in || parse.Reason == "" {
				t.Errorf("ParseDateTime(%q) failed with %+v, want offset %d", tc.in, parse, tc.offset)
			}
			if errors.Is(err, delay.ErrRange) != tc.outside {
				t.Errorf("ParseDateTime(%q): %v; out of range: want %t", tc.in, err, tc.outside)
			}
			if !got.IsZero() {
				t.Errorf("ParseDateTime(%q) = %v beside its error", tc.in, got)
			}
		})
	}
}

func TestAppendDateTimeWritesTheShortestUTC(t *testing.T) {
	for _, tc := range []struct {
		rule string
		in   time.Time
		want string
	}{
		{"whole seconds", time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC), "2012-09-10T23:41:07Z"},
		{"milliseconds", time.Date(2012, 9, 10, 23, 41, 7, 120_000_000, time.UTC), "2012-09-10T23:41:07.12Z"},
		{"microseconds", time.Date(2012, 9, 10, 23, 41, 7, 1_000, time.UTC), "2012-09-10T23:41:07.000001Z"},
		{"nanoseconds", time.Date(2012, 9, 10, 23, 41, 7, 123_456_789, time.UTC), "2012-09-10T23:41:07.123456789Z"},
		{"another zone", time.Date(2012, 9, 10, 23, 41, 7, 0, zone(-5, 0)), "2012-09-11T04:41:07Z"},
		{"zero time", time.Time{}, "0001-01-01T00:00:00Z"},
		{"last nanosecond", time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC), "9999-12-31T23:59:59.999999999Z"},
		{"year brought into range by its zone", time.Date(10000, 1, 1, 0, 0, 0, 0, zone(1, 0)), "9999-12-31T23:00:00Z"},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			if got := string(delay.AppendDateTime([]byte("at "), tc.in)); got != "at "+tc.want {
				t.Errorf("AppendDateTime(%v) = %q, want %q", tc.in, got, "at "+tc.want)
			}
		})
	}
}

func TestYearsOutsideTheProfileAreNotWritten(t *testing.T) {
	for _, tc := range []struct {
		rule string
		in   time.Time
	}{
		{"before year 1", time.Date(0, 12, 31, 23, 59, 59, 999_999_999, time.UTC)},
		{"year 10000", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"before Christ", time.Date(-44, 3, 15, 12, 0, 0, 0, time.UTC)},
		{"year out of range in UTC only", time.Date(1, 1, 1, 0, 0, 0, 0, zone(14, 0))},
		{"furthest future", time.Unix(1<<62, 0)},
		{"furthest past", time.Unix(-1<<62, 0)},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			if got := delay.AppendDateTime([]byte("kept"), tc.in); got != nil {
				t.Errorf("AppendDateTime(%v) = %q, want nil", tc.in, got)
			}
			if got, err := (delay.DateTime{Time: tc.in}).AppendText([]byte("kept")); string(got) != "kept" || !errors.Is(err, delay.ErrRange) {
				t.Errorf("AppendText(%v) = %q, %v; want what it was given, and ErrRange", tc.in, got, err)
			}
			if s := (delay.DateTime{Time: tc.in}).String(); s == "" {
				t.Errorf("String of %v is empty", tc.in)
			}
		})
	}
}

func TestDateTimeAsAStructField(t *testing.T) {
	type element struct {
		XMLName xml.Name       `xml:"e" json:"-"`
		Attr    delay.DateTime `xml:"at,attr"`
		Text    delay.DateTime `xml:"text"`
	}
	const in = `<e at="2012-09-11T01:41:07+02:00"><text>2012-09-10T23:41:07.5Z</text></e>`
	const out = `<e at="2012-09-10T23:41:07Z"><text>2012-09-10T23:41:07.5Z</text></e>`
	var e element
	if err := xml.Unmarshal([]byte(in), &e); err != nil {
		t.Fatal(err)
	}
	if got, err := xml.Marshal(e); err != nil || string(got) != out {
		t.Errorf("got %s, %v; want %s", got, err, out)
	}
	if got, err := json.Marshal(e); err != nil || string(got) != `{"Attr":"2012-09-10T23:41:07Z","Text":"2012-09-10T23:41:07.5Z"}` {
		t.Errorf("as JSON: %s, %v", got, err)
	}
	if err := xml.Unmarshal([]byte(`<e at="now"/>`), &e); err == nil {
		t.Error("a malformed attribute was accepted")
	}
}

func TestCalendarAgreesWithPackageTime(t *testing.T) {
	const step = 11 // has no divisor in common with any month or year
	day := time.Date(1, 1, 1, 12, 0, 0, 0, time.UTC)
	buf := make([]byte, 0, 64)
	for ; day.Year() < 10000; day = day.AddDate(0, 0, step) {
		buf = delay.AppendDateTime(buf[:0], day)
		if got, err := delay.ParseDateTime(string(buf)); err != nil || !got.Equal(day) || string(buf[:10]) != day.Format(time.DateOnly) {
			t.Fatalf("%v was written %q and read %v, %v", day, buf, got, err)
		}
	}
}
