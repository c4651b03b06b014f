// Package delay reads and writes XMPP times and the stamps of stanzas that were
// delivered late.
//
// XMPP writes times in a profile of ISO 8601 (XEP-0082). A server that delivers
// a stanza late adds an element with the time at which the stanza was first
// sent (XEP-0203, and XEP-0091 before it). The package answers three questions,
// each on its own:
//
//   - What does the text say? [ParseDateTime] accepts exactly the profile and
//     [ParseLegacy] the older form. [ParseStamp] accepts both, and the mistakes
//     that deployed servers make. [AppendDateTime] writes. [DateTime], [Date]
//     and [TimeOfDay] are types for struct fields.
//   - What does the element say? [ReadElement] reads one out of a stanza, and
//     never fails the stanza because of it. [Delay] is the element to write,
//     alone or, with [Insert], into a stream of tokens.
//   - Can it be trusted? Anyone can put a delay into a stanza. [Rules] compare
//     who wrote it with who sent the stanza.
//
// Everything in the package is a value or a pure function, and safe for
// concurrent use.
package delay

import (
	"encoding/xml"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
)

// The namespaces of the two elements: delay (XEP-0203 section 2) and the older
// x (XEP-0091 section 2).
const (
	NS       = "urn:xmpp:delay"
	NSLegacy = "jabber:x:delay"
)

// Delay is the content of a delayed-delivery element (XEP-0203 section 2).
//
// It reads an element of either namespace and writes one of XEP-0203; [Element]
// can also write that of XEP-0091. The zero value means no delay, and writes
// nothing.
//
// Its fields are those of Delay in [mellium.im/xmpp/stanza], so values of the
// two types convert into each other. Package melliumdelay converts to and from
// Delay in [mellium.im/xmpp/delay].
type Delay struct {
	// From is the entity that added the element: whoever held the stanza back,
	// or its sender. The zero JID means that the element has no from attribute.
	From jid.JID

	// Stamp is when the stanza was first sent, to the nanosecond and in the
	// zone that was written. The zero time means no delay, whatever the other
	// fields hold.
	Stamp time.Time

	// Reason is the element's text for humans, with its white space; usually it
	// is empty. At most MaxReason bytes of it are read.
	Reason string
}

// TokenReader returns the element of XEP-0203 as tokens, with the stamp in UTC
// as section 2 requires. It returns no tokens if Stamp is zero.
//
// A Stamp outside the years 1 to 9999 in UTC cannot be written: the first read
// then fails with [ErrRange], before any token. Inside a stanza that is too
// late to keep the stanza whole. Check stamps of doubtful origin with
// [DateTime.MarshalText] beforehand, or use [Insert] or [Stanza], which fail
// before the stanza begins.
func (d Delay) TokenReader() xml.TokenReader {
	return Element{Delay: d}.TokenReader()
}

// WriteXML writes the tokens of [Delay.TokenReader] to w.
func (d Delay) WriteXML(w xmlstream.TokenWriter) (int, error) {
	return xmlstream.Copy(w, d.TokenReader())
}

// MarshalXML writes the element to e. It ignores the start element that is
// passed and uses the element's own name.
func (d Delay) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	_, err := d.WriteXML(e)
	return err
}

// UnmarshalXML reads an element of either namespace, with [ParseStamp] for its
// stamp.
//
// Unlike [ReadElement] and [Element], it fails if the element is not valid:
// with [ErrName] for an element of another name, [ErrNoStamp], or a
// [*ParseError] for a stamp or from that cannot be read. By then it has read
// the whole element. After an error d is unchanged.
func (d *Delay) UnmarshalXML(decoder *xml.Decoder, start xml.StartElement) error {
	e, err := ReadElement(start, decoder)
	if err != nil {
		return err
	}
	if e.Err != nil {
		return e.Err
	}
	*d = e.Delay
	return nil
}
