package roster

import "time"

// moment is a point in time in microseconds since the beginning of year 1,
// which is what databases keep too; zero means that it is not known.
type moment int64

// epochSeconds are the seconds from the beginning of year 1 to 1970.
const epochSeconds = 62_135_596_800

func momentOf(t time.Time) moment {
	return moment((t.Unix()+epochSeconds)*1e6 + int64(t.Nanosecond()/1e3))
}

// time returns the moment in UTC.
func (m moment) time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.Unix(int64(m)/1e6-epochSeconds, int64(m)%1e6*1e3).UTC()
}

func (m moment) sub(d time.Duration) moment {
	return m - moment(d.Microseconds())
}
