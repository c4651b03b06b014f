package ago_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // for machines without one

	"golang.org/x/text/language"

	"example.org/lastpresence/internal/testbed/mutate"
	"example.org/lastpresence/roster/ago"
)

var verona = time.FixedZone("CEST", 2*60*60)

func TestTimesAreInPlainWords(t *testing.T) {
	now := time.Date(2012, 9, 11, 14, 30, 0, 0, verona)
	tests := []struct {
		t      time.Time
		en, de string
	}{
		{time.Time{}, "", ""},
		{now, "just now", "gerade eben"},
		{now.Add(3 * time.Minute), "just now", "gerade eben"},
		{now.Add(24 * time.Hour), "just now", "gerade eben"},
		{now.Add(-59 * time.Second), "just now", "gerade eben"},
		{now.Add(-time.Minute), "1 minute ago", "vor 1 Minute"},
		{now.Add(-10 * time.Minute), "10 minutes ago", "vor 10 Minuten"},
		{now.Add(-time.Hour + 1), "59 minutes ago", "vor 59 Minuten"},
		{now.Add(-time.Hour), "1 hour ago", "vor 1 Stunde"},
		{now.Add(-14 * time.Hour), "14 hours ago", "vor 14 Stunden"},
		{time.Date(2012, 9, 10, 21, 41, 7, 0, time.UTC), "yesterday 23:41", "gestern 23:41"},
		{time.Date(2012, 9, 10, 0, 0, 0, 0, verona), "yesterday 00:00", "gestern 00:00"},
		{time.Date(2012, 9, 9, 23, 59, 59, 0, verona), "9 Sep", "9. Sept."},
		{time.Date(2012, 1, 1, 0, 0, 0, 0, verona), "1 Jan", "1. Jan."},
		{time.Date(2011, 12, 31, 23, 59, 59, 0, verona), "31 Dec 2011", "31. Dez. 2011"},
		{time.Date(1999, 3, 1, 0, 0, 0, 0, verona), "1 Mar 1999", "1. März 1999"},
	}
	for _, tt := range tests {
		if got := ago.In(language.English).Format(tt.t, now); got != tt.en {
			t.Errorf("%v is said %q, want %q", tt.t, got, tt.en)
		}
		if got := ago.In(language.German).Format(tt.t, now); got != tt.de {
			t.Errorf("%v is said %q, want %q", tt.t, got, tt.de)
		}
	}
	afterMidnight := time.Date(2012, 9, 11, 0, 20, 0, 0, verona)
	if got := ago.In().Format(afterMidnight.Add(-39*time.Minute), afterMidnight); got != "39 minutes ago" {
		t.Errorf("shortly after midnight: %q", got)
	}
}

func TestDaysAreThoseOfTheCalendar(t *testing.T) {
	words := ago.In(language.English)
	for _, tt := range []struct{ zone, at, now, want string }{
		// In these zones there was no midnight on that day.
		{"America/Sao_Paulo", "2017-10-15T02:30:00Z", "2017-10-15T05:00:00Z", "yesterday 23:30"},
		{"America/Sao_Paulo", "2017-10-14T02:30:00Z", "2017-10-15T15:00:00Z", "13 Oct"},
		{"America/Sao_Paulo", "2017-10-15T02:30:00Z", "2017-10-16T15:00:00Z", "14 Oct"},
		{"Africa/Cairo", "2024-04-25T21:30:00Z", "2024-04-26T00:00:00Z", "yesterday 23:30"},
		{"America/Santiago", "2024-09-08T03:30:00Z", "2024-09-08T06:00:00Z", "yesterday 23:30"},
		// And in this one it came twice.
		{"America/Havana", "2024-11-03T04:10:00Z", "2024-11-03T08:00:00Z", "3 hours ago"},
		{"America/Havana", "2024-11-03T05:10:00Z", "2024-11-03T08:00:00Z", "2 hours ago"},
		{"Europe/Berlin", "2024-03-31T00:30:00Z", "2024-03-31T10:00:00Z", "9 hours ago"},
	} {
		zone, err := time.LoadLocation(tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		at, _ := time.Parse(time.RFC3339, tt.at)
		now, _ := time.Parse(time.RFC3339, tt.now)
		if got := words.Format(at, now.In(zone)); got != tt.want {
			t.Errorf("%v, seen from %v, is said %q, want %q", at.In(zone), now.In(zone), got, tt.want)
		}
	}
}

func FuzzFormat(f *testing.F) {
	f.Add(int64(0), int64(1347313267))
	f.Add(int64(1347313267), int64(0))
	words := ago.In(language.English)
	check := func(t testing.TB, at, now int64) {
		when := time.Unix(at, 0)
		s := words.Format(when, time.Unix(now, 0).UTC())
		if when.IsZero() != (s == "") || strings.Contains(s, "-") && at > -1<<32 || strings.HasPrefix(s, "in ") {
			t.Errorf("%v is said %q", when, s)
		}
	}
	mutate.Run(f, func(t testing.TB, r *rand.Rand) {
		now := r.Int64() >> r.IntN(64)
		check(t, now-r.Int64()>>r.IntN(64), now)
	})
	f.Fuzz(func(t *testing.T, at, now int64) { check(t, at, now) })
}

func ExampleLanguage_Format() {
	now := time.Date(2012, 9, 11, 14, 30, 0, 0, time.UTC)
	words := ago.In(language.English)
	fmt.Println("last seen", words.Format(now.Add(-10*time.Minute), now))
	fmt.Println("last seen", words.Format(time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC), now))
	// Output:
	// last seen 10 minutes ago
	// last seen yesterday 23:41
}

func ExampleLanguage_Offline() {
	now := time.Date(2012, 9, 11, 14, 30, 0, 0, time.UTC)
	seen, online := now.Add(-10*time.Minute), now.Add(-25*time.Minute)
	fmt.Println(ago.In(language.English).Offline(seen, time.Time{}, "connection lost", now))
	fmt.Println(ago.In(language.AmericanEnglish).Offline(time.Time{}, online, "unknown", now))
	fmt.Println(ago.In(language.Polish).Offline(seen, time.Time{}, "goodbye", now))
	// Output:
	// last seen 10 minutes ago, connection lost
	// offline, was here at 2:05 PM or later
	// ostatnio online 10 minut temu
}
