package request

import (
	"bytes"
	"encoding/xml"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/stanza"
)

// Replay returns the tokens that were already Read, and then Err if it is set,
// or else the tokens of Rest, if any.
type Replay struct {
	xmlstream.Encoder
	Read []xml.Token
	Err  error
	Rest xml.TokenReader
}

// Token implements xml.TokenReader.
func (r *Replay) Token() (xml.Token, error) {
	for len(r.Read) > 0 {
		tok := r.Read[0]
		r.Read = r.Read[1:]
		if tok != nil {
			return tok, nil
		}
	}
	if r.Err != nil || r.Rest == nil {
		return nil, r.Err
	}
	return r.Rest.Token()
}

// Watch is a Replay that sets Answered when the IQ with the ID is answered.
type Watch struct {
	Replay
	ID       string
	Answered bool
	// Refusals drops the errors service-unavailable and feature-not-implemented,
	// and does not count them as answers. A mux sends one for every request that
	// it has no handler for.
	Refusals bool

	depth   int
	holding bool // of an error, until it is known which
	held    []xml.Token
}

// EncodeToken implements xmlstream.TokenWriter.
func (w *Watch) EncodeToken(tok xml.Token) error {
	switch tok := tok.(type) {
	case xml.StartElement:
		if w.depth == 0 && tok.Name.Local == "iq" {
			w.watch(tok)
		}
		w.depth++
	case xml.EndElement:
		w.depth--
	}
	if !w.holding {
		return w.Replay.EncodeToken(tok)
	}
	w.held = append(w.held, xml.CopyToken(tok))
	if w.depth > 0 {
		return nil
	}
	held := w.held
	w.holding, w.held = false, nil
	if absent(held) {
		return nil
	}
	w.Answered = true
	for _, tok := range held {
		if err := w.Replay.EncodeToken(tok); err != nil {
			return err
		}
	}
	return nil
}

// absent reports whether an IQ of type error says that there is no handler.
func absent(tokens []xml.Token) bool {
	depth := 0
	for _, tok := range tokens {
		switch tok := tok.(type) {
		case xml.StartElement:
			if depth++; depth == 3 && tok.Name.Space == nsErrors && tok.Name.Local != "text" {
				return tok.Name.Local == string(stanza.ServiceUnavailable) || tok.Name.Local == string(stanza.FeatureNotImplemented)
			}
		case xml.EndElement:
			depth--
		}
	}
	return true // it says nothing
}

// nsErrors is the namespace of the conditions of errors (RFC 6120 section 8.3.2).
const nsErrors = "urn:ietf:params:xml:ns:xmpp-stanzas"

// Encode implements xmlstream.Encoder. It writes through EncodeToken, so that
// the answer is noticed.
func (w *Watch) Encode(v any) error {
	if written, err := w.write(v); written {
		return err
	}
	return w.marshal(func(e *xml.Encoder) error { return e.Encode(v) })
}

// EncodeElement implements xmlstream.Encoder, as Encode does. It ignores start if v
// is an xmlstream.WriterTo, an xmlstream.Marshaler or an xml.TokenReader.
func (w *Watch) EncodeElement(v any, start xml.StartElement) error {
	if written, err := w.write(v); written {
		return err
	}
	return w.marshal(func(e *xml.Encoder) error { return e.EncodeElement(v, start) })
}

// write writes values that have tokens or write them, as a session's encoder does.
func (w *Watch) write(v any) (written bool, err error) {
	switch v := v.(type) {
	case xmlstream.WriterTo:
		_, err = v.WriteXML(w)
	case xmlstream.Marshaler:
		_, err = xmlstream.Copy(w, v.TokenReader())
	case xml.TokenReader:
		_, err = xmlstream.Copy(w, v)
	default:
		return false, nil
	}
	return true, err
}

func (w *Watch) marshal(encode func(*xml.Encoder) error) error {
	var b bytes.Buffer
	if err := encode(xml.NewEncoder(&b)); err != nil {
		return err
	}
	_, err := xmlstream.Copy(w, xml.NewDecoder(&b))
	return err
}

func (w *Watch) watch(start xml.StartElement) {
	iq, err := stanza.NewIQ(start)
	switch {
	case err != nil || iq.ID != w.ID:
	case iq.Type == stanza.ErrorIQ && w.Refusals:
		w.holding = true
	case iq.Type == stanza.ResultIQ || iq.Type == stanza.ErrorIQ:
		w.Answered = true
	}
}

// Payload reads up to and including the first child element of an IQ. It
// returns at least one token, which is nil if there is none.
func Payload(r xml.TokenReader) ([]xml.Token, error) {
	var read []xml.Token
	for {
		tok, err := r.Token()
		read = append(read, xml.CopyToken(tok))
		if _, text := tok.(xml.CharData); !text || err != nil {
			return read, err
		}
	}
}
