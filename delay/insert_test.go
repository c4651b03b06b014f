package delay_test

import (
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"mellium.im/xmlstream"

	"example.org/lastpresence/delay"
	"example.org/lastpresence/internal/testbed/mutate"
)

func TestInsertedDelays(t *testing.T) {
	const element = `<delay xmlns="urn:xmpp:delay" from="montague.lit" stamp="2012-09-10T23:41:07.12Z">late</delay>`
	d := delay.Delay{From: host, Stamp: stamp, Reason: "late"}
	for _, tc := range []struct {
		rule        string
		transformer xmlstream.Transformer
		in, want    string
	}{
		{"first child", delay.Insert(d), `<a><b></b></a>`, `<a>` + element + `<b></b></a>`},
		{"empty element", delay.Insert(d), `<a></a>`, `<a>` + element + `</a>`},
		{"every element at the top", delay.Insert(d), `<a></a> <b></b>`, `<a>` + element + `</a> <b>` + element + `</b>`},
		{"no element below the top", delay.Insert(d), `<a><a><a></a></a></a>`, `<a>` + element + `<a><a></a></a></a>`},
		{"attributes, text and comments pass", delay.Insert(d), `<!-- 1 --><a b="c">d<!-- 2 --></a>`, `<!-- 1 --><a b="c">` + element + `d<!-- 2 --></a>`},
		{"beside a delay that is there", delay.Insert(d), `<a><delay></delay></a>`, `<a>` + element + `<delay></delay></a>`},
		{"no delay", delay.Insert(delay.Delay{}), `<a><b></b></a>`, `<a><b></b></a>`},
		{"nothing to insert into", delay.Insert(d), ` `, ` `},

		{"message", delay.Stanza(d, ""), `<message></message>`, `<message>` + element + `</message>`},
		{"presence", delay.Stanza(d, ""), `<presence></presence>`, `<presence>` + element + `</presence>`},
		{"iq", delay.Stanza(d, ""), `<iq></iq>`, `<iq>` + element + `</iq>`},
		{"no stanza", delay.Stanza(d, ""), `<a></a><r></r>`, `<a></a><r></r>`},
		{"no stanza inside of another element", delay.Stanza(d, ""), `<forwarded><message></message></forwarded>`, `<forwarded><message></message></forwarded>`},
		{"stanza after another element", delay.Stanza(d, ""), `<a></a><iq></iq>`, `<a></a><iq>` + element + `</iq>`},
		{"stanza of the namespace", delay.Stanza(d, "jabber:server"), `<iq xmlns="jabber:server"></iq>`, `<iq xmlns="jabber:server">` + element + `</iq>`},
		{"stanza of another namespace", delay.Stanza(d, "jabber:server"), `<iq xmlns="jabber:client"></iq>`, `<iq xmlns="jabber:client"></iq>`},
		{"stanza of no namespace", delay.Stanza(d, "jabber:server"), `<iq></iq>`, `<iq></iq>`},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			var b strings.Builder
			e := xml.NewEncoder(&b)
			// The encoder repeats a namespace that was declared, so it
			// is given none twice.
			r := xmlstream.RemoveAttr(func(_ xml.StartElement, a xml.Attr) bool { return a.Name.Local == "xmlns" })
			_, err := xmlstream.Copy(e, tc.transformer(r(xml.NewDecoder(strings.NewReader(tc.in)))))
			if err := errors.Join(err, e.Flush()); err != nil || b.String() != tc.want {
				t.Errorf("got:\n%s, %v\nwant:\n%s", b.String(), err, tc.want)
			}
		})
	}
}

func TestInsertLeavesNoElementOpenForADelayThatCannotBeWritten(t *testing.T) {
	d := delay.Delay{Stamp: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}
	r := delay.Insert(d)(xml.NewDecoder(strings.NewReader("<presence/>")))
	for range 2 {
		if tok, err := r.Token(); tok != nil || !errors.Is(err, delay.ErrRange) {
			t.Errorf("got %v, %v; want ErrRange alone", tok, err)
		}
	}
}

func TestADelayThatCannotBeWrittenStillLetsOtherElementsPass(t *testing.T) {
	d := delay.Delay{Stamp: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}
	got, err := xmlstream.ReadAll(delay.Stanza(d, "")(xml.NewDecoder(strings.NewReader(`<a/>`))))
	if len(got) != 2 || err != nil {
		t.Errorf("got %v, %v; want the element", got, err)
	}
}

func TestATransformerServesManyStreams(t *testing.T) {
	transformer := delay.Insert(delay.Delay{From: host, Stamp: stamp})
	for range 2 {
		tokens, err := xmlstream.ReadAll(transformer(xml.NewDecoder(strings.NewReader(`<a/>`))))
		if len(tokens) != 4 || err != nil {
			t.Fatalf("got %v, %v; want the element with a delay", tokens, err)
		}
		// Whoever reads a token may change it.
		start := tokens[1].(xml.StartElement)
		if start.Attr[0].Value != "montague.lit" {
			t.Fatalf("got %+v", start)
		}
		start.Attr[0].Value = "verona.lit"
	}
}

func TestInsertReturnsAnErrorThatArrivedWithAToken(t *testing.T) {
	broken := errors.New("broken")
	start := xml.StartElement{Name: xml.Name{Local: "presence"}}
	in := xmlstream.ReaderFunc(func() (xml.Token, error) { return start, broken })
	r := delay.Insert(delay.Delay{Stamp: stamp})(in)
	for i, want := range []error{nil, nil, nil, broken, broken} {
		tok, err := r.Token()
		if err != want || (tok == nil) != (want != nil) {
			t.Errorf("token %d is %v, %v; want error %v", i, tok, err, want)
		}
	}
}

// all returns copies of r's tokens, and the error that ended them.
func all(r xml.TokenReader) (tokens []xml.Token, err error) {
	for {
		tok, err := r.Token()
		if tok != nil {
			tokens = append(tokens, xml.CopyToken(tok))
		}
		if err != nil {
			return tokens, err
		}
	}
}

// FuzzInsert compares a stream with delays in it to one made by hand.
func FuzzInsert(f *testing.F) {
	texts := append(slices.Sorted(maps.Values(golden(f))), `<a/><iq><iq/></iq></iq>`)
	for _, text := range texts {
		f.Add(text, "jabber:client", uint8(len(text)))
		f.Add(text, "", uint8(0))
	}
	check := func(t testing.TB, text, ns string, kind uint8) {
		d := delay.Delay{From: host, Stamp: stamp, Reason: "late"}
		if kind&1 != 0 {
			d = delay.Delay{Stamp: stamp}
		}
		transformer := delay.Stanza(d, ns)
		if kind&2 != 0 {
			transformer = delay.Insert(d)
		}
		element, err := all(d.TokenReader())
		if err != io.EOF {
			t.Fatal(err)
		}
		in, wantErr := all(xml.NewDecoder(strings.NewReader(text)))
		var want []xml.Token
		depth := 0
		for _, tok := range in {
			want = append(want, tok)
			switch tok := tok.(type) {
			case xml.StartElement:
				stanza := tok.Name.Local == "message" || tok.Name.Local == "presence" || tok.Name.Local == "iq"
				if depth == 0 && (kind&2 != 0 || stanza && (ns == "" || ns == tok.Name.Space)) {
					want = append(want, element...)
				}
				depth++
			case xml.EndElement:
				depth--
			}
		}
		got, err := all(transformer(xml.NewDecoder(strings.NewReader(text))))
		if !reflect.DeepEqual(got, want) || err.Error() != wantErr.Error() {
			t.Fatalf("%q became\n%v, %v; want\n%v, %v", text, got, err, want, wantErr)
		}
	}
	mutate.Run(f, func(t testing.TB, r *rand.Rand) {
		check(t, mutate.Text(r, texts), []string{"", "jabber:client"}[r.IntN(2)], uint8(r.Uint32()))
	})
	f.Fuzz(func(t *testing.T, text, ns string, kind uint8) { check(t, text, ns, kind) })
}
