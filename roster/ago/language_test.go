package ago_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/language"

	"example.org/lastpresence/roster/ago"
)

// causes are the texts of roster's causes that are said.
var causes = []string{"connection lost", "timed out", "server stopped", "account deleted", "never logged in"}

func in(tag string) *ago.Language { return ago.In(language.MustParse(tag)) }

func TestRegionsHaveTheirClocksAndDates(t *testing.T) {
	now := time.Date(2012, 9, 11, 14, 30, 0, 0, time.UTC)
	night := time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC)
	midnight := time.Date(2012, 9, 10, 0, 5, 0, 0, time.UTC)
	noon := time.Date(2012, 9, 10, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		tag  string
		t    time.Time
		want string
	}{
		{"en", night, "yesterday 23:41"},
		{"en-US", night, "yesterday 11:41 PM"},
		{"en-US", midnight, "yesterday 12:05 AM"},
		{"en-US", noon, "yesterday 12:00 PM"},
		{"en-GB", night, "yesterday 23:41"},
		{"en-AU", night, "yesterday 23:41"},
		{"en-US", now.AddDate(0, 0, -2), "Sep 9"},
		{"en-US", now.AddDate(-1, 0, -2), "Sep 9, 2011"},
		{"en-GB", now.AddDate(-1, 0, -2), "9 Sept 2011"},

		// The user's own choice comes before the region's habit.
		{"en-u-hc-h12", night, "yesterday 11:41 PM"},
		{"en-GB-u-hc-h12", night, "yesterday 11:41 pm"},
		{"en-US-u-hc-h23", night, "yesterday 23:41"},
		{"en-US-u-hc-h23", midnight, "yesterday 00:05"},
		{"de-AT-u-hc-h12", night, "gestern 11:41 PM"},
		{"ar-u-hc-h23", night, "أمس ٢٣:٤١"},
		{"ar-u-nu-latn", night, "أمس 11:41 م"},
	} {
		if got := in(tt.tag).Format(tt.t, now); got != tt.want {
			t.Errorf("%s says %q of %v, want %q", tt.tag, got, tt.t, tt.want)
		}
	}
}

func TestClockIsThatOfTheLanguage(t *testing.T) {
	noon := time.Date(2012, 9, 11, 12, 5, 0, 0, verona)
	for tag, want := range map[string]string{"en": "12:05", "en-US": "12:05 PM", "en-GB-u-hc-h12": "12:05 pm", "ar": "١٢:٠٥ م"} {
		if got := in(tag).Clock(noon); got != want {
			t.Errorf("%s says %q, want %q", tag, got, want)
		}
	}
}

func TestNumbersTakeTheFormsOfTheirLanguage(t *testing.T) {
	now := time.Date(2012, 9, 11, 23, 59, 59, 0, time.UTC)
	for _, tt := range []struct {
		tag  string
		past time.Duration
		want string
	}{
		{"pl", 0, "przed chwilą"},
		{"pl", time.Minute, "1 minutę temu"},
		{"pl", 2 * time.Minute, "2 minuty temu"},
		{"pl", 4 * time.Minute, "4 minuty temu"},
		{"pl", 5 * time.Minute, "5 minut temu"},
		{"pl", 12 * time.Minute, "12 minut temu"},
		{"pl", 21 * time.Minute, "21 minut temu"},
		{"pl", 22 * time.Minute, "22 minuty temu"},
		{"pl", 25 * time.Minute, "25 minut temu"},
		{"pl", time.Hour, "1 godzinę temu"},
		{"pl", 3 * time.Hour, "3 godziny temu"},
		{"pl", 11 * time.Hour, "11 godzin temu"},
		{"pl", 24 * time.Hour, "wczoraj o 23:59"},
		{"pl", 48 * time.Hour, "9 wrz"},
		{"pl", 400 * 24 * time.Hour, "8 sie 2011"},

		{"ar", 0, "الآن"},
		{"ar", time.Minute, "قبل دقيقة واحدة"},
		{"ar", 2 * time.Minute, "قبل دقيقتين"},
		{"ar", 3 * time.Minute, "قبل ٣ دقائق"},
		{"ar", 10 * time.Minute, "قبل ١٠ دقائق"},
		{"ar", 11 * time.Minute, "قبل ١١ دقيقة"},
		{"ar", 59 * time.Minute, "قبل ٥٩ دقيقة"},
		{"ar", time.Hour, "قبل ساعة واحدة"},
		{"ar", 2 * time.Hour, "قبل ساعتين"},
		{"ar", 7 * time.Hour, "قبل ٧ ساعات"},
		{"ar", 23 * time.Hour, "قبل ٢٣ ساعة"},
		{"ar", 24 * time.Hour, "أمس ١١:٥٩ م"},
		{"ar", 36 * time.Hour, "أمس ١١:٥٩ ص"},
		{"ar", 400 * 24 * time.Hour, "٨ أغسطس ٢٠١١"},
	} {
		if got := in(tt.tag).Format(now.Add(-tt.past), now); got != tt.want {
			t.Errorf("%s says %q %v later, want %q", tt.tag, got, tt.past, tt.want)
		}
	}
}

func TestOfflineNamesTheCause(t *testing.T) {
	now := time.Date(2012, 9, 11, 14, 30, 0, 0, verona)
	seen := now.Add(-10 * time.Minute)
	today := time.Date(2012, 9, 11, 14, 5, 0, 0, verona)
	yesterday := time.Date(2012, 9, 10, 21, 41, 7, 0, time.UTC)
	before := time.Date(2011, 9, 9, 0, 0, 0, 0, verona)
	var none time.Time
	for _, tt := range []struct {
		tag              string
		lastSeen, online time.Time
		cause, want      string
	}{
		{"en", seen, none, "goodbye", "last seen 10 minutes ago"},
		{"en", seen, none, "", "last seen 10 minutes ago"},
		{"en", seen, none, "unknown", "last seen 10 minutes ago"},
		{"en", seen, today, "connection lost", "last seen 10 minutes ago, connection lost"},
		{"en", none, today, "unknown", "offline, was here at 14:05 or later"},
		{"en", none, today, "server stopped", "offline, was here at 14:05 or later, server stopped"},
		{"en", none, now.Add(time.Hour), "", "offline, was here at 14:30 or later"},
		{"en", none, yesterday, "", "offline, was here yesterday 23:41 or later"},
		{"en", none, before, "", "offline, was here on 9 Sep 2011 or later"},
		{"en", none, none, "", "offline"},
		{"en", none, none, "never logged in", "offline, never logged in"},
		{"en-US", none, today, "", "offline, was here at 2:05 PM or later"},
		{"en-US", none, before, "", "offline, was here on Sep 9, 2011 or later"},
		{"en-GB", none, before, "", "offline, was here on 9 Sept 2011 or later"},
		{"de", seen, none, "connection lost", "zuletzt gesehen vor 10 Minuten, Verbindung verloren"},
		{"de", none, today, "", "offline, war um 14:05 oder später noch da"},
		{"de", none, yesterday, "", "offline, war gestern um 23:41 oder später noch da"},
		{"de", none, before, "", "offline, war am 9. Sept. 2011 oder später noch da"},
		{"pl", seen, none, "timed out", "ostatnio online 10 minut temu, przekroczono limit czasu"},
		{"pl", none, today, "", "offline, ostatnio online o 14:05 lub później"},
		{"pl", none, before, "", "offline, ostatnio online 9 wrz 2011 lub później"},
		{"ar", seen, none, "connection lost", "آخر ظهور قبل ١٠ دقائق، انقطع الاتصال"},
		{"ar", none, today, "", "غير متصل، آخر ظهور معروف ٢:٠٥ م أو بعد ذلك"},
		{"ar", none, none, "account deleted", "غير متصل، حُذف الحساب"},
	} {
		if got := in(tt.tag).Offline(tt.lastSeen, tt.online, tt.cause, now); got != tt.want {
			t.Errorf("%s says %q, want %q", tt.tag, got, tt.want)
		}
	}
	if got := new(ago.Language).Offline(seen, none, "timed out", now); got != "" {
		t.Errorf("the zero value says %q", got)
	}
}

func TestTheBestLanguageIsChosen(t *testing.T) {
	for _, tt := range []struct {
		want      string
		preferred []string
	}{
		{"en", nil},
		{"en", []string{"fr"}},
		{"de", []string{"de-AT", "en"}},
		{"pl", []string{"fr", "pl-PL"}},
		{"ar", []string{"ar-EG"}},
		{"en-US", []string{"en-US", "en"}},
		{"en-GB", []string{"en-AU"}},
	} {
		var tags []language.Tag
		for _, s := range tt.preferred {
			tags = append(tags, language.MustParse(s))
		}
		if got := ago.In(tags...).Tag().String(); got != tt.want {
			t.Errorf("for %v it is %s, want %s", tt.preferred, got, tt.want)
		}
	}
}

// keys returns which keys an object of JSON has, inner ones after a dot.
func keys(object map[string]any, prefix string) map[string]bool {
	found := make(map[string]bool)
	for k, v := range object {
		found[prefix+k] = true
		if inner, ok := v.(map[string]any); ok {
			for k := range keys(inner, prefix+k+".") {
				found[k] = true
			}
		}
	}
	return found
}

func readKeys(t *testing.T, tag string) map[string]bool {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("languages", tag+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(data, &object); err != nil {
		t.Fatalf("%s: %v", tag, err)
	}
	return keys(object, "")
}

func TestEveryLanguageIsComplete(t *testing.T) {
	files, err := os.ReadDir("languages")
	if err != nil {
		t.Fatal(err)
	}
	english := readKeys(t, "en")
	now := time.Date(2012, 9, 11, 14, 30, 0, 0, time.UTC)
	for _, f := range files {
		tag := strings.TrimSuffix(f.Name(), ".json")
		l := in(tag)
		if l.Tag().String() != tag {
			t.Errorf("%s is not chosen for its own tag, but %s", tag, l.Tag())
		}
		own, region := readKeys(t, tag), strings.Contains(tag, "-")
		for k := range english {
			if !own[k] && !region {
				t.Errorf("%s lacks %q", tag, k)
			}
		}
		for k := range own {
			if form := strings.HasPrefix(k, "minutes.") || strings.HasPrefix(k, "hours."); !english[k] && !form && k != "digits" {
				t.Errorf("%s has %q, which nothing reads", tag, k)
			}
		}
		for past := time.Duration(0); past < 800*24*time.Hour; past += 37 * time.Minute {
			at := now.Add(-past)
			for _, s := range []string{l.Format(at, now), l.Offline(at, at, "", now), l.Offline(time.Time{}, at, "", now)} {
				if s == "" || strings.ContainsAny(s, "{}") {
					t.Fatalf("%s says %q %v later", tag, s, past)
				}
			}
		}
		for _, cause := range causes {
			if s := l.Offline(time.Time{}, time.Time{}, cause, now); s == l.Offline(time.Time{}, time.Time{}, "", now) {
				t.Errorf("%s has no words for %q", tag, cause)
			}
		}
	}
}
