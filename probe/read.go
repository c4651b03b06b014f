package probe

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/delay"
	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/internal/wire/chardata"
	"example.org/lastpresence/internal/wire/lastactivity"
)

// Bounds of what is read of one presence stanza. What exceeds them is not
// kept, and Presence.Cut says so.
const (
	MaxTokens   = 4096      // XML tokens of the stanza that are looked at
	MaxBytes    = 256 << 10 // bytes of text and attributes, but for the token that exceeds them
	MaxChildren = 256       // child elements that are looked at
	MaxDepth    = 64        // elements inside of each other, below the stanza
	MaxStatus   = 4096      // bytes of each status and error text
	MaxStatuses = 16        // status elements
	MaxDelays   = 8         // delayed-delivery elements
	MaxKept     = 16 << 10  // bytes of names, attributes and text of other children
)

const (
	nsXML  = "http://www.w3.org/XML/1998/namespace"
	nsIdle = "urn:xmpp:idle:1"
)

// errCut ends the reading of a stanza that exceeds MaxTokens, MaxBytes,
// MaxChildren or MaxDepth.
var errCut = errors.New("probe: the stanza exceeds a bound")

// ReadPresence reads a presence stanza from r, which begins with its start
// element. Only direct children of the stanza in their own namespaces count.
// Whom to believe of several delays is decided by the zero [delay.Rules], with
// the present as the time of receipt.
//
// It returns an error where r does not begin with a presence, where an address
// is malformed, or where r fails; what was read until then is returned with
// it. A stanza of more than MaxTokens, MaxBytes, MaxChildren or MaxDepth is read
// up to there, and what follows is left in r.
func ReadPresence(r xml.TokenReader) (Presence, error) {
	return readPresence(r, false)
}

// ReadPresenceChildren is ReadPresence, but what the user provided besides
// (XEP-0318 section 3.1) is kept for [Presence.Children].
func ReadPresenceChildren(r xml.TokenReader) (Presence, error) {
	return readPresence(r, true)
}

func readPresence(r xml.TokenReader, keep bool) (Presence, error) {
	tok, err := r.Token()
	start, ok := tok.(xml.StartElement)
	if !ok || start.Name.Local != "presence" {
		if err == nil {
			err = errors.New("the stream does not begin with a presence stanza (RFC 6120 section 8)")
		}
		return Presence{}, fmt.Errorf("probe: read presence: %w", err)
	}
	rd := reader{in: &bounded{src: r}, keep: keep}
	err = rd.read(start, jid.JID{}, time.Now())
	return rd.p, err
}

// bounded is what a presence is read from. It ends with errCut where a bound is.
type bounded struct {
	src    xml.TokenReader
	tokens int
	bytes  int
	depth  int
}

// Token returns the source's next token.
func (b *bounded) Token() (xml.Token, error) {
	if b.tokens++; b.tokens > MaxTokens || b.bytes > MaxBytes {
		return nil, errCut
	}
	tok, err := b.src.Token()
	switch tok := tok.(type) {
	case xml.StartElement:
		if b.depth++; b.depth > MaxDepth {
			return nil, errCut
		}
		for _, attr := range tok.Attr {
			b.bytes += len(attr.Name.Local) + len(attr.Value)
		}
	case xml.EndElement:
		b.depth--
	case xml.CharData:
		b.bytes += len(tok)
	case xml.Comment:
		b.bytes += len(tok)
	}
	return tok, err
}

// reader reads one presence into p. It holds no pointer to itself, and hands out
// none, so that it need not be on the heap.
type reader struct {
	p       Presence
	in      *bounded
	keep    bool // the other children
	kept    int
	space   string
	delays  [MaxDelays]delay.Element
	delayed int // how many of them there are
	idle    time.Time
	ago     time.Duration
	hasAgo  bool
}

// read reads the rest of the stanza that start begins.
func (rd *reader) read(start xml.StartElement, self jid.JID, received time.Time) error {
	rd.p.Received = received
	rd.space = start.Name.Space
	if err := rd.addresses(start); err != nil {
		return err
	}
	err := rd.children()
	if errors.Is(err, errCut) {
		rd.p.Cut, err = true, nil
	}
	rd.p.Delay, rd.p.Doubts = delay.Rules{}.Believe(rd.delays[:rd.delayed], rd.p.From, self, received)
	if rd.p.heldBy(self) {
		var rest []delay.Element
		var held []delay.Doubt
		for _, e := range rd.delays[:rd.delayed] {
			if e.Err == nil && e.From.Bare().Equal(self) {
				held = append(held, delay.Doubt{Element: e, Why: delay.Superseded})
			} else {
				rest = append(rest, e)
			}
		}
		rd.p.Delay, rd.p.Doubts = delay.Rules{}.Believe(rest, rd.p.From, self, received)
		rd.p.Doubts = append(rd.p.Doubts, held...)
	}
	switch {
	case !rd.idle.IsZero():
		rd.p.Idle = rd.idle
	case rd.hasAgo:
		rd.p.Idle = rd.p.At().Add(-rd.ago)
	}
	if err != nil {
		err = fmt.Errorf("probe: read presence: %w", err)
	}
	return err
}

// heldBy tells whether the believed stamp is of the own server, in the own
// account's name, for a presence that says of a contact as a whole that it is
// offline. Such a stamp tells when an inactive client's server held the
// presence back (XEP-0352), not since when the contact is offline.
func (p *Presence) heldBy(self jid.JID) bool {
	return p.Type == stanza.UnavailablePresence && !self.Equal(jid.JID{}) && p.bare() &&
		p.Delay.From.Bare().Equal(self) && !p.From.Equal(jid.JID{}) && !p.From.Equal(self)
}

func (rd *reader) addresses(start xml.StartElement) (err error) {
	rd.p.XMLName = start.Name
	for _, attr := range start.Attr {
		switch {
		case attr.Name.Space == nsXML && attr.Name.Local == "lang":
			rd.p.Lang = attr.Value
		case attr.Name.Space != "":
		case attr.Name.Local == "id":
			rd.p.ID = attr.Value
		case attr.Name.Local == "type":
			rd.p.Type = stanza.PresenceType(attr.Value)
		case attr.Name.Local == "from" && attr.Value != "":
			if rd.p.From, err = address.Parse(attr.Value); err != nil {
				return addressError("from", attr.Value, err)
			}
		case attr.Name.Local == "to" && attr.Value != "":
			if rd.p.To, err = address.Parse(attr.Value); err != nil {
				return addressError("to", attr.Value, err)
			}
		}
	}
	return nil
}

func addressError(name, value string, err error) error {
	return fmt.Errorf("probe: read presence: %s=%q is no address (RFC 7622 section 3): %w", name, shorten(value), err)
}

// shorten returns what an error says of an input.
func shorten(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}

func (rd *reader) children() error {
	for n := 0; ; {
		tok, err := rd.in.Token()
		switch tok := tok.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if n++; n > MaxChildren {
				return errCut
			}
			if err := rd.child(tok); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if tok == nil {
			return nil
		}
	}
}

func (rd *reader) child(start xml.StartElement) error {
	switch {
	case start.Name.Space == rd.space:
		return rd.own(start)
	case delay.IsElement(start.Name):
		element, err := delay.ReadElement(start, rd.in)
		if rd.delayed == MaxDelays {
			rd.p.Cut = true
			return err
		}
		rd.delays[rd.delayed] = element
		rd.delayed++
		return err
	case start.Name.Space == nsIdle && start.Name.Local == "idle":
		for _, attr := range start.Attr {
			if attr.Name.Space == "" && attr.Name.Local == "since" {
				rd.idle, _ = delay.ParseStamp(attr.Value)
			}
		}
	case start.Name.Space == lastactivity.NS && start.Name.Local == "query":
		rd.ago, rd.hasAgo = lastactivity.Seconds(start)
	default:
		return rd.other(start)
	}
	return xmlstream.Skip(rd.in)
}

// own reads a child in the stanza's own namespace.
func (rd *reader) own(start xml.StartElement) error {
	switch start.Name.Local {
	case "status":
		s, err := rd.text()
		if len(rd.p.statuses) == MaxStatuses {
			rd.p.Cut = true
			return err
		}
		lang := ""
		for _, attr := range start.Attr {
			if attr.Name.Space == nsXML && attr.Name.Local == "lang" {
				lang = attr.Value
			}
		}
		rd.p.statuses = append(rd.p.statuses, text{lang: lang, data: s})
		return err
	case "show":
		rd.p.online = true
		s, err := rd.text()
		switch s = strings.TrimSpace(s); s {
		case "away", "chat", "dnd", "xa":
			rd.p.Show = s
		}
		return err
	case "priority":
		rd.p.online = true
		s, err := rd.text()
		rd.p.Priority, rd.p.PriorityErr = parsePriority(strings.TrimSpace(s))
		return err
	case "error":
		return rd.stanzaError(start)
	}
	return rd.other(start)
}

func parsePriority(s string) (int8, error) {
	n, err := strconv.ParseInt(s, 10, 8)
	if err != nil {
		return 0, fmt.Errorf("probe: priority %q is no whole number from -128 to 127 (RFC 6121 section 4.7.2.3)", shorten(s))
	}
	return int8(n), nil
}

func (rd *reader) text() (string, error) {
	s, cut, err := chardata.Read(rd.in, MaxStatus)
	rd.p.Cut = rd.p.Cut || cut
	return s, err
}
