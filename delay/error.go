package delay

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The errors that callers may want to tell apart, with errors.Is.
var (
	// ErrRange is the error of what is well written but does not exist in
	// XEP-0082 section 3: the year 0000 or 12012, the 30th of February, an
	// offset of 15 hours.
	ErrRange = errors.New("delay: out of range")

	// ErrNoStamp is the error of an element without the stamp attribute that
	// XEP-0203 section 2 requires.
	ErrNoStamp = errors.New("delay: no stamp")

	// ErrName is the error of an element that is neither that of XEP-0203
	// section 2 nor that of XEP-0091 section 2.
	ErrName = errors.New("delay: not a delayed-delivery element")
)

// maxInput is how much of a peer's text an error holds and prints, in bytes.
const maxInput = 64

// rangeError is the error of writing what XEP-0082 has no text for.
type rangeError struct{ what string }

func (e rangeError) Error() string { return "delay: " + e.what + " out of range" }

func (e rangeError) Unwrap() error { return ErrRange }

// ParseError says why a text is not what it should be. The errors of all
// functions of this package that read a text have this type.
type ParseError struct {
	// Profile names what the text should have been: "DateTime", "Date" or
	// "Time" (XEP-0082 section 3), "legacy" (section 4), "stamp" (any of
	// what [ParseStamp] reads) or "address" (the from attribute).
	Profile string

	// Input is the start of the text, cut to at most 64 bytes.
	Input string

	// Offset is the byte of the whole text at which it goes wrong.
	Offset int

	// Reason is what is wrong there, in a few words of our own.
	Reason string

	// Err is [ErrRange], or nil for a text that is malformed.
	Err error
}

// Error describes the error in one line. It prints at most 64 bytes for the
// text, quoted so that it can hold no control characters.
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
