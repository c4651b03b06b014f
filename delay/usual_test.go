package delay

import (
	"fmt"
	"testing"
	"time"
)

// read is ParseDateTime without the short cut.
func read(s string) (time.Time, error) {
	c := cursor{text: s}
	var p parts
	c.date(&p)
	c.expect('T')
	c.clock(&p, 24, 59)
	c.zone(&p, true)
	if !p.zone.Known {
		c.fail(c.at, "no zone", nil)
	}
	return p.time(), c.end("DateTime")
}

// check makes sure that the short cut, where it is taken, leads where the cursor
// does. It returns whether it was taken.
func check(t *testing.T, s string) bool {
	t.Helper()
	got, ok := usual(s)
	if !ok {
		return false
	}
	want, err := read(s)
	if err != nil || !got.Equal(want) || got.Location().String() != want.Location().String() {
		t.Errorf("usual(%q) = %v, the cursor has %v, %v", s, got, want, err)
	}
	return true
}

func TestTheFastPathAgreesWithTheCursor(t *testing.T) {
	for year := 0; year < 10000; year += 7 {
		for month := range 14 {
			for _, day := range []int{0, 1, 28, 29, 30, 31, 32} {
				check(t, fmt.Sprintf("%04d-%02d-%02dT12:00:00Z", year, month, day))
			}
		}
	}
	for _, clock := range []string{"00:00:00", "23:59:59", "24:00:00", "23:60:00", "23:59:60", "99:99:99"} {
		for _, fraction := range []string{"", ".", ".5", ".05", ".123456789", ".1234567891", ".000000000"} {
			for _, zone := range []string{"", "Z", "z", "ZZ", "+00:00", "-00:00", "+05:30", "-05:00", "+14:00", "+14:01", "-15:00", "+1:00", "+01:0", "+0a:00", "+01:60", "+00-00", "x00:00"} {
				check(t, "2012-09-10T"+clock+fraction+zone)
			}
		}
	}
}

func TestTheFastPathAgreesWithTheCursorOnEveryByte(t *testing.T) {
	for _, s := range []string{"2012-09-10T23:41:07Z", "2012-09-10T23:41:07.5Z", "2012-09-30T23:41:07.123456789-05:30"} {
		if !check(t, s) {
			t.Errorf("the fast path is not taken for %q", s)
		}
		for i := range len(s) {
			check(t, s[:i])
			for b := range 256 {
				check(t, s[:i]+string([]byte{byte(b)})+s[i+1:])
			}
		}
	}
}

// A text that the fast path leaves to the cursor is read with the same result, but
// more slowly.
func TestTheFastPathIsTakenForAllThatServersSend(t *testing.T) {
	for _, s := range []string{
		"0001-01-01T00:00:00Z", "0100-01-01T00:00:00Z", "2012-02-29T12:00:00Z", "2012-12-31T23:59:59Z", "9999-12-31T23:59:59.999999999Z",
		"2012-09-10T23:41:07.1Z", "2012-09-10T23:41:07.000000Z",
		"2012-09-10T23:41:07+00:00", "2012-09-10T23:41:07-00:00", "2012-09-10T23:41:07.5+00:59",
		"2012-09-10T23:41:07+14:00", "2012-09-10T23:41:07-14:00",
	} {
		if !check(t, s) {
			t.Errorf("the fast path is not taken for %q", s)
		}
	}
}

func TestCivilIsTheInverseOfUnixDays(t *testing.T) {
	day := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	for ; day.Year() < 10000; day = day.AddDate(0, 0, 1) {
		year, month, date := uint32(day.Year()), uint32(day.Month()), uint32(day.Day())
		days := unixDays(year, month, date)
		if days*secondsPerDay != day.Unix() {
			t.Fatalf("unixDays(%v) = %d", day, days)
		}
		c, y, m, d := civil(uint32(days + epochDays))
		if c*100+y != year || y > 99 || m != month || d != date {
			t.Fatalf("civil of %v = %d %d %d %d", day, c, y, m, d)
		}
	}
}
