package chardata_test

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"mellium.im/xmlstream"

	"example.org/lastpresence/internal/wire/chardata"
)

func TestRead(t *testing.T) {
	for _, tc := range []struct {
		name, in, want string
		limit          int
		cut            bool
	}{
		{name: "nothing", in: `<a/>`, limit: 9},
		{name: "plain", in: `<a>Out of battery.</a>`, limit: 99, want: "Out of battery."},
		{name: "entities", in: `<a>&lt;b&gt; &amp; c</a>`, limit: 99, want: "<b> & c"},
		{name: "across a comment", in: `<a>one<!-- x -->two</a>`, limit: 99, want: "onetwo"},
		{name: "across a child, without its text", in: `<a>one<b>no<c>no</c></b>two</a>`, limit: 99, want: "onetwo"},
		{name: "exactly the limit", in: `<a>12345</a>`, limit: 5, want: "12345"},
		{name: "one past the limit", in: `<a>123456</a>`, limit: 5, want: "12345", cut: true},
		{name: "cut before a rune", in: `<a>123é</a>`, limit: 4, want: "123", cut: true},
		{name: "cut in the second piece", in: `<a>123<b/>456</a>`, limit: 5, want: "12345", cut: true},
		{name: "cut in the third piece", in: `<a>12<b/>34<b/>56</a>`, limit: 5, want: "12345", cut: true},
		{name: "three pieces", in: `<a>12<b/>34<b/>56</a>`, limit: 6, want: "123456"},
		{name: "nothing after a cut", in: `<a>123é<b/>4</a>`, limit: 4, want: "123", cut: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := xml.NewDecoder(strings.NewReader(tc.in + "<next/>"))
			if _, err := d.Token(); err != nil {
				t.Fatal(err)
			}
			got, cut, err := chardata.Read(d, tc.limit)
			if err != nil || got != tc.want || cut != tc.cut {
				t.Errorf("Read = %q, %v, %v, want %q, %v", got, cut, err, tc.want, tc.cut)
			}
			if tok, _ := d.Token(); tok.(xml.StartElement).Name.Local != "next" {
				t.Errorf("Read did not stop after the end of the element, next is %v", tok)
			}
		})
	}
}

func TestReadReportsABrokenStream(t *testing.T) {
	d := xml.NewDecoder(strings.NewReader(`<a>half`))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	if got, _, err := chardata.Read(d, 9); err == nil || got != "half" {
		t.Errorf("Read = %q, %v, want what came and an error", got, err)
	}
}

// A reader that is not a decoder may give anything.
func TestReadCutsWhatIsNotUTF8(t *testing.T) {
	given := false
	r := xmlstream.ReaderFunc(func() (xml.Token, error) {
		if given {
			return nil, io.EOF
		}
		given = true
		return xml.CharData("\x80\x80"), nil
	})
	if got, cut, err := chardata.Read(r, 1); got != "" || !cut || err != io.EOF {
		t.Errorf("Read = %q, %v, %v", got, cut, err)
	}
}

func TestReadEndsWithTheTokens(t *testing.T) {
	r := xmlstream.ReaderFunc(func() (xml.Token, error) { return nil, nil })
	if got, cut, err := chardata.Read(r, 1); got != "" || cut || err != nil {
		t.Errorf("Read = %q, %v, %v", got, cut, err)
	}
}
