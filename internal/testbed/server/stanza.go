package server

import (
	"encoding/xml"
	"fmt"
	"strings"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
)

// stanzaIn is a stanza as it was received.
type stanzaIn struct {
	space, name    string
	typ, id, lang  string
	to, from       jid.JID // zero: none
	toErr, fromErr error
	tokens         []xml.Token // all of it, from start to end element
}

// readStanza reads the rest of a stanza whose start element was just read.
func readStanza(start xml.StartElement, r xml.TokenReader) (stanzaIn, error) {
	st := stanzaIn{space: start.Name.Space, name: start.Name.Local}
	for _, a := range start.Attr {
		switch a.Name.Local {
		case "type":
			st.typ = a.Value
		case "id":
			st.id = a.Value
		case "lang":
			st.lang = a.Value
		case "to":
			st.to, st.toErr = jid.Parse(a.Value)
		case "from":
			st.from, st.fromErr = jid.Parse(a.Value)
		}
	}
	inner, err := xmlstream.ReadAll(xmlstream.InnerElement(r))
	st.tokens = append([]xml.Token{start.Copy()}, inner...)
	return st, err
}

// child returns the name of the first child element.
func (st stanzaIn) child() xml.Name {
	for _, tok := range st.tokens[1:] {
		if start, ok := tok.(xml.StartElement); ok {
			return start.Name
		}
	}
	return xml.Name{}
}

// decode unmarshals the stanza; what does not fit is left out.
func (st stanzaIn) decode(v any) {
	i := 0
	_ = xml.NewTokenDecoder(xmlstream.ReaderFunc(func() (xml.Token, error) {
		if i++; i <= len(st.tokens) {
			return st.tokens[i-1], nil
		}
		return nil, fmt.Errorf("server: stanza ended early")
	})).Decode(v)
}

// relay writes the stanza as it goes to somebody else.
func (st stanzaIn) relay(from, to string) string {
	return element(st.name, st.inner(), "from", from, "to", to, "type", st.typ, "id", st.id, "xml:lang", st.lang)
}

// inner returns the children as XML inside of a stanza. Unlike package xml's
// encoder it declares a namespace only where it changes.
func (st stanzaIn) inner() string {
	var b strings.Builder
	spaces := []string{st.space}
	for i := 1; i < len(st.tokens)-1; i++ {
		switch tok := st.tokens[i].(type) {
		case xml.StartElement:
			b.WriteString("<" + tok.Name.Local)
			if tok.Name.Space != spaces[len(spaces)-1] {
				b.WriteString(attrs("xmlns", tok.Name.Space))
			}
			for n, a := range tok.Attr {
				b.WriteString(attr(n, a))
			}
			if _, empty := st.tokens[i+1].(xml.EndElement); empty {
				b.WriteString("/>")
				i++
				continue
			}
			b.WriteByte('>')
			spaces = append(spaces, tok.Name.Space)
		case xml.EndElement:
			b.WriteString("</" + tok.Name.Local + ">")
			spaces = spaces[:len(spaces)-1]
		case xml.CharData:
			b.WriteString(escape(string(tok)))
		}
	}
	return b.String()
}

// attr formats the nth attribute of an element.
func attr(n int, a xml.Attr) string {
	switch {
	case a.Name.Local == "xmlns" || a.Name.Space == "xmlns":
		return ""
	case a.Name.Space == "":
		return fmt.Sprintf(" %s='%s'", a.Name.Local, escape(a.Value))
	case a.Name.Space == "xml" || a.Name.Space == "http://www.w3.org/XML/1998/namespace":
		return fmt.Sprintf(" xml:%s='%s'", a.Name.Local, escape(a.Value))
	}
	return fmt.Sprintf(" xmlns:n%d='%s' n%d:%s='%s'", n, escape(a.Name.Space), n, a.Name.Local, escape(a.Value))
}

// element formats an element with what is inside of it.
func element(name, inner string, pairs ...string) string {
	if inner == "" {
		return "<" + name + attrs(pairs...) + "/>"
	}
	return "<" + name + attrs(pairs...) + ">" + inner + "</" + name + ">"
}

// attrs formats the attributes that are not empty.
func attrs(pairs ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			b.WriteString(" " + pairs[i] + "='" + escape(pairs[i+1]) + "'")
		}
	}
	return b.String()
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
