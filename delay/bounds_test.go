package delay_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"example.org/lastpresence/delay"
)

func TestLegacyStampsHaveTheYears1To9999(t *testing.T) {
	for text, want := range map[string]time.Time{
		"00000101T00:00:00": {},
		"00001231T23:59:59": {},
		"00010101T00:00:00": time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
		"99991231T23:59:59": time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	} {
		got, err := delay.ParseLegacy(text)
		if inRange := text[:4] != "0000"; !got.Equal(want) || inRange != (err == nil) || !inRange && !errors.Is(err, delay.ErrRange) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

// Every digit of a fraction is read, written and counts, down to a nanosecond.
func TestFractionsToTheNanosecond(t *testing.T) {
	for nanos := 1; nanos < 1_000_000_000; nanos = nanos*3 + 1 {
		want := time.Date(2012, 9, 10, 23, 41, 7, nanos, time.UTC)
		text := string(delay.AppendDateTime(nil, want))
		if plain := strings.TrimRight(fmt.Sprintf("2012-09-10T23:41:07.%09d", nanos), "0") + "Z"; text != plain {
			t.Errorf("%d ns is written %s, want %s", nanos, text, plain)
		}
		for _, more := range []string{"", "9", "000000000001"} { // digits that are dropped
			read := strings.Replace(fmt.Sprintf("2012-09-10T23:41:07.%09d?Z", nanos), "?", more, 1)
			if got, err := delay.ParseDateTime(read); err != nil || !got.Equal(want) {
				t.Errorf("%s is read %v, %v", read, got, err)
			}
			legacy := strings.Replace(strings.TrimSuffix(read, "Z"), "2012-09-10", "20120910", 1)
			if got, err := delay.ParseLegacy(legacy); err != nil || !got.Equal(want) {
				t.Errorf("%s is read %v, %v", legacy, got, err)
			}
		}
	}
}

func TestAnErrorQuotesWhatFits(t *testing.T) {
	for n, want := range map[int]int{61: 61, 62: 62, 63: 62} {
		_, err := delay.ParseDateTime(strings.Repeat("x", n))
		if quoted := `"` + strings.Repeat("x", want) + `"`; err == nil || !strings.Contains(err.Error(), quoted) {
			t.Errorf("%d bytes: %v, want %s", n, err, quoted)
		}
	}
}

// Whatever a peer sends, an error holds and prints 64 bytes of it at most, cut
// between two runes.
func TestErrorsKeepALimitedText(t *testing.T) {
	for text, want := range map[string]int{
		strings.Repeat("x", 63):        63,
		strings.Repeat("x", 64):        64,
		strings.Repeat("x", 65):        64,
		strings.Repeat("x", 63) + "é":  63,
		strings.Repeat("x", 62) + "éé": 64,
		strings.Repeat("\x00", 1<<16):  64,
		strings.Repeat("\x80", 70):     0,
		"":                             0,
	} {
		_, err := delay.ParseDateTime(text)
		var parse *delay.ParseError
		if !errors.As(err, &parse) || len(parse.Input) != want || !strings.HasPrefix(text, parse.Input) {
			t.Fatalf("%.80q: %v", text, err)
		}
		quoted := strings.TrimPrefix(err.Error(), "delay: DateTime ")
		quoted, _, _ = strings.Cut(quoted, ": ")
		if len(quoted) > 64 || want > 62 && len(quoted) < 60 || strings.ContainsAny(quoted, "\x00é") {
			t.Errorf("%.80q is quoted as %s", text, quoted)
		}
	}
}
