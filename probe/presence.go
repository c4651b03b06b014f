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

// Presence is a presence stanza that was read (RFC 6121 section 4.7).
//
// The zero value is an available presence from nobody. A Presence is a value:
// copies share nothing that changes.
type Presence struct {
	// Presence has the addresses, id, language and type. An empty From
	// means the session's account; see RFC 6120 section 8.1.2.1.
	stanza.Presence

	// Show is away, chat, dnd or xa, or empty for simply online. Anything else
	// that a peer wrote is read as empty (RFC 6121 section 4.7.2.1).
	Show string

	// Priority is 0 if the stanza has none, or one that cannot be read (RFC
	// 6121 section 4.7.2.3).
	Priority    int8
	PriorityErr error // why it cannot be read; nil if it can

	// Delay is the delayed-delivery element that is trusted (XEP-0203,
	// XEP-0091); its Stamp is zero if there is none. Doubts has all others,
	// including those that set Held.
	Delay  delay.Delay
	Doubts []delay.Doubt

	// Idle is when the user was last active (XEP-0319, or XEP-0256 converted to
	// a time). It is zero if the stanza does not say, or names a time before
	// 1999 or more than [delay.DefaultSkew] in the future.
	Idle time.Time

	// Err is the error of a presence of type error, and zero otherwise.
	Err stanza.Error

	// Moved is the new address in an error of condition gone or redirect (RFC
	// 6120 section 8.3.3), or empty. It may be any URI. Do not trust it: it is
	// what a peer claims.
	Moved string

	// Received is when the stanza was read, in the local zone and without a
	// monotonic reading.
	Received time.Time

	// Cut reports whether a part of the stanza is missing here, because it
	// exceeds a limit of this package (MaxTokens, MaxChildren …).
	Cut bool

	// Held is when our own server began to hold the stanza back from an
	// inactive client (XEP-0352), by that server's clock. The stanza was sent
	// at that time or before; Delay, if any, says when. Held is zero if the
	// stanza is not known to have been held back, and Received if it was but
	// the server's stamp cannot be trusted. See [delay.Held].
	Held time.Time

	// Room reports whether the sender is an occupant of a room (XEP-0045), not
	// a contact.
	Room bool

	statuses []text
	online   bool        // has a show or priority element
	others   []xml.Token // the other children, if they are kept
}

type text struct {
	lang, data string
}

// At returns the best time known for what the presence says: the Stamp of Delay,
// else Held, else Received.
func (p Presence) At() time.Time {
	switch {
	case !p.Delay.Stamp.IsZero():
		return p.Delay.Stamp
	case !p.Held.IsZero():
		return p.Held
	}
	return p.Received
}

// MadeFromAvailable reports whether a server made this unavailable presence from the
// last available one. It is then not a goodbye: its status is what the contact
// said while available, and its stamp may be of that time. Such a presence is
// known by a show or priority element, which belongs in available presence
// only (RFC 6121 section 4.7.2). False does not prove a goodbye, because
// available presence may have neither element.
func (p Presence) MadeFromAvailable() bool {
	return p.Type == stanza.UnavailablePresence && p.online
}

// Status returns the status text (RFC 6121 section 4.7.2.2) that suits the
// given languages best. They are BCP 47 tags in order of preference; for each,
// Status looks for the same tag and then for a shorter one (en for en-GB). If
// none matches, or none is given, it returns the text in the stanza's own
// language, else the first.
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

// Children returns a reader of the stanza's other child elements, in order, if
// they were kept: see [ReadPresenceChildren] and [KeepChildren]. Each call
// returns a reader that begins at the first child. Children that do not fit in
// MaxKept, together with those before them, are left out, and Cut is set. Do not
// change the tokens.
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

// bare reports whether the presence is from the bare JID, and so about the whole
// contact.
func (p *Presence) bare() bool {
	return p.From.Resourcepart() == ""
}
