package delay

import (
	"encoding/xml"
	"io"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/internal/wire/chardata"
)

// MaxReason is how much of an element's text is kept, in bytes; XEP-0203 section
// 2 sets no bound. The text is cut between two runes.
const MaxReason = 1024

// Element is a delayed-delivery element as it was found in a stanza: of either
// namespace (XEP-0203 section 2, XEP-0091 section 2), and perhaps unreadable. It is a claim, which [Rules.Believe]
// judges. The zero value is an element without a stamp.
//
// It reads and writes as the element that it is. With [encoding/xml] a field of
// this type keeps what is wrong with the element in Err, where a [Delay] fails
// the whole stanza.
type Element struct {
	Delay

	// Legacy says that the element is the x of XEP-0091.
	Legacy bool

	// Err says why the element cannot be used: [ErrName], [ErrNoStamp], or a
	// [*ParseError] for its stamp or its from. What could be read is there
	// all the same: a stamp that can be read beside a from that cannot, for
	// example, which nobody should believe, for who wrote it is not known.
	Err error
}

// IsElement tells whether name is that of a delayed-delivery element: delay in
// [NS] (XEP-0203 section 2) or x in [NSLegacy] (XEP-0091 section 2).
func IsElement(name xml.Name) bool {
	return name.Local == "delay" && name.Space == NS || name.Local == "x" && name.Space == NSLegacy
}

// ReadElement reads the rest of the element that start begins from r, up to
// and including its end (XEP-0203 section 2, XEP-0091 section 2). Unknown attributes and children are ignored, and an
// empty from is none.
//
// It fails only as r does, with [io.ErrUnexpectedEOF] if r ends before the
// element. Whatever is wrong with the element itself is told in [Element.Err],
// so that the stanza around it can be read on.
func ReadElement(start xml.StartElement, r xml.TokenReader) (Element, error) {
	e := Element{Legacy: start.Name.Space == NSLegacy}
	if IsElement(start.Name) {
		e.readAttrs(start.Attr)
	} else {
		e.Err = ErrName
	}
	var err error
	e.Reason, _, err = chardata.Read(r, MaxReason)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return e, err
}

func (e *Element) readAttrs(attrs []xml.Attr) {
	var stamp, from string
	stamped := false
	for i := range attrs {
		if attrs[i].Name.Space != "" {
			continue
		}
		switch attrs[i].Name.Local {
		case "stamp":
			stamp, stamped = attrs[i].Value, true
		case "from":
			from = attrs[i].Value
		}
	}
	var err error
	if from != "" {
		if e.From, err = address.Parse(from); err != nil {
			e.Err = &ParseError{Profile: "address", Input: clip(from), Reason: "malformed"}
		}
	}
	if !stamped {
		e.Err = ErrNoStamp
		return
	}
	if e.Stamp, err = ParseStamp(stamp); err != nil {
		e.Err = err
	}
}

// TokenReader returns the element as tokens, in its own namespace; see
// [Delay.TokenReader]. That of XEP-0091 has whole seconds only, as its section 4
// demands; new elements should not be written so, except beside the one of XEP-0203 and for peers
// that know nothing newer. An element with an Err yields that error.
func (e Element) TokenReader() xml.TokenReader {
	if e.Err != nil {
		return nothing{e.Err}
	}
	if e.Stamp.IsZero() {
		return nothing{io.EOF}
	}
	stamp, err := DateTime{e.Stamp}.MarshalText()
	if err != nil {
		return nothing{err}
	}
	start := xml.StartElement{Name: xml.Name{Space: NS, Local: "delay"}}
	if e.Legacy {
		start.Name = xml.Name{Space: NSLegacy, Local: "x"}
		stamp = appendLegacy(stamp[:0], e.Stamp)
	}
	if !e.From.Equal(jid.JID{}) {
		start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: "from"}, Value: e.From.String()})
	}
	start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: "stamp"}, Value: string(stamp)})
	if e.Reason == "" {
		return xmlstream.Wrap(nil, start)
	}
	return xmlstream.Wrap(xmlstream.Token(xml.CharData(e.Reason)), start)
}

// nothing is a reader that has an error and no tokens.
type nothing struct{ err error }

func (n nothing) Token() (xml.Token, error) { return nil, n.err }

// WriteXML writes the element as [Element.TokenReader] has it to w.
func (e Element) WriteXML(w xmlstream.TokenWriter) (int, error) {
	return xmlstream.Copy(w, e.TokenReader())
}

// MarshalXML writes the element to enc, under its own name whatever the start
// that is passed.
func (e Element) MarshalXML(enc *xml.Encoder, _ xml.StartElement) error {
	_, err := e.WriteXML(enc)
	return err
}

// UnmarshalXML is [ReadElement].
func (e *Element) UnmarshalXML(dec *xml.Decoder, start xml.StartElement) error {
	v, err := ReadElement(start, dec)
	if err == nil {
		*e = v
	}
	return err
}
