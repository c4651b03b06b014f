package roster

import (
	"bytes"
	"encoding/xml"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/stanza"
)

// replay reads what was read once more, and then the rest.
type replay struct {
	xmlstream.Encoder
	read []xml.Token
	err  error
	rest xml.TokenReader
}

// Token implements xml.TokenReader.
func (r *replay) Token() (xml.Token, error) {
	for len(r.read) > 0 {
		tok := r.read[0]
		r.read = r.read[1:]
		if tok != nil {
			return tok, nil
		}
	}
	if r.err != nil || r.rest == nil {
		return nil, r.err
	}
	return r.rest.Token()
}

// replyWatch notices whether an IQ is answered.
type replyWatch struct {
	replay
	id      string
	depth   int
	replied bool
}

// EncodeToken implements xmlstream.TokenWriter.
func (w *replyWatch) EncodeToken(tok xml.Token) error {
	switch tok := tok.(type) {
	case xml.StartElement:
		if w.depth == 0 && tok.Name.Local == "iq" {
			w.watch(tok)
		}
		w.depth++
	case xml.EndElement:
		w.depth--
	}
	return w.replay.EncodeToken(tok)
}

// Encode implements xmlstream.Encoder. It writes through EncodeToken, so that
// an answer written with it is noticed as well.
func (w *replyWatch) Encode(v any) error {
	switch v := v.(type) {
	case xmlstream.WriterTo:
		_, err := v.WriteXML(w)
		return err
	case xmlstream.Marshaler:
		_, err := xmlstream.Copy(w, v.TokenReader())
		return err
	}
	return w.marshal(func(e *xml.Encoder) error { return e.Encode(v) })
}

// EncodeElement implements xmlstream.Encoder, as Encode does.
func (w *replyWatch) EncodeElement(v any, start xml.StartElement) error {
	return w.marshal(func(e *xml.Encoder) error { return e.EncodeElement(v, start) })
}

func (w *replyWatch) marshal(encode func(*xml.Encoder) error) error {
	var b bytes.Buffer
	if err := encode(xml.NewEncoder(&b)); err != nil {
		return err
	}
	_, err := xmlstream.Copy(w, xml.NewDecoder(&b))
	return err
}

func (w *replyWatch) watch(start xml.StartElement) {
	iq, err := stanza.NewIQ(start)
	if err == nil && iq.ID == w.id && (iq.Type == stanza.ResultIQ || iq.Type == stanza.ErrorIQ) {
		w.replied = true
	}
}
