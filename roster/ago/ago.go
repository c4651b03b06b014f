// Package ago puts last-seen times into words: just now, 10 minutes ago,
// yesterday 23:41, 10 Sep 2012.
//
// It is for the line under a contact's name in a chat client. The rest of the
// library does not use it: package roster reports times, and the client decides
// how to show them. The package avoids two common mistakes: a contact last seen
// "in 3 minutes", because clocks differ, and one last seen in the year 1, because
// the time is not known.
//
//	words := ago.In(language.English)
//	fmt.Println("last seen", words.Format(contact.LastSeen, time.Now()))
//	fmt.Println(words.Offline(contact.LastSeen, contact.OnlineAt, contact.Cause.String(), time.Now()))
//
// A language is a JSON file in the folder languages, named by its BCP 47 tag. To
// add a language or a region, add its file; no code lists them.
package ago

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
)

// Format returns when t was, as seen from now and in now's time zone. A t later
// than now is "just now", because clocks differ. It returns "" for a zero t.
func (l *Language) Format(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(now.Location())
	past := now.Sub(t)
	switch {
	case past < time.Minute:
		return l.words.JustNow
	case past < time.Hour:
		return l.count(l.words.Minutes, int(past/time.Minute))
	}
	switch days(t, now) {
	case 0:
		return l.count(l.words.Hours, int(past/time.Hour))
	case 1:
		return fill(l.words.Yesterday, "{time}", l.Clock(t))
	}
	return l.date(t, now)
}

// Offline describes a contact's absence: "last seen 10 minutes ago, connection
// lost", or, if only onlineAt is known, "offline, was here at 14:05 or later".
// The times are LastSeen and OnlineAt of a roster.Contact; either may be zero.
// The cause is the text of a roster.Cause; one that the language has no words
// for, such as "goodbye" or "", adds nothing. Do not call Offline for a contact
// whose Lack is roster.NeverHeard: it may be online.
func (l *Language) Offline(lastSeen, onlineAt time.Time, cause string, now time.Time) string {
	parts := []string{l.words.Offline}
	switch {
	case !lastSeen.IsZero():
		parts[0] = fill(l.words.LastSeen, "{when}", l.Format(lastSeen, now))
	case !onlineAt.IsZero():
		parts = append(parts, l.orLater(onlineAt, now))
	}
	if why := l.words.Causes[cause]; why != "" {
		parts = append(parts, why)
	}
	return strings.Join(parts, l.words.Comma)
}

// orLater returns that somebody was there at t, and perhaps later too.
func (l *Language) orLater(t, now time.Time) string {
	if t.After(now) {
		t = now
	}
	t = t.In(now.Location())
	switch days(t, now) {
	case 0:
		return fill(l.words.OrLater.Today, "{time}", l.Clock(t))
	case 1:
		return fill(l.words.OrLater.Yesterday, "{time}", l.Clock(t))
	}
	return fill(l.words.OrLater.Before, "{date}", l.date(t, now))
}

// days returns how many midnights are between two times of one zone.
func days(t, now time.Time) int {
	return int(day(now).Sub(day(t)) / (24 * time.Hour))
}

// day returns t's date as a time in UTC, where every day has 24 hours. In t's
// own zone midnight may not exist, or come twice.
func day(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

var forms = map[plural.Form]string{
	plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other",
}

func (l *Language) count(of map[string]string, n int) string {
	text, ok := of[forms[plural.Cardinal.MatchPlural(l.tag, n, 0, 0, 0, 0)]]
	if !ok {
		text = of["other"]
	}
	return fill(text, "{n}", l.number(n))
}

// date returns t's day, with the year if it is not now's.
func (l *Language) date(t, now time.Time) string {
	format := l.words.Date
	if t.Year() == now.Year() {
		format = l.words.ThisYear
	}
	return fill(format,
		"{day}", l.number(t.Day()),
		"{month}", l.words.Months[t.Month()-1],
		"{year}", l.number(t.Year()))
}

// Clock returns the time of day in t's time zone: 14:05, or 2:05 PM. Use it for
// the messages of a chat, so that all times have the same form.
func (l *Language) Clock(t time.Time) string {
	if l.words.Clock == 24 {
		return l.digits(t.Format("15:04"))
	}
	return fill(l.digits(t.Format("3:04 PM")), "AM", l.words.Halves[0], "PM", l.words.Halves[1])
}

func (l *Language) number(n int) string { return l.digits(strconv.Itoa(n)) }

// digits returns s with the language's own digits.
func (l *Language) digits(s string) string {
	own := []rune(l.words.Digits)
	if len(own) != 10 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return own[r-'0']
		}
		return r
	}, s)
}

func fill(text string, pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(text)
}
