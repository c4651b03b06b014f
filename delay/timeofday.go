package delay

import (
	"fmt"
	"time"
)

// TimeOfDay is a time that recurs every day, with an optional zone (XEP-0082
// section 3.3; the time of XML Schema). Times of day are comparable. The zero
// value is midnight without a zone.
type TimeOfDay struct {
	SinceMidnight time.Duration // from 0 to less than 24 hours
	Zone          Zone
}

// ParseTime parses a Time (XEP-0082 section 3.3) and accepts nothing else:
// hh:mm:ss, an optional fraction of any length, then Z, an offset of up to
// ±14:00, or no zone. Digits beyond nanoseconds are dropped. As in XML Schema,
// 24:00:00 is the same as 00:00:00. The errors are those of [ParseDateTime].
func ParseTime(s string) (TimeOfDay, error) {
	c := cursor{text: s}
	var p parts
	c.clock(&p, 24, 59)
	c.zone(&p, true)
	if err := c.end("Time"); err != nil {
		return TimeOfDay{}, err
	}
	seconds := p.hour%24*3600 + p.minute*60 + p.second
	return TimeOfDay{
		SinceMidnight: time.Duration(seconds)*time.Second + time.Duration(p.nanos),
		Zone:          p.zone,
	}, nil
}

// On returns the instant at which it is t on the date d. The zone is that of t,
// else that of d, else loc, else UTC if loc is nil. Where daylight saving skips
// or repeats that time in loc, On returns what [time.Date] returns.
func (t TimeOfDay) On(d Date, loc *time.Location) time.Time {
	since := t.SinceMidnight
	return time.Date(d.Year, d.Month, d.Day,
		int(since/time.Hour), int(since%time.Hour/time.Minute), int(since%time.Minute/time.Second), int(since%time.Second),
		t.Zone.Location(d.Zone.Location(loc)))
}

// String returns the text of XEP-0082 section 3.3, or "invalid time".
func (t TimeOfDay) String() string {
	b, err := t.MarshalText()
	if err != nil {
		return "invalid time"
	}
	return string(b)
}

// MarshalText returns the text of XEP-0082 section 3.3, with no more digits of
// a fraction than needed. It fails with [ErrRange] if the time of day or the
// zone does not exist.
func (t TimeOfDay) MarshalText() ([]byte, error) {
	since := t.SinceMidnight
	if since < 0 || since >= 24*time.Hour {
		return nil, rangeError{fmt.Sprintf("time of day %v", since)}
	}
	if err := t.Zone.check(); err != nil {
		return nil, err
	}
	b := fmt.Appendf(nil, "%02d:%02d:%02d", since/time.Hour, since%time.Hour/time.Minute, since%time.Minute/time.Second)
	return t.Zone.append(appendFraction(b, uint32(since%time.Second))), nil
}

// UnmarshalText reads what [ParseTime] reads, and fails as it does.
func (t *TimeOfDay) UnmarshalText(text []byte) error {
	clock, err := ParseTime(string(text))
	if err == nil {
		*t = clock
	}
	return err
}
