package delay

import (
	"encoding/xml"

	"mellium.im/xmlstream"
)

// Insert returns a transformer that puts d into every top-level element of a
// stream of tokens, as the first child: what an entity does that delivers a
// stanza late (XEP-0203 section 2). All other tokens pass unchanged, one at a
// time, without a goroutine. The zero Delay is not inserted. Delays that an
// element already has stay in it.
//
// If d cannot be written (see [Delay.TokenReader]), reading fails before the
// start of the element, so that no element is left open.
func Insert(d Delay) xmlstream.Transformer {
	return insert(d, func(xml.Name) bool { return true })
}

// Stanza is [Insert] for stanzas only (RFC 6120 section 8): message, presence
// and iq in the namespace ns, or in any namespace if ns is empty. Other
// elements pass unchanged.
func Stanza(d Delay, ns string) xmlstream.Transformer {
	return insert(d, func(name xml.Name) bool {
		switch name.Local {
		case "message", "presence", "iq":
			return ns == "" || name.Space == ns
		}
		return false
	})
}

func insert(d Delay, wants func(xml.Name) bool) xmlstream.Transformer {
	tokens, err := xmlstream.ReadAll(d.TokenReader())
	return func(r xml.TokenReader) xml.TokenReader {
		return &inserter{r: r, wants: wants, tokens: tokens, broken: err}
	}
}

type inserter struct {
	r      xml.TokenReader
	wants  func(xml.Name) bool
	tokens []xml.Token // of the delay; shared, so never handed out
	broken error       // why there are no tokens

	depth   int
	pending []xml.Token // what is left of the delay
	err     error       // what came with the token before it
}

// Token returns the next token of the stream or of the delay within it.
func (i *inserter) Token() (xml.Token, error) {
	if len(i.pending) > 0 {
		tok := xml.CopyToken(i.pending[0])
		i.pending = i.pending[1:]
		return tok, nil
	}
	if i.err != nil {
		return nil, i.err
	}
	tok, err := i.r.Token()
	switch start := tok.(type) {
	case xml.StartElement:
		i.depth++
		if i.depth != 1 || !i.wants(start.Name) {
			break
		}
		if i.broken != nil {
			i.err = i.broken
			return nil, i.err
		}
		i.pending, i.err = i.tokens, err
		return tok, nil
	case xml.EndElement:
		i.depth--
	}
	return tok, err
}
