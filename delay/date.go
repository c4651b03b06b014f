package delay

import (
	"fmt"
	"time"
)

// Date is a calendar date with an optional zone (XEP-0082 section 3.1; the date
// of XML Schema). Dates are comparable. The zero value is not a valid date and
// cannot be marshalled.
type Date struct {
	Year  int // 1 to 9999
	Month time.Month
	Day   int
	Zone  Zone
}

// ParseDate parses a Date (XEP-0082 section 3.1) and accepts nothing else:
// CCYY-MM-DD with years from 0001 to 9999, then Z, an offset of up to ±14:00,
// or no zone. The errors are those of [ParseDateTime].
func ParseDate(s string) (Date, error) {
	c := cursor{text: s}
	var p parts
	c.date(&p)
	c.zone(&p, true)
	if err := c.end("Date"); err != nil {
		return Date{}, err
	}
	return Date{Year: int(p.year), Month: time.Month(p.month), Day: int(p.day), Zone: p.zone}, nil
}

// Time returns the midnight at which the date begins: in its own zone if it has
// one, else in loc, else in UTC if loc is nil. XEP-0082 section 3.1 leaves open
// which zone a date without one is in.
func (d Date) Time(loc *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, d.Zone.Location(loc))
}

// String returns the text of XEP-0082 section 3.1, or "invalid date".
func (d Date) String() string {
	b, err := d.MarshalText()
	if err != nil {
		return "invalid date"
	}
	return string(b)
}

// MarshalText returns the text of XEP-0082 section 3.1, for encoding/xml and
// encoding/json. It fails with [ErrRange] if the day or the zone does not
// exist.
func (d Date) MarshalText() ([]byte, error) {
	if d.Year < 1 || d.Year > 9999 || d.Month < 1 || d.Month > 12 ||
		d.Day < 1 || d.Day > int(daysIn(uint32(d.Year), uint32(d.Month))) {
		return nil, rangeError{fmt.Sprintf("date %04d-%02d-%02d", d.Year, int(d.Month), d.Day)}
	}
	if err := d.Zone.check(); err != nil {
		return nil, err
	}
	return d.Zone.append(fmt.Appendf(nil, "%04d-%02d-%02d", d.Year, int(d.Month), d.Day)), nil
}

// UnmarshalText reads what [ParseDate] reads, and fails as it does.
func (d *Date) UnmarshalText(text []byte) error {
	date, err := ParseDate(string(text))
	if err == nil {
		*d = date
	}
	return err
}
