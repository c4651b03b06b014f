package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/text/language"

	"example.org/lastpresence/roster/ago"
)

// page has what browsers fetch, the templates, and the words of each language.
//
//go:embed page
var page embed.FS

// words are those of one language.
type words struct {
	tag     language.Tag
	phrases map[string]string
	times   *ago.Language
}

// say returns a phrase, which is named by what it is in English.
func (w words) say(phrase string) string {
	if s := w.phrases[phrase]; s != "" {
		return s
	}
	return strings.TrimPrefix(phrase, "show ")
}

// Tag returns the language's, for the page.
func (w words) Tag() string { return w.tag.String() }

// Say is say, for templates.
func (w words) Say(phrase string) string { return w.say(phrase) }

// languages are those that the page speaks, by the first part of their tags.
type languages map[string]map[string]string

// readLanguages reads the languages' files.
func readLanguages() (languages, error) {
	found := make(languages)
	files, err := fs.Glob(page, "page/*.json")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		b, err := page.ReadFile(file)
		if err != nil {
			return nil, err
		}
		phrases := make(map[string]string)
		if err := json.Unmarshal(b, &phrases); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		found[strings.TrimSuffix(path.Base(file), ".json")] = phrases
	}
	return found, nil
}

// suit returns the words that suit a browser, which says what its user prefers
// (Accept-Language). They are English where it does not say, or prefers others.
func (l languages) suit(accept string) words {
	const longest = 200
	tags, _, err := language.ParseAcceptLanguage(accept[:min(len(accept), longest)])
	if err == nil {
		for _, tag := range tags {
			base, _ := tag.Base()
			if phrases := l[base.String()]; phrases != nil {
				return words{tag, phrases, ago.In(tag)}
			}
		}
	}
	return words{language.English, l["en"], ago.In(language.English)}
}
