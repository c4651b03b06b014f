package ago

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

//go:embed languages/*.json
var files embed.FS

// fallback is used where no language suits.
const fallback = "en"

// Language puts times into the words of one language. It is safe for concurrent
// use. Use In to get one; the zero value returns empty strings.
type Language struct {
	tag   language.Tag
	words words
}

// words are the contents of a language's file. The forms of numbers have the
// names of CLDR's plural rules: zero, one, two, few, many, other.
type words struct {
	JustNow   string            `json:"just now"`
	Minutes   map[string]string `json:"minutes"`
	Hours     map[string]string `json:"hours"`
	Yesterday string            `json:"yesterday"`
	ThisYear  string            `json:"this year"`
	Date      string            `json:"date"`
	Months    [12]string        `json:"months"`
	Clock     int               `json:"clock"`  // 12 or 24 hours
	Halves    [2]string         `json:"halves"` // what a 12-hour clock calls AM and PM
	Digits    string            `json:"digits"` // from 0 to 9; empty: European digits

	LastSeen string `json:"last seen"`
	Offline  string `json:"offline"`
	OrLater  struct {
		Today     string `json:"today"`
		Yesterday string `json:"yesterday"`
		Before    string `json:"before"`
	} `json:"or later"`
	Comma  string            `json:"comma"`  // between absence and cause
	Causes map[string]string `json:"causes"` // by the text of a roster.Cause
}

// In returns the language that suits the user best. The tags are in order of
// preference; English is used where none of them matches. A region may have its
// own words: en-US has a 12-hour clock and puts the month first.
//
// Two extensions of a tag (BCP 47, extension u) override the region's habits: hc
// selects the clock, as in en-u-hc-h12 and en-US-u-hc-h23, and nu-latn selects
// European digits. [language.Tag.SetTypeForKey] sets them.
func In(preferred ...language.Tag) *Language {
	tags := []language.Tag{language.MustParse(fallback)}
	entries, _ := files.ReadDir("languages") // embedded, so it exists
	for _, e := range entries {
		if name := strings.TrimSuffix(e.Name(), ".json"); name != fallback {
			tags = append(tags, language.Make(name))
		}
	}
	matched, i, _ := language.NewMatcher(tags).Match(preferred...)
	l, err := read(tags[i])
	if err != nil {
		l, _ = read(tags[0])
	}
	switch matched.TypeForKey("hc") {
	case "h11", "h12":
		l.words.Clock = 12
	case "h23", "h24":
		l.words.Clock = 24
	}
	if matched.TypeForKey("nu") == "latn" {
		l.words.Digits = ""
	}
	return l
}

// read reads a language's file. A region's file holds only what differs from the
// language's own, which is read first.
func read(tag language.Tag) (*Language, error) {
	var family []language.Tag
	for t := tag; !t.IsRoot(); t = t.Parent() {
		family = append(family, t)
	}
	l := &Language{tag: tag}
	for _, t := range slices.Backward(family) {
		data, err := files.ReadFile(path.Join("languages", t.String()+".json"))
		if err != nil && t == tag {
			return nil, fmt.Errorf("ago: %w", err)
		} else if err != nil {
			continue
		}
		if err := json.Unmarshal(data, &l.words); err != nil {
			return nil, fmt.Errorf("ago: %s: %w", t, err)
		}
	}
	return l, nil
}

// Tag returns the language's tag.
func (l *Language) Tag() language.Tag { return l.tag }
