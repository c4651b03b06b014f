package delay

import (
	"strconv"
	"time"
)

// Date is a calendar date, with or without a zone (XEP-0082 section 3.1, and
// date of XML Schema). It is comparable. The zero value is no date and is
// written as an empty text nowhere: [Date.MarshalText] refuses it.
type Date struct {
	Year  int // 1 to 9999
	Month time.Month
	Day   int
	Zone  Zone
}

// ParseDate reads CCYY-MM-DD with an optional zone, Z or an offset. The error
// is a [*ParseError].
func ParseDate(s string) (Date, error) {
	year, month, day, at := scanDate(s, 1)
	if at.reason != "" {
		return Date{}, parseError("Date", s, at.next, at.reason)
	}
	zone, at := scanOptional(s, at.next)
	if at.reason != "" {
		return Date{}, parseError("Date", s, at.next, at.reason)
	}
	return Date{Year: year, Month: time.Month(month), Day: day, Zone: zone}, nil
}

// Time returns the midnight that the date begins with, in its zone, or in
// loc if it has none.
func (d Date) Time(loc *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, d.Zone.Location(loc))
}

// String returns the text as [ParseDate] reads it, or "invalid date".
func (d Date) String() string {
	b, err := d.MarshalText()
	if err != nil {
		return "invalid date"
	}
	return string(b)
}

// MarshalText returns the text as [ParseDate] reads it. It fails with a
// [*ParseError] if the fields are no real day.
func (d Date) MarshalText() ([]byte, error) {
	reason := ""
	switch {
	case d.Year < 1 || d.Year > 9999:
		reason = reasonYear
	case d.Month < 1 || d.Month > 12:
		reason = reasonMonth
	case d.Day < 1 || d.Day > daysIn(d.Year, int(d.Month)):
		reason = reasonDay
	case !d.Zone.valid():
		reason = reasonOffset
	}
	if reason != "" {
		text := strconv.Itoa(d.Year) + "-" + strconv.Itoa(int(d.Month)) + "-" + strconv.Itoa(d.Day)
		return nil, parseError("Date", text, 0, reason)
	}
	return d.Zone.append(appendDate(nil, d.Year, int(d.Month), d.Day)), nil
}

// UnmarshalText reads what [ParseDate] reads, and fails as it does.
func (d *Date) UnmarshalText(text []byte) error {
	date, err := ParseDate(string(text))
	if err == nil {
		*d = date
	}
	return err
}
