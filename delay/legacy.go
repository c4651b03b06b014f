package delay

import "time"

// ParseLegacy reads the form of XEP-0091 section 3, CCYYMMDDThh:mm:ss, which
// is always UTC. A fraction of a second is tolerated, since deployed servers
// send one. The error is a [*ParseError].
func ParseLegacy(s string) (time.Time, error) {
	year, month, day, at := scanDate(s, 0)
	if at.reason != "" {
		return time.Time{}, parseError("legacy", s, at.next, at.reason)
	}
	if at.next == len(s) || s[at.next] != 'T' {
		return time.Time{}, parseError("legacy", s, at.next, reasonT)
	}
	seconds, nanos, at := scanClock(s, at.next+1)
	if at.reason != "" {
		return time.Time{}, parseError("legacy", s, at.next, at.reason)
	}
	if at.next != len(s) {
		return time.Time{}, parseError("legacy", s, at.next, reasonTrail)
	}
	return instant(int64(unixDays(year, month, day))*secondsPerDay+int64(seconds), nanos, 0), nil
}

// appendLegacy writes what ParseLegacy reads, without a fraction, or returns
// nil as AppendDateTime does.
func appendLegacy(b []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 1 || year > 9999 {
		return nil
	}
	for _, n := range [...]int{year / 100, year % 100, int(month), day} {
		b = append(b, pairs[n*2], pairs[n*2+1])
	}
	b = append(b, 'T')
	hour, minute, second := t.Clock()
	return appendClock(b, hour*3600+minute*60+second, 0)
}
