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

// Delay is the content of a delayed-delivery element (XEP-0203 section 2).
//
// It reads as the element of either namespace and writes as that of XEP-0203;
// an [Element] also writes that of XEP-0091. The zero value stands for no
// delay, and writes nothing.
//
// Its layout is that of Delay in mellium.im/xmpp/stanza, so that values of the
// two types convert into each other; package melliumdelay converts to and from
// Delay in mellium.im/xmpp/delay.
type Delay struct {
	// From is who says so: the one that held the stanza back or sent it. The
	// zero JID stands for an element without the attribute.
	From jid.JID

	// Stamp is the time the stanza was sent at first, exact, in the zone
	// that was written. The zero time stands for no delay, whatever the
	// other fields hold.
	Stamp time.Time

	// Reason is the text for humans inside the element, usually none, with
	// all its white space. Of what is read, at most MaxReason bytes are kept.
	Reason string
}

// TokenReader returns the element of XEP-0203 as tokens, with the stamp in UTC
// as its section 2 demands. Without a stamp there are none.
//
// A stamp outside the years 1 to 9999 in UTC cannot be written: the first
// read fails with [ErrRange] then, and no unreadable element comes out. Inside
// a stanza that is too late to keep the stanza whole, so stamps of doubtful
// origin are better checked before, with [DateTime.MarshalText]; [Insert] and
// [Stanza] fail before the stanza begins.
func (d Delay) TokenReader() xml.TokenReader {
	return Element{Delay: d}.TokenReader()
}

// WriteXML writes the element as [Delay.TokenReader] has it to w.
func (d Delay) WriteXML(w xmlstream.TokenWriter) (int, error) {
	return xmlstream.Copy(w, d.TokenReader())
}

// MarshalXML writes the element to e, under its own name whatever the start
// that is passed.
func (d Delay) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	_, err := d.WriteXML(e)
	return err
}

// UnmarshalXML reads an element of either namespace, its stamp with
// [ParseStamp]. Besides the decoder's own errors, and unlike [ReadElement] and
// an [Element], it fails for what the element says: with [ErrName] for one of
// another name, [ErrNoStamp], or a [*ParseError] for a stamp or from that cannot
// be read. The whole element has been read then. After an error d is as it was.
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
