package delay

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The errors that callers may want to tell apart, with errors.Is.
var (
	// ErrRange means that a text is well formed but names something that
	// XEP-0082 section 3 does not have: the year 0000 or 12012, the 30th of
	// February, an offset of 15 hours.
	ErrRange = errors.New("delay: out of range")

	// ErrNoStamp means that an element lacks the stamp attribute, which
	// XEP-0203 section 2 requires.
	ErrNoStamp = errors.New("delay: no stamp")

	// ErrName means that an element is neither that of XEP-0203 section 2 nor
	// that of XEP-0091 section 2.
	ErrName = errors.New("delay: not a delayed-delivery element")
)

// maxInput is how much of a peer's text an error holds and prints, in bytes.
const maxInput = 64

// rangeError is the error of writing what XEP-0082 has no text for.
type rangeError struct{ what string }

func (e rangeError) Error() string { return "delay: " + e.what + " out of range" }

func (e rangeError) Unwrap() error { return ErrRange }

// ParseError describes a text that could not be parsed. Every function of this
// package that parses a text returns errors of this type.
type ParseError struct {
	// Profile names what the text should have been: "DateTime", "Date" or
	// "Time" (XEP-0082 section 3), "legacy" (section 4), "stamp" (anything that
	// [ParseStamp] accepts) or "address" (the from attribute).
	Profile string

	// Input is the beginning of the text, at most 64 bytes of it.
	Input string

	// Offset is the position in the text, in bytes, of the first error.
	Offset int

	// Reason says in a few words what is wrong there.
	Reason string

	// Err is [ErrRange], or nil if the text is malformed.
	Err error
}

// Error describes the error in one line. It quotes at most 64 bytes of the
// text, with control characters escaped.
func (e *ParseError) Error() string {
	return "delay: " + e.Profile + " " + quote(e.Input) + ": " + e.Reason + " at byte " + strconv.Itoa(e.Offset)
}

// Unwrap returns Err.
func (e *ParseError) Unwrap() error { return e.Err }

// quote quotes s in plain ASCII, and cuts it so that the whole is no longer
// than maxInput.
func quote(s string) string {
	for n := min(len(s), maxInput); ; n-- {
		if q := strconv.QuoteToASCII(s[:n]); len(q) <= maxInput {
			return q
		}
	}
}

// clip returns a copy of the start of s, at most maxInput bytes that end
// between two runes, which does not keep the rest of s in memory.
func clip(s string) string {
	if n := maxInput; len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	return strings.Clone(s)
}
