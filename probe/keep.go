package probe

import (
	"encoding/xml"

	"mellium.im/xmlstream"
)

// other reads a child that this package does not know, and keeps it if the caller
// wants that.
func (rd *reader) other(start xml.StartElement) error {
	if !rd.keep {
		return xmlstream.Skip(rd.in)
	}
	before, kept := len(rd.p.others), rd.kept
	fits := rd.keepToken(start)
	for depth := 1; depth > 0; {
		tok, err := rd.in.Token()
		switch tok.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
		if tok != nil {
			fits = fits && rd.keepToken(tok)
		}
		if depth > 0 && (err != nil || tok == nil) {
			rd.p.others, rd.kept = rd.p.others[:before], kept
			return err
		}
	}
	if !fits {
		rd.p.others, rd.kept, rd.p.Cut = rd.p.others[:before], kept, true
	}
	return nil
}

// keepToken keeps a token, and reports whether there was room.
func (rd *reader) keepToken(tok xml.Token) bool {
	switch tok := tok.(type) {
	case xml.StartElement:
		rd.kept += len(tok.Name.Space) + len(tok.Name.Local)
		for _, attr := range tok.Attr {
			rd.kept += len(attr.Name.Space) + len(attr.Name.Local) + len(attr.Value)
		}
	case xml.CharData:
		rd.kept += len(tok)
	case xml.EndElement:
	default:
		return true // comments and the like are not kept
	}
	if rd.kept > MaxKept {
		return false
	}
	rd.p.others = append(rd.p.others, xml.CopyToken(tok))
	return true
}
