package words

import (
	"cmp"
	"strings"

	"golang.org/x/text/language"

	"example.org/lastpresence/roster/ago"
)

// Times returns how times are said: in English, with the habits of the region
// that the user's locale names (LC_ALL, LC_TIME or LANG) if that is English. The
// clock is "12" or "24", or empty for the region's own.
func Times(getenv func(string) string, clock string) *ago.Language {
	locale, _, _ := strings.Cut(cmp.Or(getenv("LC_ALL"), getenv("LC_TIME"), getenv("LANG")), ".")
	tag, err := language.Parse(strings.ReplaceAll(locale, "_", "-"))
	if base, _ := tag.Base(); err != nil || base.String() != "en" {
		tag = language.English
	}
	if cycle := map[string]string{"12": "h12", "24": "h23"}[clock]; cycle != "" {
		if tag, err = tag.SetTypeForKey("hc", cycle); err != nil {
			tag = language.English
		}
	}
	return ago.In(tag)
}
