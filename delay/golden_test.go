package delay_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/delay"
)

// The golden files in testdata hold one stanza each. The comment before it says
// where it is from and, after an empty line, what must be found in it and
// believed by juliet, who received it at this time.
var (
	juliet   = jid.MustParse("juliet@capulet.lit/balcony")
	received = time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
)

// golden returns the files by name; there must be some.
func golden(tb testing.TB) map[string]string {
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

// find returns who a stanza is from and the delays that are its children.
func find(text string) (sender jid.JID, elements []delay.Element, err error) {
	d := xml.NewDecoder(strings.NewReader(text))
	var stanza xml.StartElement
	for stanza.Name.Local == "" {
		tok, err := d.Token()
		if err != nil {
			return sender, nil, err
		}
		stanza, _ = tok.(xml.StartElement)
	}
	for _, a := range stanza.Attr {
		if a.Name.Local == "from" {
			if sender, err = jid.Parse(a.Value); err != nil {
				return sender, nil, err
			}
		}
	}
	for {
		tok, err := d.Token()
		if err != nil {
			return sender, elements, err
		}
		switch tok := tok.(type) {
		case xml.EndElement:
			return sender, elements, nil
		case xml.StartElement:
			if !delay.IsElement(tok.Name) {
				err = xmlstream.Skip(d)
			} else {
				var e delay.Element
				e, err = delay.ReadElement(tok, d)
				elements = append(elements, e)
			}
			if err != nil {
				return sender, elements, err
			}
		}
	}
}

// verdict says in words what was found and believed.
func verdict(elements []delay.Element, believed delay.Delay, doubts []delay.Doubt) string {
	var b strings.Builder
	for _, e := range elements {
		name := "delay"
		if e.Legacy {
			name = "x"
		}
		fmt.Fprintf(&b, "found %s from %s", name, signer(e.Delay))
		var parse *delay.ParseError
		switch {
		case errors.As(e.Err, &parse):
			fmt.Fprintf(&b, " but unreadable %s", parse.Profile)
		case errors.Is(e.Err, delay.ErrNoStamp):
			b.WriteString(" but no stamp")
		case e.Err != nil:
			fmt.Fprintf(&b, " but %v", e.Err)
		default:
			fmt.Fprintf(&b, " at %s", delay.AppendDateTime(nil, e.Stamp))
		}
		if e.Reason != "" {
			fmt.Fprintf(&b, " reason %q", e.Reason)
		}
		b.WriteString("\n")
	}
	if believed.Stamp.IsZero() {
		b.WriteString("believed none\n")
	} else {
		fmt.Fprintf(&b, "believed from %s at %s\n", signer(believed), delay.AppendDateTime(nil, believed.Stamp))
	}
	for i, doubt := range doubts {
		if i == 0 {
			b.WriteString("passed over")
		}
		fmt.Fprintf(&b, " %v", doubt.Why)
	}
	return strings.TrimSpace(b.String())
}

func signer(d delay.Delay) string {
	if from := d.From.String(); from != "" {
		return from
	}
	return "-"
}

func TestGoldenStanzasAreReadAndJudged(t *testing.T) {
	for name, text := range golden(t) {
		t.Run(name, func(t *testing.T) {
			comment, stanza, _ := strings.Cut(text, "\n-->")
			_, want, ok := strings.Cut(comment, "\n\n")
			if !ok || stanza == "" {
				t.Fatal("the file has no expectation in its comment")
			}
			sender, elements, err := find(stanza)
			if err != nil {
				t.Fatal(err)
			}
			believed, doubts := delay.Rules{}.Believe(elements, sender, juliet, received)
			if got := verdict(elements, believed, doubts); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestGoldenElementsReadBackAsTheyWereWritten(t *testing.T) {
	for name, text := range golden(t) {
		t.Run(name, func(t *testing.T) {
			_, elements, err := find(text)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range elements {
				if e.Err == nil {
					checkReadsBack(t, e)
				}
			}
		})
	}
}

// checkReadsBack writes e with encoding/xml and reads it again.
func checkReadsBack(t testing.TB, e delay.Element) {
	t.Helper()
	text, err := xml.Marshal(e)
	if err != nil {
		t.Fatalf("writing %+v: %v", e, err)
	}
	var again delay.Element
	if err := xml.Unmarshal(text, &again); err != nil || again.Err != nil {
		t.Fatalf("reading %s: %v, %v", text, err, again.Err)
	}
	want := e.Stamp
	if e.Legacy {
		want = want.Truncate(time.Second)
	}
	if !again.Stamp.Equal(want) || !again.From.Equal(e.From) || again.Reason != e.Reason || again.Legacy != e.Legacy {
		t.Errorf("%s was read as %+v, want %+v", text, again, e)
	}
}
