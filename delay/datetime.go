package delay

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"
)

const secondsPerDay = 24 * 60 * 60

// The instants that AppendDateTime writes, in Unix seconds: from the start of
// the year 1 to before the start of the year 10000.
const (
	firstSecond = -62135596800
	endSecond   = 253402300800
	firstDay    = firstSecond/secondsPerDay + epochDays // for civil
)

// ParseDateTime parses a DateTime (XEP-0082 section 3.2) and accepts nothing
// else: CCYY-MM-DDThh:mm:ss, an optional fraction of any length, then Z or an
// offset of up to ±14:00, with years from 0001 to 9999.
//
// The result is exact to the nanosecond; further digits are dropped. It keeps
// the zone that was written, which is [time.UTC] for Z, +00:00 and -00:00. As
// in XML Schema, 24:00:00 is midnight at the end of the day. For this reason,
// and because of offsets, a text of the year 1 or 9999 can name an instant
// whose year in UTC is 0 or 10000. There is no second 60.
//
// The error is a [*ParseError]. It wraps [ErrRange] if the text is well formed
// but names a year, month, day, hour, minute, second or offset that does not
// exist.
func ParseDateTime(s string) (time.Time, error) {
	if t, ok := usual(s); ok {
		return t, nil
	}
	c := cursor{text: s}
	var p parts
	c.date(&p)
	c.expect('T')
	c.clock(&p, 24, 59)
	c.zone(&p, true)
	if !p.zone.Known {
		c.fail(c.at, "no zone", nil)
	}
	if err := c.end("DateTime"); err != nil {
		return time.Time{}, err
	}
	return p.time(), nil
}

// usual parses the form that nearly everybody sends, much faster than a cursor.
// It leaves everything else, valid or not, to the cursor.
func usual(s string) (t time.Time, ok bool) {
	const atZone = len("2006-01-02T15:04:05")
	if len(s) <= atZone || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return time.Time{}, false
	}
	century, year, month, day := two(s, 0), two(s, 2), two(s, 5), two(s, 8)
	hour, minute, second := two(s, 11), two(s, 14), two(s, 17)
	if century > 99 || year > 99 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	year += century * 100
	if year == 0 || day > 28 && day > daysIn(year, month) {
		return time.Time{}, false
	}
	i, nanos := atZone, uint32(0)
	if s[i] == '.' {
		i, nanos = usualFraction(s, i+1)
	}
	unix := unixDays(year, month, day)*secondsPerDay + int64(hour*3600+minute*60+second)
	if i == len(s)-1 && s[i] == 'Z' {
		return time.Unix(unix, int64(nanos)).UTC(), true
	}
	east, ok := usualOffset(s, i)
	if !ok {
		return time.Time{}, false
	}
	t = time.Unix(unix-int64(east), int64(nanos))
	if east == 0 {
		return t.UTC(), true
	}
	return t.In(time.FixedZone("", east)), true
}

// usualFraction reads up to nine digits at i, and returns where they end.
func usualFraction(s string, i int) (end int, nanos uint32) {
	start, last := i, min(len(s), i+9)
	for i < last && s[i]-'0' <= 9 {
		nanos = nanos*10 + uint32(s[i]-'0')
		i++
	}
	if i == start {
		return len(s), 0
	}
	return i, nanos * powers[i-start]
}

// usualOffset reads ±hh:mm at the end of s, and returns seconds east of UTC.
func usualOffset(s string, i int) (east int, ok bool) {
	if len(s)-i != len("+00:00") || s[i+3] != ':' {
		return 0, false
	}
	hours, minutes := two(s, i+1), two(s, i+4)
	if minutes > 59 || hours*60+minutes > maxOffset {
		return 0, false
	}
	east = int(hours*60+minutes) * 60
	switch s[i] {
	case '+':
		return east, true
	case '-':
		return -east, true
	}
	return 0, false
}

// AppendDateTime appends t to b as a DateTime (XEP-0082 section 3.2): in UTC,
// with Z, and with no more digits of a fraction than the value needs.
//
// XEP-0082 has no text for a year outside 1 to 9999 in UTC. For such a time
// AppendDateTime returns nil, without the contents of b, so that no partial
// text can pass for a complete one. For times that come from elsewhere use
// [DateTime.AppendText], which returns an error instead.
func AppendDateTime(b []byte, t time.Time) []byte {
	since := uint64(t.Unix() - firstSecond)
	if since >= endSecond-firstSecond {
		return nil
	}
	seconds := uint32(since % secondsPerDay)
	century, year, month, day := civil(uint32(since/secondsPerDay) + firstDay)
	hours, minutes := seconds/3600, seconds/60
	date := pairs(century, year, month, day)
	clock := pairs(hours, minutes-hours*60, seconds-minutes*60, 0)
	n := len(b)
	b = slices.Grow(b, len("2006-01-02T15:04:05.999999999Z"))[:n+len("2006-01-02T15:04:05Z")]
	p := b[n:]
	// Eight bytes at a time: CCYY-MM- then DDThh:mm and :ssZ.
	binary.LittleEndian.PutUint64(p[0:8], date&0xffff_ffff|'-'<<32|date>>32&0xffff<<40|'-'<<56)
	binary.LittleEndian.PutUint64(p[8:16], date>>48|'T'<<16|clock&0xffff<<24|':'<<40|clock>>16&0xffff<<48)
	binary.LittleEndian.PutUint32(p[16:20], uint32(':'|clock>>32&0xffff<<8|'Z'<<24))
	if nanos := t.Nanosecond(); nanos != 0 {
		return append(appendFraction(b[:len(b)-1], uint32(nanos)), 'Z')
	}
	return b
}

// DateTime is a time as a struct field that encoding/xml or encoding/json reads
// and writes, as an attribute or as text, in the form of XEP-0082 section 3.2.
// The zero value is the zero [time.Time], 0001-01-01T00:00:00Z; for an optional
// attribute use a pointer with omitempty. Compare two values by their Time's
// Equal.
type DateTime struct {
	// Time is not embedded, because its other methods would bring other textual
	// forms with them.
	Time time.Time
}

// String returns the text in UTC, as [AppendDateTime] writes it. For a time
// that has no such text it returns the form of package time, for humans only.
func (d DateTime) String() string {
	if b := AppendDateTime(nil, d.Time); b != nil {
		return string(b)
	}
	return d.Time.String()
}

// AppendText is [AppendDateTime] with an error, [ErrRange], in place of a nil
// result; it then returns b unchanged.
func (d DateTime) AppendText(b []byte) ([]byte, error) {
	if text := AppendDateTime(b, d.Time); text != nil {
		return text, nil
	}
	return b, rangeError{fmt.Sprintf("year %d", d.Time.UTC().Year())}
}

// MarshalText returns the text of XEP-0082 section 3.2, in UTC. It fails with [ErrRange] for years
// outside 1 to 9999.
func (d DateTime) MarshalText() ([]byte, error) {
	return d.AppendText(nil)
}

// UnmarshalText reads what [ParseDateTime] reads, and fails as it does.
func (d *DateTime) UnmarshalText(text []byte) error {
	t, err := ParseDateTime(string(text))
	if err == nil {
		d.Time = t
	}
	return err
}
