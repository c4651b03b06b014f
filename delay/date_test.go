package delay_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"testing"
	"time"

	"example.org/lastpresence/delay"
)

func utcPlus(hours, minutes int) delay.Zone {
	return delay.Zone{Known: true, Minutes: hours*60 + minutes}
}

func TestDatesAreReadAndWritten(t *testing.T) {
	for _, tc := range []struct {
		rule, in string
		want     delay.Date
		out      string // in if empty
	}{
		{"no zone", "1776-07-04", delay.Date{Year: 1776, Month: time.July, Day: 4}, ""},
		{"UTC", "1776-07-04Z", delay.Date{Year: 1776, Month: time.July, Day: 4, Zone: utcPlus(0, 0)}, ""},
		{"plus zero is UTC", "1776-07-04+00:00", delay.Date{Year: 1776, Month: time.July, Day: 4, Zone: utcPlus(0, 0)}, "1776-07-04Z"},
		{"minus zero is UTC", "1776-07-04-00:00", delay.Date{Year: 1776, Month: time.July, Day: 4, Zone: utcPlus(0, 0)}, "1776-07-04Z"},
		{"west", "1776-07-04-05:00", delay.Date{Year: 1776, Month: time.July, Day: 4, Zone: utcPlus(-5, 0)}, ""},
		{"west by half an hour", "1776-07-04-00:30", delay.Date{Year: 1776, Month: time.July, Day: 4, Zone: utcPlus(0, -30)}, ""},
		{"furthest east", "1776-07-04+14:00", delay.Date{Year: 1776, Month: time.July, Day: 4, Zone: utcPlus(14, 0)}, ""},
		{"leap day", "2012-02-29", delay.Date{Year: 2012, Month: time.February, Day: 29}, ""},
		{"first", "0001-01-01", delay.Date{Year: 1, Month: time.January, Day: 1}, ""},
		{"last", "9999-12-31", delay.Date{Year: 9999, Month: time.December, Day: 31}, ""},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			got, err := delay.ParseDate(tc.in)
			if err != nil || got != tc.want {
				t.Errorf("ParseDate(%q) = %+v, %v; want %+v", tc.in, got, err, tc.want)
			}
			out := tc.out
			if out == "" {
				out = tc.in
			}
			if text, err := got.MarshalText(); err != nil || string(text) != out || got.String() != out {
				t.Errorf("%+v was written %q, %v; want %q", got, text, err, out)
			}
		})
	}
}

func TestParseDateRejectsOtherTexts(t *testing.T) {
	for _, tc := range []struct {
		rule, in string
		offset   int
		outside  bool
	}{
		{"nothing", "", 0, false},
		{"DateTime", "2012-09-10T23:41:07Z", 10, false},
		{"no hyphens", "20120910", 4, false},
		{"no day", "2012-09", 7, false},
		{"one-digit day", "2012-09-1", 9, false},
		{"year zero", "0000-01-01", 0, true},
		{"five-digit year", "12012-09-10", 0, true},
		{"negative year", "-0001-01-01", 0, true},
		{"month 13", "2012-13-10", 5, true},
		{"30 February", "2012-02-30", 8, true},
		{"lower-case z", "2012-09-10z", 10, false},
		{"offset without colon", "2012-09-10+0200", 13, false},
		{"offset past 14 hours", "2012-09-10+14:01", 11, true},
		{"space after", "2012-09-10 ", 10, false},
		{"space before the zone", "2012-09-10 Z", 10, false},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			got, err := delay.ParseDate(tc.in)
			checkRefused(t, err, "Date", tc.in, tc.offset, tc.outside)
			if got != (delay.Date{}) {
				t.Errorf("ParseDate(%q) = %+v beside its error", tc.in, got)
			}
		})
	}
}

// checkRefused makes sure that err is a *ParseError with the details given.
func checkRefused(t *testing.T, err error, profile, in string, offset int, outside bool) {
	t.Helper()
	var parse *delay.ParseError
	if !errors.As(err, &parse) {
		t.Fatalf("%q: got %v, want a *ParseError", in, err)
	}
	if parse.Profile != profile || parse.Input != in || parse.Offset != offset || parse.Reason == "" || errors.Is(err, delay.ErrRange) != outside {
		t.Errorf("%q: got %+v; want offset %d of a %s, out of range: %t", in, parse, offset, profile, outside)
	}
}

func TestDatesThatDoNotExistAreNotWritten(t *testing.T) {
	for _, tc := range []struct {
		rule string
		in   delay.Date
	}{
		{"zero value", delay.Date{}},
		{"year zero", delay.Date{Year: 0, Month: 1, Day: 1}},
		{"year 10000", delay.Date{Year: 10000, Month: 1, Day: 1}},
		{"negative month", delay.Date{Year: 2012, Month: -1, Day: 1}},
		{"month 13", delay.Date{Year: 2012, Month: 13, Day: 1}},
		{"day zero", delay.Date{Year: 2012, Month: 1, Day: 0}},
		{"29 February of a common year", delay.Date{Year: 2011, Month: 2, Day: 29}},
		{"31 April", delay.Date{Year: 2012, Month: 4, Day: 31}},
		{"zone past 14 hours", delay.Date{Year: 2012, Month: 4, Day: 30, Zone: utcPlus(14, 1)}},
		{"zone past 14 hours west", delay.Date{Year: 2012, Month: 4, Day: 30, Zone: utcPlus(-14, -1)}},
		{"minutes of no zone", delay.Date{Year: 2012, Month: 4, Day: 30, Zone: delay.Zone{Minutes: 60}}},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			if text, err := tc.in.MarshalText(); text != nil || !errors.Is(err, delay.ErrRange) {
				t.Errorf("%+v was written %q, %v; want ErrRange", tc.in, text, err)
			}
			if s := tc.in.String(); s != "invalid date" {
				t.Errorf("String of %+v is %q", tc.in, s)
			}
		})
	}
}

func TestADateBeginsAtItsMidnight(t *testing.T) {
	day := delay.Date{Year: 2012, Month: time.September, Day: 10}
	for _, tc := range []struct {
		rule string
		zone delay.Zone
		loc  *time.Location
		want time.Time
	}{
		{"its own zone", utcPlus(2, 0), zone(-5, 0), time.Date(2012, 9, 9, 22, 0, 0, 0, time.UTC)},
		{"the caller's zone", delay.Zone{}, zone(-5, 0), time.Date(2012, 9, 10, 5, 0, 0, 0, time.UTC)},
		{"UTC for want of another", delay.Zone{}, nil, time.Date(2012, 9, 10, 0, 0, 0, 0, time.UTC)},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			d := day
			d.Zone = tc.zone
			if got := d.Time(tc.loc); !got.Equal(tc.want) {
				t.Errorf("%v begins at %v, want %v", d, got, tc.want)
			}
		})
	}
}

// fields are dates and times of day as attributes, text and JSON have them.
type fields struct {
	XMLName xml.Name        `xml:"e" json:"-"`
	Day     delay.Date      `xml:"day,attr"`
	Clock   delay.TimeOfDay `xml:"clock,attr"`
	Born    delay.Date      `xml:"born"`
	Tea     delay.TimeOfDay `xml:"tea"`
}

func TestDatesAndTimesOfDayAsStructFields(t *testing.T) {
	const in = `<e day="1776-07-04" clock="16:00:00.500"><born>1776-07-04+00:00</born><tea>24:00:00+05:30</tea></e>`
	const out = `<e day="1776-07-04" clock="16:00:00.5"><born>1776-07-04Z</born><tea>00:00:00+05:30</tea></e>`
	var f fields
	if err := xml.Unmarshal([]byte(in), &f); err != nil {
		t.Fatal(err)
	}
	if got, err := xml.Marshal(f); err != nil || string(got) != out {
		t.Errorf("got %s, %v; want %s", got, err, out)
	}
	text, err := json.Marshal(f)
	if want := `{"Day":"1776-07-04","Clock":"16:00:00.5","Born":"1776-07-04Z","Tea":"00:00:00+05:30"}`; err != nil || string(text) != want {
		t.Errorf("as JSON: %s, %v", text, err)
	}
	var again fields
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if again.XMLName = f.XMLName; again != f {
		t.Errorf("from JSON: %+v, want %+v", again, f)
	}
}

func TestUnmarshalTextLeavesTheValueUnchangedOnError(t *testing.T) {
	day := delay.Date{Year: 1776, Month: time.July, Day: 4}
	clock := delay.TimeOfDay{SinceMidnight: 16 * time.Hour}
	at := delay.DateTime{Time: stamp}
	var parse *delay.ParseError
	if err := day.UnmarshalText([]byte("1776-07-32")); !errors.As(err, &parse) || day.Day != 4 {
		t.Errorf("the date: %v, %v", day, err)
	}
	if err := clock.UnmarshalText([]byte("tea time")); !errors.As(err, &parse) || clock.SinceMidnight != 16*time.Hour {
		t.Errorf("the time of day: %v, %v", clock, err)
	}
	if err := at.UnmarshalText([]byte("2012-09-10")); !errors.As(err, &parse) || !at.Time.Equal(stamp) {
		t.Errorf("the time: %v, %v", at, err)
	}
}
