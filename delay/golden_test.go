package delay_test

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/lastpresence/delay"
	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
)

var (
	_ xml.Marshaler       = delay.Delay{}
	_ xml.Unmarshaler     = (*delay.Delay)(nil)
	_ xmlstream.Marshaler = delay.Delay{}
	_ xmlstream.WriterTo  = delay.Delay{}
)

// stanzas returns the golden files by name; there must be some.
func stanzas(tb testing.TB) map[string]string {
	tb.Helper()
	names, err := filepath.Glob("testdata/*.xml")
	if err != nil || len(names) == 0 {
		tb.Fatalf("no golden files: %v", err)
	}
	files := make(map[string]string, len(names))
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		files[strings.TrimSuffix(filepath.Base(name), ".xml")] = string(b)
	}
	return files
}

// found returns the sender of a stanza and its delays.
func found(text string) (sender jid.JID, elements []delay.Element, err error) {
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return sender, elements, nil
		}
		if err != nil {
			return sender, elements, err
		}
		start, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		if delay.IsElement(start.Name) {
			e, err := delay.ReadElement(start, d)
			if err != nil {
				return sender, elements, err
			}
			elements = append(elements, e)
		} else if start.Name.Local == "presence" {
			for _, a := range start.Attr {
				if a.Name.Local == "from" {
					sender, _ = jid.Parse(a.Value)
				}
			}
		}
	}
}

func TestGoldenStanzas(t *testing.T) {
	juliet := jid.MustParse("juliet@capulet.lit/balcony")
	received := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	for name, text := range stanzas(t) {
		t.Run(name, func(t *testing.T) {
			header, _, _ := strings.Cut(strings.TrimPrefix(text, "<!-- "), " -->")
			sender, elements, err := found(text)
			if err != nil {
				t.Fatal(err)
			}
			got, doubts := delay.Rules{}.Believe(elements, sender, juliet, received)
			if want, ok := strings.CutSuffix(header, "; believed"); ok {
				from := got.From.String()
				if from == "" {
					from = "-"
				}
				said := "from " + from + "; stamp " + string(delay.AppendDateTime(nil, got.Stamp))
				if said != want {
					t.Errorf("believed %q, want %q; doubts: %v", said, want, doubts)
				}
				readsBack(t, got)
				return
			}
			if !got.Stamp.IsZero() {
				t.Errorf("believed %v, want none", got)
			}
			if header == "none" && len(elements) == 0 {
				return
			}
			if len(doubts) != 1 || doubts[0].Why.String() != header {
				t.Errorf("got doubts %v, want one: %s", doubts, header)
			}
		})
	}
}

// readsBack writes d with encoding/xml and reads it again.
func readsBack(t *testing.T, d delay.Delay) {
	t.Helper()
	text, err := xml.Marshal(d)
	if err != nil {
		t.Fatalf("writing %v: %v", d, err)
	}
	var again delay.Delay
	if err := xml.Unmarshal(text, &again); err != nil {
		t.Fatalf("reading %s: %v", text, err)
	}
	if !again.Stamp.Equal(d.Stamp) || !again.From.Equal(d.From) || again.Reason != d.Reason {
		t.Errorf("%s read as %+v, want %+v", text, again, d)
	}
}

func TestReasonIsKeptAcrossCommentsAndEntities(t *testing.T) {
	const text = `<delay xmlns="urn:xmpp:delay" stamp="2012-09-10T23:41:07Z" other="1">Off<!-- -->line &amp; away<b>no</b>!</delay>`
	var d delay.Delay
	if err := xml.Unmarshal([]byte(text), &d); err != nil || d.Reason != "Offline & away!" {
		t.Errorf("got %q, %v", d.Reason, err)
	}
}

func TestReasonIsCutBetweenTwoRunes(t *testing.T) {
	text := `<delay xmlns="urn:xmpp:delay" stamp="2012-09-10T23:41:07Z">x` + strings.Repeat("é", delay.MaxReason) + `</delay>`
	var d delay.Delay
	if err := xml.Unmarshal([]byte(text), &d); err != nil || len(d.Reason) != delay.MaxReason-1 {
		t.Errorf("kept %d bytes, %v; want %d", len(d.Reason), err, delay.MaxReason-1)
	}
}

func TestDecodingTellsAMissingStampFromAnUnreadableOne(t *testing.T) {
	var d delay.Delay
	if err := xml.Unmarshal([]byte(`<delay xmlns="urn:xmpp:delay"/>`), &d); !errors.Is(err, delay.ErrNoStamp) {
		t.Errorf("missing: got %v", err)
	}
	var parse *delay.ParseError
	if err := xml.Unmarshal([]byte(`<delay xmlns="urn:xmpp:delay" stamp=""/>`), &d); !errors.As(err, &parse) {
		t.Errorf("empty: got %v", err)
	}
	if err := xml.Unmarshal([]byte(`<idle xmlns="urn:xmpp:idle:1" stamp="2012-09-10T23:41:07Z"/>`), &d); err == nil {
		t.Error("an element of another name was accepted")
	}
}

func TestStampsAreReadLeniently(t *testing.T) {
	want := time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC)
	for _, tc := range []struct {
		mistake, in string
		want        time.Time
	}{
		{"none", "2012-09-10T23:41:07Z", want},
		{"legacy form", "20120910T23:41:07", want},
		{"legacy form with a fraction", "20120910T23:41:07.0", want},
		{"no zone", "2012-09-10T23:41:07", want},
		{"space for T", "2012-09-10 23:41:07Z", want},
		{"lower case", "2012-09-10t23:41:07z", want},
		{"offset without colon", "2012-09-11T01:41:07+0200", want},
		{"second 60", "2012-09-10T23:40:60Z", want.Add(-7 * time.Second)},
		{"second 60 at the end of a year", "2012-12-31T23:59:60Z", time.Date(2013, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"several at once", "2012-09-10 23:41:07", want},
	} {
		t.Run(tc.mistake, func(t *testing.T) {
			if got, err := delay.ParseStamp(tc.in); err != nil || !got.Equal(tc.want) {
				t.Errorf("ParseStamp(%q) = %v, %v; want %v", tc.in, got, err, tc.want)
			}
		})
	}
	for _, in := range []string{"", "now", "2012-13-10T23:41:07Z", "2012-09-10", "2012-09-10T23:41:61Z", strings.Repeat("2", 1000)} {
		if got, err := delay.ParseStamp(in); err == nil {
			t.Errorf("ParseStamp(%q) = %v", in, got)
		}
	}
}
