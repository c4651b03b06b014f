package delay

import (
	"encoding/xml"
	"io"

	"mellium.im/xmlstream"
)

// Insert returns a transformer that puts d into every element at the top level
// of a stream of tokens, as its first child. All other tokens pass unchanged,
// one at a time. If d cannot be written (see [Delay.TokenReader]), reading
// fails in place of the element's start, so that no element is left open.
func Insert(d Delay) xmlstream.Transformer {
	return func(r xml.TokenReader) xml.TokenReader {
		return &inserter{r: r, delay: d}
	}
}

// Stanza is [Insert] for stanzas only: message, presence and iq in the
// namespace ns, or in either of jabber:client and jabber:server if ns is
// empty. Other elements pass unchanged.
func Stanza(d Delay, ns string) xmlstream.Transformer {
	return func(r xml.TokenReader) xml.TokenReader {
		return &inserter{r: r, delay: d, stanzas: true, ns: ns}
	}
}

type inserter struct {
	r       xml.TokenReader
	delay   Delay
	stanzas bool
	ns      string

	depth   int
	pending xml.TokenReader // what is left of the delay
	err     error           // what came with the token before it
}

func (i *inserter) Token() (xml.Token, error) {
	if i.pending != nil {
		tok, err := i.pending.Token()
		if err != nil {
			i.pending = nil
		}
		if err != nil && err != io.EOF {
			return tok, err
		}
		if tok != nil {
			return tok, nil
		}
	}
	if i.err != nil {
		return nil, i.err
	}
	tok, err := i.r.Token()
	switch tok := tok.(type) {
	case xml.StartElement:
		i.depth++
		if i.depth != 1 || !i.wants(tok.Name) {
			break
		}
		if err := i.delay.check(); err != nil {
			i.err = err
			return nil, err
		}
		i.pending, i.err = i.delay.TokenReader(), err
		return tok, nil
	case xml.EndElement:
		i.depth--
	}
	return tok, err
}

// wants tells whether an element of that name gets the delay.
func (i *inserter) wants(name xml.Name) bool {
	if !i.stanzas {
		return true
	}
	switch name.Local {
	case "message", "presence", "iq":
	default:
		return false
	}
	if i.ns == "" {
		return name.Space == "jabber:client" || name.Space == "jabber:server"
	}
	return name.Space == i.ns
}
