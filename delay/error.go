package delay

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

var (
	// ErrNoStamp is the error of an element without the stamp attribute that
	// XEP-0203 section 3 demands, and of writing a delay without a stamp.
	ErrNoStamp = errors.New("delay: no stamp")

	// ErrName is the error of an element that is not a delayed-delivery
	// element at all.
	ErrName = errors.New("delay: not a delayed-delivery element")
)

// maxInput is how much of a peer's text an error holds, in bytes.
const maxInput = 64

// ParseError says why a text is not what it should be. The errors of all
// functions of this package that read a text have this type.
type ParseError struct {
	// Profile names what the text should have been: "DateTime", "Date",
	// "Time" (XEP-0082 section 3), "legacy" (XEP-0091 section 3), or
	// "address" (the from attribute).
	Profile string

	// Input is the text, cut to at most 64 bytes.
	Input string

	// Offset is the byte of the whole text at which it went wrong.
	Offset int

	// Reason is one short phrase, without any of the text.
	Reason string
}

// Error describes the error in one line. It prints at most 64 bytes for the
// text, quoted so that it can hold no control characters.
func (e *ParseError) Error() string {
	return "delay: " + e.Profile + " " + quote(e.Input) + ": " + e.Reason + " at byte " + strconv.Itoa(e.Offset)
}

// quote quotes s in plain ASCII, and cuts it so that the whole is no longer
// than maxInput.
func quote(s string) string {
	for n := min(len(s), maxInput); ; n-- {
		if q := strconv.QuoteToASCII(s[:n]); len(q) <= maxInput {
			return q
		}
	}
}

func parseError(profile, input string, offset int, reason string) error {
	return &ParseError{Profile: profile, Input: cut(input, maxInput), Offset: offset, Reason: reason}
}

// errYear is the error of writing a time that XEP-0082 has no text for.
func errYear(t time.Time) error {
	return parseError("DateTime", strconv.Itoa(t.UTC().Year()), 0, reasonYear)
}

// cut returns a copy of the first bytes of s, at most n, that ends between two
// runes and does not keep the rest of s in memory.
func cut(s string, n int) string {
	if len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	return strings.Clone(s)
}

// What the readers of this package complain about.
const (
	reasonYear    = "year out of range"
	reasonMonth   = "month out of range"
	reasonDay     = "day out of range"
	reasonHour    = "hour out of range"
	reasonMinute  = "minute out of range"
	reasonSecond  = "second out of range"
	reasonOffset  = "offset out of range"
	reasonDate    = "malformed date"
	reasonClock   = "malformed time"
	reasonT       = "no T between date and time"
	reasonDigits  = "no digits in fraction"
	reasonZone    = "malformed zone"
	reasonNoZone  = "no zone"
	reasonTrail   = "trailing text"
	reasonAddress = "malformed address"
)
