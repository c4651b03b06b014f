package sift

import (
	"encoding/xml"
	"fmt"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/stanza"
)

// ReadAnswer reads the answer to a request, an IQ whose start element has been
// read, up to and including its end. Nil means that the server has done what
// was asked; otherwise it returns the [stanza.Error].
func ReadAnswer(start *xml.StartElement, r xml.TokenReader) error {
	var a answer
	if err := decode(start, r, &a); err != nil {
		return err
	}
	return a.refusal()
}

type answer struct {
	Type stanza.IQType `xml:"type,attr"`
	Err  *stanza.Error `xml:"error"`
}

func (a answer) refusal() error {
	switch {
	case a.Type == stanza.ResultIQ:
		return nil
	case a.Err == nil:
		return stanza.Error{Condition: stanza.UndefinedCondition}
	}
	return *a.Err
}

func decode(start *xml.StartElement, r xml.TokenReader, v any) error {
	d := xml.NewTokenDecoder(xmlstream.MultiReader(xmlstream.Token(*start), r))
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("sift: the answer cannot be read: %w", err)
	}
	return nil
}
