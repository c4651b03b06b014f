package probe

import (
	"encoding/xml"

	"mellium.im/xmlstream"
)

// tapeText limits the capacity for text that a tape keeps for the next stanza.
const tapeText = 16 << 10

// tape records the tokens of a stanza as they are read, and replays them, followed
// by those that were not read. It copies text, because a decoder reuses its
// buffer.
type tape struct {
	src    xml.TokenReader
	tokens []entry
	text   []byte
	err    error // what the source failed with
	next   int   // the next token to play
}

type entry struct {
	tok      xml.Token // nil: character data, at text[from:to]
	from, to int
}

// record starts a new recording of what is read through the tape.
func (t *tape) record(src xml.TokenReader) {
	clear(t.tokens)
	*t = tape{src: src, tokens: t.tokens[:0], text: t.text[:0]}
	if cap(t.text) > tapeText {
		t.text = nil
	}
}

// Token reads on and records.
func (t *tape) Token() (xml.Token, error) {
	tok, err := t.src.Token()
	switch data := tok.(type) {
	case nil:
	case xml.CharData:
		from := len(t.text)
		t.text = append(t.text, data...)
		t.tokens = append(t.tokens, entry{from: from, to: len(t.text)})
	case xml.StartElement, xml.EndElement:
		t.tokens = append(t.tokens, entry{tok: tok})
	default:
		t.tokens = append(t.tokens, entry{tok: xml.CopyToken(tok)})
	}
	t.err = err
	return tok, err
}

// play returns a reader of what was recorded and then of the rest of the
// source; its Encoder is that of t.
func (t *tape) play(enc xmlstream.Encoder) xmlstream.TokenReadEncoder {
	return struct {
		xml.TokenReader
		xmlstream.Encoder
	}{(*player)(t), enc}
}

type player tape

// Token plays the next token.
func (p *player) Token() (xml.Token, error) {
	if p.next == len(p.tokens) {
		if p.err != nil {
			return nil, p.err
		}
		return p.src.Token()
	}
	e := p.tokens[p.next]
	p.next++
	if e.tok != nil {
		return e.tok, nil
	}
	return xml.CharData(p.text[e.from:e.to:e.to]), nil
}
