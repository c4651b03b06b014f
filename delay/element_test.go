package delay_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"mellium.im/xmlstream"

	"example.org/lastpresence/delay"
)

// tokens is a reader of the tokens given, and then of an error.
type tokens struct {
	list []xml.Token
	end  error
}

func (r *tokens) Token() (xml.Token, error) {
	if len(r.list) == 0 {
		return nil, r.end
	}
	tok := r.list[0]
	r.list = r.list[1:]
	return tok, nil
}

func startOf(attrs ...string) xml.StartElement {
	start := xml.StartElement{Name: xml.Name{Space: delay.NS, Local: "delay"}}
	for i := 0; i < len(attrs); i += 2 {
		start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: attrs[i]}, Value: attrs[i+1]})
	}
	return start
}

func TestIsElement(t *testing.T) {
	for _, tc := range []struct {
		space, local string
		want         bool
	}{
		{"urn:xmpp:delay", "delay", true},
		{"jabber:x:delay", "x", true},
		{"urn:xmpp:delay", "x", false},
		{"jabber:x:delay", "delay", false},
		{"", "delay", false},
		{"urn:xmpp:delay", "Delay", false},
	} {
		if got := delay.IsElement(xml.Name{Space: tc.space, Local: tc.local}); got != tc.want {
			t.Errorf("IsElement({%s}%s) = %t", tc.space, tc.local, got)
		}
	}
}

func TestReadElementStopsAtTheEndOfTheElement(t *testing.T) {
	d := xml.NewDecoder(strings.NewReader(`<delay xmlns="urn:xmpp:delay"><a><b/></a>late</delay><next/>`))
	tok, err := d.Token()
	if err != nil {
		t.Fatal(err)
	}
	e, err := delay.ReadElement(tok.(xml.StartElement), d)
	if err != nil || e.Reason != "late" || !errors.Is(e.Err, delay.ErrNoStamp) {
		t.Errorf("got %+v, %v", e, err)
	}
	tok, err = d.Token()
	if next, ok := tok.(xml.StartElement); !ok || next.Name.Local != "next" {
		t.Errorf("the next token is %v, %v", tok, err)
	}
}

func TestReadElementOfAnotherNameIsReadToItsEnd(t *testing.T) {
	d := xml.NewDecoder(strings.NewReader(`<idle xmlns="urn:xmpp:idle:1" stamp="2012-09-10T23:41:07Z"/><next/>`))
	tok, err := d.Token()
	if err != nil {
		t.Fatal(err)
	}
	if e, err := delay.ReadElement(tok.(xml.StartElement), d); err != nil || !errors.Is(e.Err, delay.ErrName) || !e.Stamp.IsZero() {
		t.Errorf("got %+v, %v", e, err)
	}
	if tok, err := d.Token(); err != nil || tok.(xml.StartElement).Name.Local != "next" {
		t.Errorf("the next token is %v, %v", tok, err)
	}
}

func TestReadElementFailsOnlyAsItsReaderDoes(t *testing.T) {
	broken := errors.New("broken")
	start := startOf("stamp", "2012-09-10T23:41:07Z")
	for _, tc := range []struct {
		rule string
		r    xml.TokenReader
		want error
	}{
		{"at the end", &tokens{list: []xml.Token{start.End()}, end: broken}, nil},
		{"end comes with the end of the reader", xmlstream.ReaderFunc(func() (xml.Token, error) { return start.End(), io.EOF }), nil},
		{"before the end", &tokens{list: []xml.Token{xml.CharData("x")}, end: broken}, broken},
		{"reader ends before the element", &tokens{list: []xml.Token{xml.CharData("x")}, end: io.EOF}, io.ErrUnexpectedEOF},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			e, err := delay.ReadElement(start, tc.r)
			if err != tc.want || e.Err != nil || e.Stamp.IsZero() {
				t.Errorf("got %+v, %v; want error %v", e, err, tc.want)
			}
		})
	}
}

func TestReadElementKeepsWhatCanBeRead(t *testing.T) {
	for _, tc := range []struct {
		rule              string
		attrs             []string
		hasStamp, hasFrom bool
		profile           string
	}{
		{"unreadable from", []string{"from", "@", "stamp", "2012-09-10T23:41:07Z"}, true, false, "address"},
		{"unreadable stamp", []string{"from", "montague.lit", "stamp", "then"}, false, true, "stamp"},
		{"both unreadable", []string{"from", "@", "stamp", "then"}, false, false, "stamp"},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			start := startOf(tc.attrs...)
			e, err := delay.ReadElement(start, &tokens{list: []xml.Token{xml.CharData("late"), start.End()}})
			if err != nil || e.Reason != "late" || e.Stamp.IsZero() == tc.hasStamp || (e.From.String() == "") == tc.hasFrom {
				t.Errorf("got %+v, %v", e, err)
			}
			var parse *delay.ParseError
			if !errors.As(e.Err, &parse) || parse.Profile != tc.profile {
				t.Errorf("got %v, want an unreadable %s", e.Err, tc.profile)
			}
		})
	}
}

func TestReasonIsKeptUpToItsLimit(t *testing.T) {
	for _, tc := range []struct {
		rule, in string
		want     int
	}{
		{"at the bound", strings.Repeat("x", delay.MaxReason), delay.MaxReason},
		{"past the bound", strings.Repeat("x", delay.MaxReason+1), delay.MaxReason},
		{"far past the bound", strings.Repeat("x", 64*delay.MaxReason), delay.MaxReason},
		{"rune at the bound", strings.Repeat("x", delay.MaxReason-2) + "é", delay.MaxReason},
		{"rune across the bound", strings.Repeat("x", delay.MaxReason-1) + "é", delay.MaxReason - 1},
		{"long rune across the bound", strings.Repeat("x", delay.MaxReason-3) + "\U0001F4A4", delay.MaxReason - 3},
		{"in pieces", strings.Repeat("x<!-- -->", delay.MaxReason+1), delay.MaxReason},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			var e delay.Element
			text := `<delay xmlns="urn:xmpp:delay" stamp="2012-09-10T23:41:07Z">` + tc.in + `</delay>`
			if err := xml.Unmarshal([]byte(text), &e); err != nil || e.Err != nil {
				t.Fatal(err, e.Err)
			}
			if len(e.Reason) != tc.want || !strings.HasPrefix(strings.ReplaceAll(tc.in, "<!-- -->", ""), e.Reason) {
				t.Errorf("kept %d bytes, want %d", len(e.Reason), tc.want)
			}
		})
	}
}

func TestElementFieldNeverFailsTheStanza(t *testing.T) {
	var presence struct {
		Delay  []delay.Element `xml:"urn:xmpp:delay delay"`
		Legacy *delay.Element  `xml:"jabber:x:delay x"`
		Status string          `xml:"status"`
	}
	const in = `<presence><delay xmlns="urn:xmpp:delay" stamp="then"/><delay xmlns="urn:xmpp:delay" stamp="2012-09-10T23:41:07Z"/>` +
		`<x xmlns="jabber:x:delay"/><status>Bye.</status></presence>`
	if err := xml.Unmarshal([]byte(in), &presence); err != nil {
		t.Fatal(err)
	}
	if len(presence.Delay) != 2 || presence.Delay[0].Err == nil || presence.Delay[1].Err != nil || presence.Status != "Bye." {
		t.Errorf("got %+v", presence)
	}
	if presence.Legacy == nil || !presence.Legacy.Legacy || !errors.Is(presence.Legacy.Err, delay.ErrNoStamp) {
		t.Errorf("the legacy element: got %+v", presence.Legacy)
	}
}

func TestReadElementAllocatesNothingButTheAddressAndTheReason(t *testing.T) {
	start := startOf("stamp", "2012-09-10T23:41:07Z", "other", "1")
	var end xml.TokenReader = ender{start.End()}
	if n := testing.AllocsPerRun(100, func() {
		if e, err := delay.ReadElement(start, end); err != nil || e.Err != nil {
			t.Fatal(err, e.Err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
