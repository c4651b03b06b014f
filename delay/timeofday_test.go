package delay_test

import (
	"errors"
	"testing"
	"time"

	"example.org/lastpresence/delay"
)

func TestTimesOfDayAreReadAndWritten(t *testing.T) {
	for _, tc := range []struct {
		rule, in string
		since    time.Duration
		zone     delay.Zone
		out      string // in if empty
	}{
		{"no zone", "16:00:00", 16 * time.Hour, delay.Zone{}, ""},
		{"UTC", "16:00:00Z", 16 * time.Hour, utcPlus(0, 0), ""},
		{"midday", "12:30:00", 12*time.Hour + 30*time.Minute, delay.Zone{}, ""},
		{"plus zero is UTC", "16:00:00+00:00", 16 * time.Hour, utcPlus(0, 0), "16:00:00Z"},
		{"minus zero is UTC", "16:00:00-00:00", 16 * time.Hour, utcPlus(0, 0), "16:00:00Z"},
		{"west", "16:00:00-03:30", 16 * time.Hour, utcPlus(-3, -30), ""},
		{"furthest west", "16:00:00-14:00", 16 * time.Hour, utcPlus(-14, 0), ""},
		{"a fraction", "00:00:00.25", 250 * time.Millisecond, delay.Zone{}, ""},
		{"a fraction with a zone", "00:00:00.000001+05:30", time.Microsecond, utcPlus(5, 30), ""},
		{"past nanoseconds is cut", "00:00:00.1234567899", 123456789, delay.Zone{}, "00:00:00.123456789"},
		{"a fraction of zeros", "16:00:00.000Z", 16 * time.Hour, utcPlus(0, 0), "16:00:00Z"},
		{"hour 24 is midnight", "24:00:00", 0, delay.Zone{}, "00:00:00"},
		{"hour 24 with zeros", "24:00:00.00Z", 0, utcPlus(0, 0), "00:00:00Z"},
		{"last", "23:59:59.999999999", 24*time.Hour - 1, delay.Zone{}, ""},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			want := delay.TimeOfDay{SinceMidnight: tc.since, Zone: tc.zone}
			got, err := delay.ParseTime(tc.in)
			if err != nil || got != want {
				t.Errorf("ParseTime(%q) = %+v, %v; want %+v", tc.in, got, err, want)
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

func TestParseTimeRejectsOtherTexts(t *testing.T) {
	for _, tc := range []struct {
		rule, in string
		offset   int
		outside  bool
	}{
		{"nothing", "", 0, false},
		{"a leading T", "T16:00:00", 0, false},
		{"no seconds", "16:00", 5, false},
		{"one-digit hour", "4:00:00", 1, false},
		{"twelve-hour clock", "04:00:00 PM", 8, false},
		{"hour 25", "25:00:00", 0, true},
		{"hour 24 and a second", "24:00:01", 0, true},
		{"hour 24 and a fraction", "24:00:00.001", 0, true},
		{"minute 60", "16:60:00", 3, true},
		{"second 60", "23:59:60", 6, true},
		{"comma", "16:00:00,5", 8, false},
		{"point without digits", "16:00:00.", 9, false},
		{"lower-case z", "16:00:00z", 8, false},
		{"offset without colon", "16:00:00+0530", 11, false},
		{"offset past 14 hours", "16:00:00-14:01", 9, true},
		{"two zones", "16:00:00ZZ", 9, false},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			got, err := delay.ParseTime(tc.in)
			checkRefused(t, err, "Time", tc.in, tc.offset, tc.outside)
			if got != (delay.TimeOfDay{}) {
				t.Errorf("ParseTime(%q) = %+v beside its error", tc.in, got)
			}
		})
	}
}

func TestTimesOfDayThatDoNotExistAreNotWritten(t *testing.T) {
	for _, tc := range []struct {
		rule string
		in   delay.TimeOfDay
	}{
		{"before midnight", delay.TimeOfDay{SinceMidnight: -1}},
		{"after midnight", delay.TimeOfDay{SinceMidnight: 24 * time.Hour}},
		{"zone past 14 hours", delay.TimeOfDay{Zone: utcPlus(14, 1)}},
		{"minutes of no zone", delay.TimeOfDay{Zone: delay.Zone{Minutes: -60}}},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			if text, err := tc.in.MarshalText(); text != nil || !errors.Is(err, delay.ErrRange) {
				t.Errorf("%+v was written %q, %v; want ErrRange", tc.in, text, err)
			}
			if s := tc.in.String(); s != "invalid time" {
				t.Errorf("String of %+v is %q", tc.in, s)
			}
		})
	}
}

func TestATimeOfDayOnADate(t *testing.T) {
	clock := delay.TimeOfDay{SinceMidnight: 16*time.Hour + 30*time.Minute + 5*time.Second + 7}
	day := delay.Date{Year: 2012, Month: time.September, Day: 10}
	utc := time.Date(2012, 9, 10, 16, 30, 5, 7, time.UTC)
	for _, tc := range []struct {
		rule           string
		clockIn, dayIn delay.Zone
		loc            *time.Location
		want           time.Time
	}{
		{"its own zone first", utcPlus(2, 0), utcPlus(3, 0), zone(-5, 0), utc.Add(-2 * time.Hour)},
		{"then that of the date", delay.Zone{}, utcPlus(3, 0), zone(-5, 0), utc.Add(-3 * time.Hour)},
		{"then the caller's", delay.Zone{}, delay.Zone{}, zone(-5, 0), utc.Add(5 * time.Hour)},
		{"UTC for want of another", delay.Zone{}, delay.Zone{}, nil, utc},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			c, d := clock, day
			c.Zone, d.Zone = tc.clockIn, tc.dayIn
			if got := c.On(d, tc.loc); !got.Equal(tc.want) {
				t.Errorf("%v on %v is %v, want %v", c, d, got, tc.want)
			}
		})
	}
}

func TestZoneString(t *testing.T) {
	for want, z := range map[string]delay.Zone{
		"": {}, "Z": utcPlus(0, 0), "+05:30": utcPlus(5, 30), "-03:30": utcPlus(-3, -30), "-00:30": utcPlus(0, -30), "+14:00": utcPlus(14, 0),
	} {
		if got := z.String(); got != want {
			t.Errorf("%+v is %q, want %q", z, got, want)
		}
	}
}
