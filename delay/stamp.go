package delay

import (
	"bytes"
	"time"
)

// maxMend is the length, in bytes, of the longest text that is worth mending.
const maxMend = 64

// A leniency mends one mistake. The reader goes through them in order, each
// sees what the ones before it made, and the result must then be in the
// profile.
type leniency struct {
	mistake string
	why     string
	mend    func(b []byte) (mended []byte, late time.Duration)
}

// leniencies are the mistakes that ParseStamp forgives.
var leniencies = [...]leniency{
	{"lower case", "ISO 8601 lets partners agree on it, and RFC 3339 allows it", mendCase},
	{"space for T", "SQL's and many a language's default form", mendSpace},
	{"offset without colon", "strftime's %z and ISO 8601's basic form", mendColon},
	{"no zone", "UTC is what XEP-0203 recommends and XEP-0091 demanded", mendZone},
	{"second 60", "a leap second, which XML Schema does not have", mendLeap},
}

// ParseStamp reads the stamp of an element from the wire. It accepts what
// [ParseDateTime] does, then what [ParseLegacy] does, then mistakes that
// servers are known to make, also several at once: no zone (read as UTC), a
// space for T, lower case, an offset without colon, and :60 as the second
// after :59. For anything but such elements use ParseDateTime. The error is
// the [*ParseError] that ParseDateTime gives.
func ParseStamp(s string) (time.Time, error) {
	t, err := ParseDateTime(s)
	if err == nil {
		return t, nil
	}
	if t, err := ParseLegacy(s); err == nil {
		return t, nil
	}
	if len(s) > maxMend {
		return time.Time{}, err
	}
	var late time.Duration
	b := append(make([]byte, 0, maxMend+8), s...)
	for _, l := range leniencies {
		var d time.Duration
		b, d = l.mend(b)
		late += d
	}
	mended, mendErr := ParseDateTime(string(b))
	if mendErr != nil {
		return time.Time{}, err
	}
	return mended.Add(late), nil
}

const (
	atT      = len("2006-01-02")
	atSecond = len("2006-01-02T15:04:")
	atEnd    = len("2006-01-02T15:04:05")
)

func mendCase(b []byte) ([]byte, time.Duration) {
	if len(b) > atT && b[atT] == 't' {
		b[atT] = 'T'
	}
	if n := len(b); n > 0 && b[n-1] == 'z' {
		b[n-1] = 'Z'
	}
	return b, 0
}

func mendSpace(b []byte) ([]byte, time.Duration) {
	if len(b) > atT && b[atT] == ' ' {
		b[atT] = 'T'
	}
	return b, 0
}

func mendColon(b []byte) ([]byte, time.Duration) {
	sign := len(b) - len("+hhmm")
	if sign < atEnd || b[sign] != '+' && b[sign] != '-' {
		return b, 0
	}
	minutes := [2]byte(b[len(b)-2:])
	return append(append(b[:len(b)-2], ':'), minutes[:]...), 0
}

func mendZone(b []byte) ([]byte, time.Duration) {
	if len(b) < atEnd || bytes.ContainsAny(b[atEnd:], "Z+-") {
		return b, 0
	}
	return append(b, 'Z'), 0
}

func mendLeap(b []byte) ([]byte, time.Duration) {
	if len(b) < atEnd || string(b[atSecond:atEnd]) != "60" {
		return b, 0
	}
	b[atSecond], b[atSecond+1] = '5', '9'
	return b, time.Second
}
