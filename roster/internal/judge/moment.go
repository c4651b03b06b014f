package judge

import "time"

// Moment is a point in time in microseconds since the beginning of year 1,
// which is what databases keep, too. Zero means that it is not known.
type Moment int64

const second Moment = 1e6

// epochSeconds are the seconds from the beginning of year 1 to 1970.
const epochSeconds = 62_135_596_800

// MomentOf returns the moment of t, or zero for the zero time.
func MomentOf(t time.Time) Moment {
	return Moment((t.Unix()+epochSeconds)*1e6 + int64(t.Nanosecond()/1e3))
}

// Time returns the moment in UTC.
func (m Moment) Time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.Unix(int64(m)/1e6-epochSeconds, int64(m)%1e6*1e3).UTC()
}
