package probe

import (
	"encoding/xml"
	"io"
	"strings"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/delay"
)

// Presence is a presence stanza as it was read (RFC 6121 section 4.7).
//
// Its zero value is an available presence from nobody. A Presence is a value:
// copies share nothing that changes.
type Presence struct {
	// Presence has the addresses, id, language and type. An empty From
	// means the session's account; see RFC 6120 section 8.1.2.1.
	stanza.Presence

	// Show is away, chat, dnd, xa, or empty: simply online. Anything else
	// that a peer wrote reads as empty (RFC 6121 section 4.7.2.1).
	Show string

	// Priority is 0 where the stanza has none, or none that can be read
	// (RFC 6121 section 4.7.2.3).
	Priority    int8
	PriorityErr error // why it cannot be read, nil where it can

	// Delay is the believed one of the stanza's delayed-delivery elements
	// (XEP-0203, XEP-0091); a zero Stamp means none. Doubts has the others,
	// those that Held is from among them.
	Delay  delay.Delay
	Doubts []delay.Doubt

	// Idle is since when the user has not interacted (XEP-0319, or XEP-0256
	// made absolute), zero where it is not told, or where the time that is
	// told lies in the future or before 1999.
	Idle time.Time

	// Err is the error of a presence of type error, zero otherwise.
	Err stanza.Error

	// Moved is the new address that an error of condition gone or redirect
	// names (RFC 6120 section 8.3.3), empty where none is named. It may be
	// any URI, and a peer's claim.
	Moved string

	// Received is when the stanza was read, in the local zone and without a
	// monotonic reading.
	Received time.Time

	// Cut tells that the stanza exceeded a bound of this package
	// (MaxTokens, MaxChildren …), and that something of it is missing here.
	Cut bool

	// Held is when our own server began to hold the stanza back from an inactive
	// client (XEP-0352), by that server's clock; zero: it did not, as far as
	// is told. What the stanza says happened not later than then: when, the
	// Delay says, if there is one. See [delay.Held] for what decides.
	Held time.Time

	// Room reports whether the presence is of an occupant of a room (XEP-0045),
	// and so of no contact.
	Room bool

	statuses []text
	online   bool        // has a show or priority element
	others   []xml.Token // the other children, where they are kept
}

type text struct {
	lang, data string
}

// At returns the time that the presence speaks of: the believed stamp, or
// else the earliest time at which it is known to have been on its way, which is
// Held or Received.
func (p Presence) At() time.Time {
	switch {
	case !p.Delay.Stamp.IsZero():
		return p.Delay.Stamp
	case !p.Held.IsZero():
		return p.Held
	}
	return p.Received
}

// LastWords reports that an unavailable presence is what a server made of the
// last available one, and not a goodbye: it has a show or priority element,
// which say how available somebody is (RFC 6121 section 4.7.2). Its status is
// what the contact said when still there, and its stamp may be of then. False
// is no proof of a goodbye, because an available presence may have neither.
func (p Presence) LastWords() bool {
	return p.Type == stanza.UnavailablePresence && p.online
}

// Status returns the status text (RFC 6121 section 4.7.2.2) that suits the
// languages best, which are BCP 47 tags in the order of preference: for each
// the same tag, else a shorter one (en for en-GB). Without languages, or where
// none suits, it is the text in the stanza's own language, else the first.
func (p Presence) Status(lang ...string) string {
	for _, want := range lang {
		for want != "" {
			for _, s := range p.statuses {
				if strings.EqualFold(p.language(s), want) {
					return s.data
				}
			}
			want = want[:max(strings.LastIndexByte(want, '-'), 0)]
		}
	}
	for _, s := range p.statuses {
		if strings.EqualFold(p.language(s), p.Lang) {
			return s.data
		}
	}
	if len(p.statuses) > 0 {
		return p.statuses[0].data
	}
	return ""
}

// Children returns a reader of the other children of the stanza, one after the
// other as they came, where keeping them was asked for: see
// [ReadPresenceChildren] and [KeepChildren]. A child that exceeds MaxKept
// together with those before it is left out, and Cut is set. Each call returns
// a reader from the beginning, whose tokens are copies.
func (p Presence) Children() xml.TokenReader {
	next := 0
	return xmlstream.ReaderFunc(func() (xml.Token, error) {
		if next == len(p.others) {
			return nil, io.EOF
		}
		next++
		return xml.CopyToken(p.others[next-1]), nil
	})
}

func (p Presence) language(s text) string {
	if s.lang == "" {
		return p.Lang
	}
	return s.lang
}

// bare reports whether the presence speaks of the whole contact, not of one
// resource.
func (p *Presence) bare() bool {
	return p.From.Resourcepart() == ""
}
