package delay_test

import (
	"encoding/xml"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"example.org/lastpresence/delay"
)

// maxInput is how much of a peer's text an error may hold and print.
const maxInput = 64

func TestErrorsQuoteLittleOfAPeersText(t *testing.T) {
	long := map[string]string{
		"letters":            strings.Repeat("x", 1<<20),
		"control characters": strings.Repeat("\x1b[2J\r\n", 1<<10),
		"quotes":             strings.Repeat(`"\`, 1<<10),
		"wide runes":         strings.Repeat("\U0001F4A4", 1<<10),
		"no UTF-8":           strings.Repeat("\xff", 1<<10),
		"a stamp and more":   "2012-09-10T23:41:07Z" + strings.Repeat("Z", 1<<10),
		"a long fraction":    "2012-09-10T23:41:07." + strings.Repeat("9", 1<<10),
		"many digits":        strings.Repeat("9", 1<<10) + "-09-10T23:41:07Z",
		"just at the limit":  strings.Repeat("x", maxInput),
		"just past it":       strings.Repeat("x", maxInput+1),
	}
	readers := map[string]func(string) error{
		"ParseDateTime": func(s string) error { _, err := delay.ParseDateTime(s); return err },
		"ParseDate":     func(s string) error { _, err := delay.ParseDate(s); return err },
		"ParseTime":     func(s string) error { _, err := delay.ParseTime(s); return err },
		"ParseLegacy":   func(s string) error { _, err := delay.ParseLegacy(s); return err },
		"ParseStamp":    func(s string) error { _, err := delay.ParseStamp("y" + s); return err },
		"UnmarshalText": func(s string) error { return new(delay.DateTime).UnmarshalText([]byte(s)) },
		"a stamp": func(s string) error {
			var e xml.TokenReader = ender{startOf().End()}
			got, err := delay.ReadElement(startOf("stamp", "y"+s), e)
			return errors.Join(err, got.Err)
		},
		"a from": func(s string) error {
			var e xml.TokenReader = ender{startOf().End()}
			got, err := delay.ReadElement(startOf("from", "@"+s, "stamp", "2012-09-10T23:41:07Z"), e)
			return errors.Join(err, got.Err)
		},
	}
	for what, s := range long {
		for reader, read := range readers {
			t.Run(what+" for "+reader, func(t *testing.T) {
				err := read(s)
				var parse *delay.ParseError
				if !errors.As(err, &parse) {
					t.Fatalf("got %v, want a *ParseError", err)
				}
				if len(parse.Input) > maxInput || parse.Input == "" || utf8.ValidString(s) && !utf8.ValidString(parse.Input) {
					t.Errorf("it holds %q", parse.Input)
				}
				text := err.Error()
				quoted := text[strings.Index(text, `"`) : strings.LastIndex(text, `"`)+1]
				if len(quoted) > maxInput || len(text) > maxInput+64 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
					t.Errorf("it prints %d bytes of the text: %s", len(quoted), text)
				}
			})
		}
	}
}

func TestErrorsNameTheInputAndTheRule(t *testing.T) {
	for in, want := range map[string]string{
		"2012-09-31T23:41:07Z":   `delay: DateTime "2012-09-31T23:41:07Z": day out of range at byte 8`,
		"0000-09-30T23:41:07Z":   `delay: DateTime "0000-09-30T23:41:07Z": year out of range at byte 0`,
		"12012-09-30T23:41:07Z":  `delay: DateTime "12012-09-30T23:41:07Z": year out of range at byte 0`,
		"-2012-09-30T23:41:07Z":  `delay: DateTime "-2012-09-30T23:41:07Z": year out of range at byte 0`,
		"2012-09-30T23:41:07":    `delay: DateTime "2012-09-30T23:41:07": no zone at byte 19`,
		"2012-09-30 23:41:07Z":   `delay: DateTime "2012-09-30 23:41:07Z": no 'T' at byte 10`,
		"2012-09-30T23:41:7Z":    `delay: DateTime "2012-09-30T23:41:7Z": second lacks a digit at byte 18`,
		"2012-09-30T23:41:07Z\n": `delay: DateTime "2012-09-30T23:41:07Z\n": trailing text at byte 20`,
	} {
		if _, err := delay.ParseDateTime(in); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestErrorsOfWritingNameTheValue(t *testing.T) {
	for want, write := range map[string]func() ([]byte, error){
		"delay: year 10000 out of range":           delay.DateTime{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}.MarshalText,
		"delay: date 2011-02-29 out of range":      delay.Date{Year: 2011, Month: 2, Day: 29}.MarshalText,
		"delay: time of day 25h0m0s out of range":  delay.TimeOfDay{SinceMidnight: 25 * time.Hour}.MarshalText,
		"delay: zone of 841 minutes out of range":  delay.TimeOfDay{Zone: utcPlus(14, 1)}.MarshalText,
		"delay: zone of -841 minutes out of range": delay.Date{Year: 2012, Month: 2, Day: 29, Zone: utcPlus(-14, -1)}.MarshalText,
	} {
		if _, err := write(); err == nil || err.Error() != want || !errors.Is(err, delay.ErrRange) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
