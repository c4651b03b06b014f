// Package ago says times as people do: just now, 10 minutes ago, yesterday
// 23:41, 10 Sep 2012.
//
// It is what stands behind "last seen" in a chat client's contact list. The rest
// of the library does not use it: roster tells times, and how they are said is
// the client's to decide. It is exported because every client needs it, and
// because two mistakes are made again and again: a contact who was last seen "in
// 3 minutes", because clocks differ, and one who was last seen in the year 1,
// because nobody knows.
//
//	words := ago.In(language.English)
//	fmt.Println("last seen", words.Format(contact.LastSeen, time.Now()))
//
// A language is a file of the folder languages. Another one is added by adding
// its file, named by its BCP 47 tag; no code knows which there are.
package ago

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

//go:embed languages/*.json
var files embed.FS

// fallback is the language of those whose own is not there.
const fallback = "en"

// Language says times in one language. It is safe for concurrent use. Use In;
// the zero value says nothing.
type Language struct {
	tag   language.Tag
	words words
}

// words are a language's file. The forms of numbers are named as in CLDR's
// plural rules: zero, one, two, few, many, other.
type words struct {
	JustNow   string            `json:"just now"`
	Minutes   map[string]string `json:"minutes"`
	Hours     map[string]string `json:"hours"`
	Yesterday string            `json:"yesterday"`
	ThisYear  string            `json:"this year"`
	Date      string            `json:"date"`
	Time      string            `json:"time"` // a layout of package time
	Months    [12]string        `json:"months"`
}

// In returns the language that suits the user's best, the first of which counts
// most: English where none does.
func In(preferred ...language.Tag) *Language {
	tags := []language.Tag{language.MustParse(fallback)}
	entries, _ := files.ReadDir("languages") // embedded, and there
	for _, e := range entries {
		if name := strings.TrimSuffix(e.Name(), ".json"); name != fallback {
			tags = append(tags, language.Make(name))
		}
	}
	_, i, _ := language.NewMatcher(tags).Match(preferred...)
	l, err := read(tags[i])
	if err != nil {
		l, _ = read(tags[0])
	}
	return l
}

func read(tag language.Tag) (*Language, error) {
	data, err := files.ReadFile(path.Join("languages", tag.String()+".json"))
	if err != nil {
		return nil, fmt.Errorf("ago: %w", err)
	}
	l := &Language{tag: tag}
	if err := json.Unmarshal(data, &l.words); err != nil {
		return nil, fmt.Errorf("ago: %s: %w", tag, err)
	}
	return l, nil
}

// Tag returns which language it is.
func (l *Language) Tag() language.Tag { return l.tag }

// Format says when t was, seen from now, whose zone counts. A t that is later
// than now was just now: somebody's clock is wrong. A zero t is not known, and
// is said as "".
func (l *Language) Format(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(now.Location())
	past := now.Sub(t)
	days := day(now).Sub(day(t)) / (24 * time.Hour)
	switch {
	case past < time.Minute:
		return l.words.JustNow
	case past < time.Hour:
		return l.count(l.words.Minutes, int(past/time.Minute))
	case days == 0:
		return l.count(l.words.Hours, int(past/time.Hour))
	case days == 1:
		return strings.ReplaceAll(l.words.Yesterday, "{time}", t.Format(l.words.Time))
	case t.Year() == now.Year():
		return l.date(l.words.ThisYear, t)
	}
	return l.date(l.words.Date, t)
}

// day is t's date as a time that can be counted with: a zone's own midnight may
// not exist, or come twice.
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
	return strings.ReplaceAll(text, "{n}", strconv.Itoa(n))
}

func (l *Language) date(format string, t time.Time) string {
	return strings.NewReplacer(
		"{day}", strconv.Itoa(t.Day()),
		"{month}", l.words.Months[t.Month()-1],
		"{year}", strconv.Itoa(t.Year()),
	).Replace(format)
}
