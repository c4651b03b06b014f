package probe_test

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
)

func TestOnlyPresenceStanzasAreRead(t *testing.T) {
	for stanza, want := range map[string]bool{
		here: true,
		strings.ReplaceAll(here, "presence", "message"):                false,
		strings.Replace(here, "presence", "presence xmlns='urn:x'", 1): false,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := world(t, server.Silent)
			script(s, say(stanza, 0), say(battery, time.Second))
			seen := 0
			c, done := connect(t, s, probe.Observe(func(probe.Presence, bool) { seen++ }))
			defer done()
			if a := ask(t, c, romeo, nil); (a.Outcome == probe.Available) != want || (seen > 0) != want {
				t.Errorf("%s: %v, %d were observed", stanza, a.Outcome, seen)
			}
		})
	}
}

func TestAPresenceFromNobodyIsOurAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.Silent)
		script(s, say("<presence to='ME'/>", time.Millisecond), nil)
		answers := map[bool]int{}
		c, done := connect(t, s, probe.Observe(func(_ probe.Presence, asked bool) { answers[asked]++ }))
		defer done()
		if a := ask(t, c, romeo, nil); a.Outcome != probe.Unanswered {
			t.Errorf("of another: %v", a.Outcome)
		}
		if a := ask(t, c, juliet, nil); a.Outcome != probe.Available || a.RoundTrip != time.Millisecond {
			t.Errorf("%v after %v", a.Outcome, a.RoundTrip)
		}
		if answers[true] == 0 || answers[false] == 0 {
			t.Errorf("observed %v", answers)
		}
	})
}

func describe(tok xml.Token) string {
	switch tok := tok.(type) {
	case xml.StartElement:
		return fmt.Sprintf("<%s %s>", tok.Name.Local, tok.Attr)
	case xml.EndElement:
		return "</" + tok.Name.Local + ">"
	}
	return fmt.Sprintf("%T %s", tok, tok)
}

// Presences of different lengths share what the handler keeps in memory.
func TestTheNextHandlerSeesPresenceUnchanged(t *testing.T) {
	c, done := connect(t, world(t, server.Silent))
	defer done()
	var seen []string
	h := c.Handler(xmpp.HandlerFunc(func(r xmlstream.TokenReadEncoder, _ *xml.StartElement) error {
		for {
			tok, err := r.Token()
			if tok == nil {
				return err
			}
			seen = append(seen, describe(tok))
		}
	}))
	for _, children := range []string{
		"<status>On the <!-- long --> road.</status> <x xmlns='x' a='1'><y>why</y></x>", "<status>Short.</status>", "",
		"<status>" + strings.Repeat("Long. ", 5000) + "</status>", "<show>xa</show><status>Gone.</status><?pi of mine?>",
	} {
		in := "<presence xmlns='jabber:client' from='romeo@montague.lit'>" + children + "</presence>"
		d := xml.NewDecoder(strings.NewReader(in))
		tok, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		start := tok.(xml.StartElement)
		seen = nil
		if err := h.HandleXMPP(struct {
			xml.TokenReader
			xmlstream.Encoder
		}{d, xml.NewEncoder(nil)}, &start); err == nil {
			t.Error("the end of the stream is not passed on")
		}
		var want []string
		for _, tok := range tokensOf(in)[1:] {
			want = append(want, describe(tok))
		}
		if !slices.Equal(seen, want) {
			t.Errorf("%.80s: seen %.200q", in, seen)
		}
	}
}

func TestAPresenceHasTheAttributesOfItsStanza(t *testing.T) {
	p := read(t, "<presence xmlns='jabber:client' xmlns:x='urn:x' xml:lang='it' lang='de' xml:space='preserve' id='p1' x:id='p2' x:type='error' x:from='nurse@capulet.lit' from='romeo@montague.lit' to=''/>")
	if p.Lang != "it" || p.ID != "p1" || p.Type != "" || !p.From.Equal(romeo) || p.To.String() != "" ||
		p.XMLName != (xml.Name{Space: "jabber:client", Local: "presence"}) {
		t.Errorf("read %+v", p.Presence)
	}
}
