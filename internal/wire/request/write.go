package request

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
)

// nsFraming is the namespace of streams over WebSocket, where every frame has one
// stanza and no more (RFC 7395 section 3.3).
const nsFraming = "urn:ietf:params:xml:ns:xmpp-framing"

// Write writes the stanzas to the session in order: in one flush, or over
// WebSocket in one frame each. It blocks until the session has taken them. If one
// of them cannot be written completely, Write writes nothing, because half a stanza
// would break the stream.
func Write(s *xmpp.Session, stanzas ...xml.TokenReader) error {
	var tokens []xml.Token
	ends := make([]int, len(stanzas))
	for i, stanza := range stanzas {
		var err error
		if tokens, err = read(tokens, stanza); err != nil {
			return err
		}
		ends[i] = len(tokens)
	}
	w := s.TokenWriter()
	framed := s.In().XMLNS == nsFraming
	begin := 0
	for i, end := range ends {
		err := write(w, tokens[begin:end])
		if err == nil && framed && i < len(ends)-1 {
			err = w.Flush()
		}
		if err != nil {
			_ = w.Close()
			return err
		}
		begin = end
	}
	return w.Close()
}

// Copy writes a stanza to w. If it cannot be written completely, Copy writes
// nothing.
func Copy(w xmlstream.TokenWriter, stanza xml.TokenReader) error {
	tokens, err := read(nil, stanza)
	if err != nil {
		return err
	}
	return write(w, tokens)
}

func write(w xmlstream.TokenWriter, tokens []xml.Token) error {
	for _, tok := range tokens {
		if err := w.EncodeToken(tok); err != nil {
			return err
		}
	}
	return nil
}

// read appends the tokens of complete elements to those given. It fails wherever an
// encoder would.
func read(tokens []xml.Token, r xml.TokenReader) ([]xml.Token, error) {
	tokens = slices.Grow(tokens, 8)
	var space [8]xml.Name
	open := space[:0]
	for {
		tok, err := r.Token()
		if err != nil && err != io.EOF {
			return nil, err
		}
		switch tok := tok.(type) {
		case nil:
		case xml.StartElement:
			if tok.Name.Local == "" {
				return nil, errors.New("an element without a name")
			}
			open = append(open, tok.Name)
			tokens = append(tokens, tok.Copy())
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != tok.Name {
				return nil, fmt.Errorf("%s ends where it did not begin", tok.Name.Local)
			}
			open = open[:len(open)-1]
			tokens = append(tokens, tok)
		case xml.CharData:
			tokens = append(tokens, tok.Copy())
		default:
			return nil, fmt.Errorf("a %T in a stanza", tok) // RFC 6120 section 11.1
		}
		if err == io.EOF {
			break
		}
	}
	if len(open) > 0 {
		return nil, fmt.Errorf("%s does not end", open[len(open)-1].Local)
	}
	return tokens, nil
}
