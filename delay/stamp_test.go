package delay_test

import (
	"errors"
	"testing"
	"time"

	"example.org/lastpresence/delay"
)

func TestParseStampAcceptsTheMistakesOfServers(t *testing.T) {
	at := time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC)
	newYear := time.Date(2013, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		rule, because string
		in            string
		want          time.Time
	}{
		{"the profile", "XEP-0203 section 2", "2012-09-10T23:41:07Z", at},
		{"the profile in full", "XEP-0082 section 3.2", "2012-12-31T24:00:00.000+01:00", newYear.Add(-time.Hour)},
		{"the legacy form", "XEP-0082 section 4", "20120910T23:41:07", at},
		{"the legacy form with a fraction", "servers send it", "20120910T23:41:07.5", at.Add(time.Second / 2)},

		{"no zone", "stamps are UTC in both XEPs", "2012-09-10T23:41:07", at},
		{"no zone after a fraction", "stamps are UTC in both XEPs", "2012-09-10T23:41:07.5", at.Add(time.Second / 2)},
		{"a space for T", "RFC 3339 section 5.6", "2012-09-10 23:41:07Z", at},
		{"lower-case t", "RFC 3339 section 5.6", "2012-09-10t23:41:07Z", at},
		{"lower-case z", "RFC 3339 section 5.6", "2012-09-10T23:41:07z", at},
		{"offset without colon east", "the basic format of ISO 8601", "2012-09-11T01:41:07+0200", at},
		{"offset without colon west", "the basic format of ISO 8601", "2012-09-10T20:11:07-0330", at},
		{"second 60", "Unix time counts the leap second so", "2012-12-31T23:59:60Z", newYear},
		{"second 60 with a fraction", "Unix time counts the leap second so", "2012-12-31T23:59:60.5Z", newYear.Add(time.Second / 2)},

		{"the legacy form with a zone", "the date of one form, the rest of the other", "20120910T23:41:07Z", at},
		{"the legacy form with an offset", "the date of one form, the rest of the other", "20120911T01:41:07+02:00", at},
		{"the legacy form with hour 24", "the date of one form, the rest of the other", "20121231T24:00:00", newYear},
		{"all mistakes at once", "each alone is harmless", "2012-12-31 23:59:60.0+0000", newYear},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			if got, err := delay.ParseStamp(tc.in); err != nil || !got.Equal(tc.want) {
				t.Errorf("ParseStamp(%q) = %v, %v; want %v, because: %s", tc.in, got, err, tc.want, tc.because)
			}
		})
	}
}

func TestParseStampKeepsTheZone(t *testing.T) {
	for in, want := range map[string]int{"2012-09-10T23:41:07-0330": -12600, "2012-09-10 23:41:07+05:30": 19800, "2012-09-10T23:41:07": 0, "20120910T23:41:07": 0} {
		got, err := delay.ParseStamp(in)
		if _, offset := got.Zone(); err != nil || offset != want || offset == 0 && got.Location() != time.UTC {
			t.Errorf("ParseStamp(%q) = %v, %v; want an offset of %d s", in, got, err, want)
		}
	}
}

func TestParseStampRejectsOtherTexts(t *testing.T) {
	for _, tc := range []struct {
		rule, in string
		offset   int
		outside  bool
	}{
		{"nothing", "", 0, false},
		{"words", "yesterday", 0, false},
		{"date only", "2012-09-10", 10, false},
		{"date only, legacy", "20120910", 8, false},
		{"Unix time", "1347320467", 4, true},
		{"month 13", "2012-13-10T23:41:07Z", 5, true},
		{"month 13, legacy", "20121310T23:41:07", 4, true},
		{"31 September", "2012-09-31T23:41:07Z", 8, true},
		{"31 September, legacy", "20120931T23:41:07", 6, true},
		{"year zero", "0000-09-10T23:41:07Z", 0, true},
		{"year zero, legacy", "00000910T23:41:07", 0, true},
		{"five-digit year", "12012-09-10T23:41:07Z", 5, false},
		{"half a legacy date", "201209-10T23:41:07", 6, false},
		{"the other half", "2012-0910T23:41:07", 7, false},
		{"second 61", "2012-12-31T23:59:61Z", 17, true},
		{"second 60 of hour 24", "2012-12-31T24:00:60Z", 11, true},
		{"hour 25", "2012-09-10T25:41:07", 11, true},
		{"comma", "2012-09-10T23:41:07,5Z", 19, false},
		{"point without digits", "2012-09-10T23:41:07.Z", 20, false},
		{"two spaces", "2012-09-10  23:41:07Z", 11, false},
		{"space before the zone", "2012-09-10T23:41:07 Z", 19, false},
		{"offset of three digits", "2012-09-10T23:41:07+020", 23, false},
		{"offset of hours", "2012-09-10T23:41:07+02", 22, false},
		{"offset past 14 hours", "2012-09-10T23:41:07+1401", 20, true},
		{"text after", "2012-09-10T23:41:07Z.", 20, false},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			got, err := delay.ParseStamp(tc.in)
			var parse *delay.ParseError
			if !errors.As(err, &parse) || !got.IsZero() {
				t.Fatalf("ParseStamp(%q) = %v, %v; want a *ParseError alone", tc.in, got, err)
			}
			if parse.Offset != tc.offset || parse.Profile != "stamp" || parse.Input != tc.in || errors.Is(err, delay.ErrRange) != tc.outside {
				t.Errorf("ParseStamp(%q): %+v; want offset %d, out of range: %t", tc.in, parse, tc.offset, tc.outside)
			}
		})
	}
}

func TestParseLegacy(t *testing.T) {
	at := time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC)
	for _, tc := range []struct {
		rule, in string
		want     time.Time
	}{
		{"whole seconds", "20120910T23:41:07", at},
		{"a fraction", "20120910T23:41:07.123", at.Add(123 * time.Millisecond)},
		{"past nanoseconds is cut", "20120910T23:41:07.1234567899", at.Add(123456789)},
		{"leap day", "20120229T00:00:00", time.Date(2012, 2, 29, 0, 0, 0, 0, time.UTC)},
		{"first second", "00010101T00:00:00", time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"last second", "99991231T23:59:59", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			if got, err := delay.ParseLegacy(tc.in); err != nil || !got.Equal(tc.want) || got.Location() != time.UTC {
				t.Errorf("ParseLegacy(%q) = %v, %v; want %v", tc.in, got, err, tc.want)
			}
		})
	}
}

func TestParseLegacyRejectsOtherTexts(t *testing.T) {
	for _, tc := range []struct {
		rule, in string
		offset   int
		outside  bool
	}{
		{"nothing", "", 0, false},
		{"the profile", "2012-09-10T23:41:07Z", 4, false},
		{"a zone", "20120910T23:41:07Z", 17, false},
		{"an offset", "20120910T23:41:07+00:00", 17, false},
		{"no colons", "20120910T234107", 11, false},
		{"lower-case t", "20120910t23:41:07", 8, false},
		{"a point without digits", "20120910T23:41:07.", 18, false},
		{"hour 24", "20120910T24:00:00", 9, true},
		{"second 60", "20120910T23:59:60", 15, true},
		{"month 13", "20121310T23:41:07", 4, true},
		{"29 February of a common year", "20110229T23:41:07", 6, true},
		{"year zero", "00000101T00:00:00", 0, true},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			got, err := delay.ParseLegacy(tc.in)
			var parse *delay.ParseError
			if !errors.As(err, &parse) || !got.IsZero() {
				t.Fatalf("ParseLegacy(%q) = %v, %v; want a *ParseError alone", tc.in, got, err)
			}
			if parse.Offset != tc.offset || parse.Profile != "legacy" || errors.Is(err, delay.ErrRange) != tc.outside {
				t.Errorf("ParseLegacy(%q): %+v; want offset %d, out of range: %t", tc.in, parse, tc.offset, tc.outside)
			}
		})
	}
}

func TestReadingAndWritingAStampAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 64)
	for _, s := range []string{"2012-09-10T23:41:07Z", "2012-09-10T23:41:07.123Z", "2012-09-10T23:41:07.489127Z", "2012-09-10T23:41:07+02:00",
		"2012-09-10T23:41:07-00:00", "2012-09-10T24:00:00Z", "20120910T23:41:07", "2012-09-10 23:41:07"} {
		if n := testing.AllocsPerRun(100, func() {
			at, err := delay.ParseStamp(s)
			if err != nil {
				t.Fatal(err)
			}
			buf = delay.AppendDateTime(buf[:0], at)
		}); n != 0 {
			t.Errorf("%q: %v allocations", s, n)
		}
	}
}
