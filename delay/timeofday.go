package delay

import "time"

// TimeOfDay is a time that recurs every day, with or without a zone (XEP-0082
// section 3.3, and time of XML Schema). It is comparable. The zero value is
// midnight in no particular zone.
type TimeOfDay struct {
	SinceMidnight time.Duration // from 0 to less than 24 hours
	Zone          Zone
}

// ParseTime reads hh:mm:ss with an optional fraction and an optional zone, Z or
// an offset. 24:00:00 is the same as 00:00:00. The error is a [*ParseError].
func ParseTime(s string) (TimeOfDay, error) {
	seconds, nanos, at := scanClock(s, 0)
	if at.reason != "" {
		return TimeOfDay{}, parseError("Time", s, at.next, at.reason)
	}
	zone, at := scanOptional(s, at.next)
	if at.reason != "" {
		return TimeOfDay{}, parseError("Time", s, at.next, at.reason)
	}
	since := time.Duration(seconds%secondsPerDay)*time.Second + time.Duration(nanos)
	return TimeOfDay{SinceMidnight: since, Zone: zone}, nil
}

// On returns the time on a date: in the zone of the time, else that of the
// date, else loc.
func (t TimeOfDay) On(d Date, loc *time.Location) time.Time {
	loc = t.Zone.Location(d.Zone.Location(loc))
	return time.Date(d.Year, d.Month, d.Day, 0, 0, int(t.SinceMidnight/time.Second), int(t.SinceMidnight%time.Second), loc)
}

// String returns the text as [ParseTime] reads it, or "invalid time".
func (t TimeOfDay) String() string {
	b, err := t.MarshalText()
	if err != nil {
		return "invalid time"
	}
	return string(b)
}

// MarshalText returns the text as [ParseTime] reads it, with as many digits of
// a fraction as needed. It fails with a [*ParseError] if the fields are out of
// their range.
func (t TimeOfDay) MarshalText() ([]byte, error) {
	if t.SinceMidnight < 0 || t.SinceMidnight >= 24*time.Hour {
		return nil, parseError("Time", t.SinceMidnight.String(), 0, reasonHour)
	}
	if !t.Zone.valid() {
		return nil, parseError("Time", t.SinceMidnight.String(), 0, reasonOffset)
	}
	b := appendClock(nil, int(t.SinceMidnight/time.Second), int(t.SinceMidnight%time.Second))
	return t.Zone.append(b), nil
}

// UnmarshalText reads what [ParseTime] reads, and fails as it does.
func (t *TimeOfDay) UnmarshalText(text []byte) error {
	clock, err := ParseTime(string(text))
	if err == nil {
		*t = clock
	}
	return err
}
