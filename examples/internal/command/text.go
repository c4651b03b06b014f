package command

import (
	"context"
	"errors"
	"strings"
	"unicode"
)

// Message returns an error's text as one line. A program that was interrupted
// says just that.
func Message(err error) string {
	if errors.Is(err, context.Canceled) {
		return "interrupted"
	}
	return OneLine(strings.ReplaceAll(err.Error(), "\n", "; "))
}

// OneLine keeps a peer's text in its line: it must not break the line, move the
// cursor, or change the direction of what stands around it.
func OneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if directs(r) {
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	}), " ")
}

// directs reports whether a character embeds, overrides or isolates a direction
// of writing. Nothing in a line closes what a peer's text may leave open. The
// marks, which have an effect like that of a letter, stay.
func directs(r rune) bool {
	return '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069'
}
