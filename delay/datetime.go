package delay

import "time"

// maxDateTime is the length of the longest text that AppendDateTime writes.
const maxDateTime = len("2006-01-02T15:04:05.999999999Z")

// The range of instants that AppendDateTime writes, in Unix seconds: from the
// start of year 1 to before the start of year 10000, in UTC.
const (
	firstSecond = -62135596800
	endSecond   = 253402300800
)

// ParseDateTime reads a DateTime of XEP-0082 section 3.2, and nothing else:
// upper-case T and Z, a zone, years 0001 to 9999, at most ±14:00.
//
// The instant is exact to the nanosecond; digits beyond are cut. The zone that
// was written is kept, and is [time.UTC] for Z, +00:00 and -00:00. As XML
// Schema has it, 24:00:00 is midnight at the end of the day, so that the last
// text of year 9999, or an offset at either end of the range, may name an
// instant whose year in UTC is 0 or 10000. The error is a [*ParseError].
func ParseDateTime(s string) (time.Time, error) {
	year, month, day, at := scanDate(s, 1)
	if at.reason != "" {
		return time.Time{}, parseError("DateTime", s, at.next, at.reason)
	}
	if at.next == len(s) || s[at.next] != 'T' {
		return time.Time{}, parseError("DateTime", s, at.next, reasonT)
	}
	seconds, nanos, at := scanClock(s, at.next+1)
	if at.reason != "" {
		return time.Time{}, parseError("DateTime", s, at.next, at.reason)
	}
	minutes, at := scanZone(s, at.next)
	if at.reason != "" {
		return time.Time{}, parseError("DateTime", s, at.next, at.reason)
	}
	return instant(int64(unixDays(year, month, day))*secondsPerDay+int64(seconds), nanos, minutes), nil
}

// AppendDateTime appends t to b as a DateTime of XEP-0082 section 3.2: in UTC,
// with Z, and with as many digits of a fraction as the value needs.
//
// XEP-0082 has no text for a year outside 1 to 9999 (in UTC). For such a time
// AppendDateTime returns nil: all of b is missing from the result, so that no
// half of a text can pass for a whole. Where the time may come from elsewhere,
// use [DateTime.AppendText], which says the same with an error.
func AppendDateTime(b []byte, t time.Time) []byte {
	unix := t.Unix()
	if unix < firstSecond || unix >= endSecond {
		return nil
	}
	unix -= firstSecond
	days, seconds := int(unix/secondsPerDay), int(unix%secondsPerDay)
	year, month, day := civil(days + firstSecond/secondsPerDay)
	b = appendDate(b, year, month, day)
	b = append(b, 'T')
	b = appendClock(b, seconds, t.Nanosecond())
	return append(b, 'Z')
}

// DateTime is a time as a field of a struct that encoding/xml or encoding/json
// reads and writes: as an attribute or as text, in the form of XEP-0082
// section 3.2. The zero value is the zero [time.Time], 0001-01-01T00:00:00Z.
// Compare two by their Time's Equal, as with any time.Time.
type DateTime struct {
	// Time is a field, not embedded: its other methods would bring other
	// forms of text with them.
	Time time.Time
}

// String returns the text in UTC, as [AppendDateTime] writes it. A time
// without such a text is written as package time does it, for humans only.
func (d DateTime) String() string {
	if b := AppendDateTime(make([]byte, 0, maxDateTime), d.Time); b != nil {
		return string(b)
	}
	return d.Time.String()
}

// AppendText is [AppendDateTime] with an error, a [*ParseError], instead of a
// nil result; b is then returned as it was.
func (d DateTime) AppendText(b []byte) ([]byte, error) {
	if text := AppendDateTime(b, d.Time); text != nil {
		return text, nil
	}
	return b, errYear(d.Time)
}

// MarshalText returns the text in UTC. It fails with a [*ParseError] for years
// outside 1 to 9999.
func (d DateTime) MarshalText() ([]byte, error) {
	return d.AppendText(make([]byte, 0, maxDateTime))
}

// UnmarshalText reads what [ParseDateTime] reads, and fails as it does.
func (d *DateTime) UnmarshalText(text []byte) error {
	t, err := ParseDateTime(string(text))
	if err == nil {
		d.Time = t
	}
	return err
}

const pairs = "00010203040506070809" +
	"10111213141516171819" +
	"20212223242526272829" +
	"30313233343536373839" +
	"40414243444546474849" +
	"50515253545556575859" +
	"60616263646566676869" +
	"70717273747576777879" +
	"80818283848586878889" +
	"90919293949596979899"

func appendDate(b []byte, year, month, day int) []byte {
	c, y := year/100%100*2, year%100*2
	m, d := month%100*2, day%100*2
	return append(b, pairs[c], pairs[c+1], pairs[y], pairs[y+1], '-',
		pairs[m], pairs[m+1], '-', pairs[d], pairs[d+1])
}

func appendClock(b []byte, seconds, nanos int) []byte {
	h, m, s := seconds/3600%100*2, seconds/60%60*2, seconds%60*2
	b = append(b, pairs[h], pairs[h+1], ':', pairs[m], pairs[m+1], ':', pairs[s], pairs[s+1])
	if nanos == 0 {
		return b
	}
	b = append(b, '.')
	for unit := 100_000_000; nanos > 0; unit /= 10 {
		b = append(b, byte('0'+nanos/unit))
		nanos %= unit
	}
	return b
}
