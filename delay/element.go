package delay

import (
	"encoding/xml"
	"io"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/internal/wire/chardata"
)

// MaxReason is how many bytes of an element's text are kept; XEP-0203 section 2
// sets no limit. The text is cut between two runes.
const MaxReason = 1024

// Element is a delayed-delivery element as it was found in a stanza: in either
// namespace (XEP-0203 section 2, XEP-0091 section 2), and valid or not. It is
// only a claim; [Rules.Believe] judges it. The zero value is an element without
// a stamp.
//
// An Element is written in the form in which it was read. As a struct field for
// encoding/xml it keeps what is wrong with the element in Err, where a [Delay]
// would fail the whole stanza.
type Element struct {
	Delay

	// Legacy reports whether this is the x element of XEP-0091.
	Legacy bool

	// Err says why the element cannot be used: [ErrName], [ErrNoStamp], or a
	// [*ParseError] for its stamp or its from. The other fields still have what
	// could be read. Do not trust the stamp of an element whose from cannot be
	// read: it is not known who wrote it.
	Err error
}

// IsElement reports whether name is that of a delayed-delivery element: delay
// in [NS] (XEP-0203 section 2) or x in [NSLegacy] (XEP-0091 section 2).
func IsElement(name xml.Name) bool {
	return name.Local == "delay" && name.Space == NS || name.Local == "x" && name.Space == NSLegacy
}

// ReadElement reads the rest of the element that start begins, up to and
// including its end (XEP-0203 section 2, XEP-0091 section 2). It ignores
// unknown attributes and children, and treats an empty from as a missing one.
//
// It fails only if r fails, and with [io.ErrUnexpectedEOF] if r ends inside the
// element. Whatever is wrong with the element itself is in [Element.Err], so
// that the rest of the stanza can still be read.
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

// TokenReader returns the element as tokens in its own namespace; see
// [Delay.TokenReader]. An element of XEP-0091 has whole seconds only (XEP-0091
// section 4). Write new ones only beside an element of XEP-0203, for peers that
// know nothing newer. If Err is set, the first read returns it.
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

// WriteXML writes the tokens of [Element.TokenReader] to w.
func (e Element) WriteXML(w xmlstream.TokenWriter) (int, error) {
	return xmlstream.Copy(w, e.TokenReader())
}

// MarshalXML writes the element to enc. It ignores the start element that is
// passed and uses the element's own name.
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
