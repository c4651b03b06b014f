// Package delay tells when something that reaches a client late was sent.
//
// XMPP writes times in one profile of ISO 8601 (XEP-0082) and puts them into
// an element of the stanza that was held up (XEP-0203, and XEP-0091 before
// it). Three questions follow, and this package answers each on its own:
//
//   - What does the text say? [ParseDateTime] accepts exactly the profile,
//     [ParseLegacy] the older form, and [ParseStamp] both, and the mistakes
//     that deployed servers make besides. [AppendDateTime] writes. [DateTime],
//     [Date] and [TimeOfDay] are the same for fields of structs.
//   - What does the element say? [ReadElement] reads one from a stanza that is
//     being read anyway, and never loses the stanza over it. [Delay] is the
//     element to write, alone or with [Insert] into a stanza streaming through.
//   - Is it to be believed? Anyone can put a delay into a stanza. [Rules]
//     weigh who wrote it against who sent it.
//
// All of it is values and pure functions, safe for concurrent use.
package delay

import (
	"encoding/xml"
	"errors"
	"fmt"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
)

// The namespaces of the two elements: delay (XEP-0203 section 2) and the
// older x (XEP-0091 section 2).
const (
	NS       = "urn:xmpp:delay"
	NSLegacy = "jabber:x:delay"
)

// MaxReason is the number of bytes that are kept of an element's text.
const MaxReason = 1024

// Delay is the content of a delayed-delivery element (XEP-0203 section 3).
//
// It reads and writes as that element. Reading with [encoding/xml] also
// accepts the element of XEP-0091; writing never produces it, except through
// [Delay.LegacyTokenReader]. The zero value stands for no delay and cannot be written.
type Delay struct {
	// From is who says so: the one that held the stanza back. The zero JID
	// stands for an element without the attribute.
	From jid.JID

	// Stamp is the time the stanza was sent at first, exact, in the zone
	// that was written.
	Stamp time.Time

	// Reason is the text for humans inside the element, usually none. Of
	// what is read, at most MaxReason bytes are kept.
	Reason string
}

// TokenReader returns the element of XEP-0203 as tokens. A delay without a
// stamp, or with one outside the years 1 to 9999 in UTC, has no element: then
// the first read fails, with [ErrNoStamp] or a [*ParseError], and nothing has
// been written.
func (d Delay) TokenReader() xml.TokenReader {
	return d.tokens(NS, "delay", AppendDateTime)
}

// LegacyTokenReader is [Delay.TokenReader] for the element of XEP-0091, which holds whole
// seconds only; a fraction is cut. New elements should not be written so,
// except beside the one of XEP-0203 and for peers that know nothing newer.
func (d Delay) LegacyTokenReader() xml.TokenReader {
	return d.tokens(NSLegacy, "x", appendLegacy)
}

func (d Delay) tokens(space, local string, format func([]byte, time.Time) []byte) xml.TokenReader {
	if err := d.check(); err != nil {
		return failure{err}
	}
	stamp := format(make([]byte, 0, maxDateTime), d.Stamp)
	start := xml.StartElement{Name: xml.Name{Space: space, Local: local}}
	if !d.From.Equal(jid.JID{}) {
		start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: "from"}, Value: d.From.String()})
	}
	start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: "stamp"}, Value: string(stamp)})
	if d.Reason == "" {
		return xmlstream.Wrap(nil, start)
	}
	return xmlstream.Wrap(xmlstream.Token(xml.CharData(d.Reason)), start)
}

// check returns why d cannot be written, or nil.
func (d Delay) check() error {
	if d.Stamp.IsZero() {
		return ErrNoStamp
	}
	if unix := d.Stamp.Unix(); unix < firstSecond || unix >= endSecond {
		return errYear(d.Stamp)
	}
	return nil
}

// WriteXML writes the element as [Delay.TokenReader] has it to w.
func (d Delay) WriteXML(w xmlstream.TokenWriter) (int, error) {
	return xmlstream.Copy(w, d.TokenReader())
}

// MarshalXML writes the element to e. The name that start suggests is not
// used: the element has its own.
func (d Delay) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	_, err := d.WriteXML(e)
	return err
}

// UnmarshalXML reads an element of either namespace. It fails, other than
// [ReadElement], if there is no stamp that can be read ([ErrNoStamp],
// [*ParseError]) and for an element of another name ([ErrName]). Whatever it
// fails for, the whole element has been read.
func (d *Delay) UnmarshalXML(decoder *xml.Decoder, start xml.StartElement) error {
	if !IsElement(start.Name) {
		return errors.Join(ErrName, decoder.Skip())
	}
	e, err := ReadElement(start, decoder)
	if err != nil {
		return fmt.Errorf("delay: reading an element: %w", err)
	}
	if e.Err != nil {
		return e.Err
	}
	*d = e.Delay
	return nil
}

// failure is a reader of tokens that has only an error.
type failure struct{ err error }

func (f failure) Token() (xml.Token, error) { return nil, f.err }
