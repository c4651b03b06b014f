package delay_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.org/lastpresence/delay"
)

// profile is the DateTime of XEP-0082 section 3.2, but for the lengths of the
// months and the hour 24.
var profile = regexp.MustCompile(`\A(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))T(?:(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?|(24:00:00(?:\.0+)?))(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))\z`)

// oracle reads s as ParseDateTime should, by other means.
func oracle(s string) (time.Time, bool) {
	m := profile.FindStringSubmatch(s)
	if m == nil || strings.HasPrefix(s, "0000") {
		return time.Time{}, false
	}
	days := 0
	if m[2] != "" {
		s, days = strings.Replace(s, "T24", "T00", 1), 1
	}
	t, err := time.Parse(time.RFC3339, s)
	return t.AddDate(0, 0, days), err == nil
}

func FuzzParseDateTime(f *testing.F) {
	for _, s := range []string{"2012-09-10T23:41:07Z", "2012-02-29T24:00:00.000-14:00", "0001-01-01T00:00:00.1234567891+05:30",
		"2011-02-29T00:00:00Z", "2012-09-10T23:59:60Z", "12012-09-10T23:41:07Z", "2012-09-10t23:41:07", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := delay.ParseDateTime(s)
		want, ok := oracle(s)
		if ok != (err == nil) || ok && !got.Equal(want) {
			t.Fatalf("ParseDateTime(%q) = %v, %v; want %v, %t", s, got, err, want, ok)
		}
		var parse *delay.ParseError
		if err != nil && (!errors.As(err, &parse) || len(parse.Input) > 64) {
			t.Fatalf("ParseDateTime(%q) failed with %#v", s, err)
		}
	})
}

func FuzzAppendDateTimeReadsBack(f *testing.F) {
	f.Add(int64(0), int64(1))
	f.Add(int64(253402300799), int64(999_999_999))
	f.Add(int64(-62135596801), int64(0))
	f.Fuzz(func(t *testing.T, seconds, nanos int64) {
		in := time.Unix(seconds, nanos%1_000_000_000)
		year := in.UTC().Year()
		text := delay.AppendDateTime(nil, in)
		if (text != nil) != (year >= 1 && year <= 9999) {
			t.Fatalf("AppendDateTime(%v) = %q", in, text)
		}
		if text == nil {
			return
		}
		if got, err := delay.ParseDateTime(string(text)); err != nil || !got.Equal(in) || string(text) != in.UTC().Format(time.RFC3339Nano) {
			t.Fatalf("%v was written %q and read %v, %v", in, text, got, err)
		}
	})
}

func FuzzParseStampAcceptsAllThatIsStricter(f *testing.F) {
	f.Add("2012-09-10T23:41:07Z")
	f.Add("20120910T23:41:07")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := delay.ParseStamp(s)
		for _, parse := range []func(string) (time.Time, error){delay.ParseDateTime, delay.ParseLegacy} {
			if want, strictErr := parse(s); strictErr == nil && (err != nil || !got.Equal(want)) {
				t.Fatalf("ParseStamp(%q) = %v, %v; want %v", s, got, err, want)
			}
		}
	})
}

func FuzzDateReadsBack(f *testing.F) {
	f.Add("2012-02-29-05:30")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := delay.ParseDate(s)
		if err != nil {
			return
		}
		if again, err := delay.ParseDate(d.String()); err != nil || again != d {
			t.Fatalf("%q was read %v and then %v, %v", s, d, again, err)
		}
	})
}

func FuzzTimeOfDayReadsBack(f *testing.F) {
	f.Add("24:00:00.000Z")
	f.Add("23:41:07.5+14:00")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := delay.ParseTime(s)
		if err != nil {
			return
		}
		if again, err := delay.ParseTime(c.String()); err != nil || again != c {
			t.Fatalf("%q was read %v and then %v, %v", s, c, again, err)
		}
	})
}

func FuzzStanza(f *testing.F) {
	for _, text := range golden(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, elements, err := find(text)
		if err != nil {
			return
		}
		for _, e := range elements {
			if e.Err == nil && e.Stamp.UTC().Year() >= 1 && e.Stamp.UTC().Year() <= 9999 && !e.Stamp.IsZero() && !strings.Contains(e.Reason, "\r") {
				checkReadsBack(t, e)
			}
		}
	})
}
