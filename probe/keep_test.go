package probe_test

import (
	"encoding/xml"
	"strings"
	"testing"

	"mellium.im/xmlstream"

	"example.org/lastpresence/probe"
)

// children returns the local names and the text of what was kept.
func children(t *testing.T, p probe.Presence) string {
	t.Helper()
	tokens, err := xmlstream.ReadAll(p.Children())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, tok := range tokens {
		switch tok := tok.(type) {
		case xml.StartElement:
			b.WriteString("<" + tok.Name.Local)
			for _, a := range tok.Attr {
				b.WriteString(" " + a.Name.Local + "=" + a.Value)
			}
			b.WriteString(">")
		case xml.EndElement:
			b.WriteString("</>")
		case xml.CharData:
			b.Write(tok)
		default:
			t.Errorf("kept a token of type %T", tok)
		}
	}
	return b.String()
}

func TestReadPresenceChildrenKeepsUnknownChildren(t *testing.T) {
	// A child costs its two names, here of one byte each, and its text.
	full := "<a:b>" + strings.Repeat("x", probe.MaxKept-2) + "</a:b>"
	more := "<a:b>" + strings.Repeat("x", probe.MaxKept-1) + "</a:b>"
	for _, tc := range []struct {
		name, in string
		want     string
		cut      bool
	}{
		{"nothing", "<status>Bye.</status><show>xa</show><priority>1</priority><delay xmlns='urn:xmpp:delay'/>", "", false},
		{"nothing that is read elsewhere", "<idle xmlns='urn:xmpp:idle:1'/><query xmlns='jabber:iq:last' seconds='1'/><error/>", "", false},
		{"a photo", "<status>Bye.</status><a:x v='1'><a:photo>abc</a:photo></a:x>", "<x v=1><photo>abc</></>", false},
		{"two, without what is between", "<a:x/> text <a:y/>", "<x></><y></>", false},
		{"an unknown child in the stanza's namespace", "<mood>fine</mood>", "<mood>fine</>", false},
		{"a status in another namespace", "<a:status>no</a:status>", "<status>no</>", false},
		{"no comments", "<a:x>a<!-- c -->b</a:x>", "<x>ab</>", false},
		{"as much as there is room for", full, "<b>" + strings.Repeat("x", probe.MaxKept-2) + "</>", false},
		{"a byte more", more, "", true},
		{"one that fits, after one that does not", more + "<a:x/>", "<x></>", true},
		{"one that does not fit, after one that does", "<a:x/>" + full, "<x></>", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := "<presence xmlns='jabber:client' xmlns:a='a'>" + tc.in + "</presence>"
			p, err := probe.ReadPresenceChildren(xml.NewDecoder(strings.NewReader(in)))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if got := children(t, p); got != tc.want || p.Cut != tc.cut {
					t.Errorf("kept %.60q, cut %v, want %.60q, %v", got, p.Cut, tc.want, tc.cut)
				}
			}
			if got := children(t, read(t, in)); got != "" {
				t.Errorf("ReadPresence kept %.60q", got)
			}
		})
	}
}

func TestReadPresenceChildrenLeavesOutIncompleteChildren(t *testing.T) {
	for _, in := range []string{
		"<presence xmlns:a='a'><a:x/><a:y><a:z>",
		"<presence xmlns:a='a'><a:x/>" + strings.Repeat("<a:y>", probe.MaxDepth+1),
	} {
		p, _ := probe.ReadPresenceChildren(xml.NewDecoder(strings.NewReader(in)))
		if got := children(t, p); got != "<x></>" {
			t.Errorf("kept %q of %.60q", got, in)
		}
	}
}

// A session's writer changes the start elements that it is given.
func TestChildrenAreTheSameEachTime(t *testing.T) {
	const in = "<presence xmlns='jabber:client'><x xmlns='vcard-temp:x:update' a='1' b='2'>t<photo>abc</photo></x></presence>"
	p, err := probe.ReadPresenceChildren(xml.NewDecoder(strings.NewReader(in)))
	if err != nil {
		t.Fatal(err)
	}
	before := children(t, p)
	r := p.Children()
	for tok, err := r.Token(); err == nil; tok, err = r.Token() {
		switch tok := tok.(type) {
		case xml.StartElement:
			for i := range tok.Attr {
				tok.Attr[i] = xml.Attr{Name: xml.Name{Local: "changed"}}
			}
		case xml.CharData:
			clear(tok)
		}
	}
	if after := children(t, p); after != before || !strings.Contains(after, "a=1") {
		t.Errorf("at first %q, then %q", before, after)
	}
}
