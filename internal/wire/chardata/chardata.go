// Package chardata reads the text of an element and limits how much of it is
// kept. Packages delay, probe, roster and lastactivity use it.
package chardata

import (
	"encoding/xml"
	"unicode/utf8"
)

// Read reads the rest of an element from r, up to and including its end. It
// returns the character data directly inside the element, without that of child
// elements. It keeps at most limit bytes, cut between two runes; cut reports
// whether there was more.
func Read(r xml.TokenReader, limit int) (text string, cut bool, err error) {
	var more []byte
	for depth := 0; ; {
		tok, err := r.Token()
		switch tok := tok.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			if depth == 0 {
				return text + string(more), cut, nil
			}
			depth--
		case xml.CharData:
			if depth > 0 || cut {
				break
			}
			room := limit - len(text) - len(more)
			piece := []byte(tok)
			if len(piece) > room {
				piece, cut = shorten(piece, room), true
			}
			if text == "" {
				text = string(piece)
			} else {
				more = append(more, piece...)
			}
		}
		if err != nil {
			return text + string(more), cut, err
		}
		if tok == nil {
			return text + string(more), cut, nil
		}
	}
}

func shorten(b []byte, n int) []byte {
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return b[:n]
}
