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

// Limits on what is read of one presence stanza. What exceeds them is dropped,
// and Presence.Cut is set.
const (
	MaxTokens   = 4096      // XML tokens of the stanza that are read
	MaxBytes    = 256 << 10 // bytes of text and attributes; one token may exceed it, and is the last
	MaxChildren = 256       // child elements that are read
	MaxDepth    = 64        // nested elements below the stanza
	MaxStatus   = 4096      // bytes of each status and error text
	MaxStatuses = 16        // status elements
	MaxDelays   = 8         // delayed-delivery elements; one signed by the sender's server is always kept
	MaxKept     = 16 << 10  // bytes of names, attributes and text of other children
)

const (
	nsXML     = "http://www.w3.org/XML/1998/namespace"
	nsIdle    = "urn:xmpp:idle:1"
	nsMUCUser = "http://jabber.org/protocol/muc#user"
)

var errNoPresence = errors.New("the stream does not begin with a presence stanza (RFC 6120 section 8)")

// errCut ends the reading of a stanza that exceeds MaxTokens, MaxBytes,
// MaxChildren or MaxDepth.
var errCut = errors.New("probe: the stanza exceeds a bound")

// ReadPresence reads a presence stanza from r, which must begin with its start
// element; white space, comments and declarations before it are skipped. The
// time of receipt is now. The zero [delay.Rules] decide which of several delays
// to trust. ReadPresence ignores children in a wrong namespace.
//
// It returns an error if r does not begin with a presence, if an address is not
// a valid JID, or if r fails; what was read so far is returned with it. A
// stanza that exceeds MaxTokens, MaxBytes, MaxChildren or MaxDepth is read up
// to the limit, and the rest is left in r.
func ReadPresence(r xml.TokenReader) (Presence, error) {
	return readPresence(r, false)
}

// ReadPresenceChildren is like [ReadPresence] but also keeps other child
// elements (XEP-0318 section 3.1), for [Presence.Children].
func ReadPresenceChildren(r xml.TokenReader) (Presence, error) {
	return readPresence(r, true)
}

func readPresence(r xml.TokenReader, keep bool) (Presence, error) {
	start, err := begin(r)
	if err != nil {
		return Presence{}, fmt.Errorf("probe: read presence: %w", err)
	}
	rd := reader{in: &bounded{src: r}, keep: keep}
	err = rd.read(start, jid.JID{}, time.Now())
	return rd.p, err
}

// begin reads up to the start element of a presence.
func begin(r xml.TokenReader) (xml.StartElement, error) {
	for range MaxTokens {
		tok, err := r.Token()
		switch tok := tok.(type) {
		case xml.StartElement:
			if tok.Name.Local == "presence" {
				return tok, nil
			}
			return tok, errNoPresence
		case xml.CharData:
			if strings.Trim(string(tok), " \t\r\n") != "" {
				return xml.StartElement{}, errNoPresence
			}
		case xml.Comment, xml.ProcInst, xml.Directive:
		default:
			if err == nil {
				err = errNoPresence
			}
		}
		if err != nil {
			return xml.StartElement{}, err
		}
	}
	return xml.StartElement{}, errNoPresence
}

// bounded is the reader of a presence. It ends with errCut at a limit.
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

// reader reads one presence into p. It keeps no pointer to itself and hands
// none out, so that it can stay off the heap.
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
	rd.p.Received = received.Round(0)
	rd.space = start.Name.Space
	if err := rd.addresses(start); err != nil {
		return err
	}
	err := rd.children()
	if errors.Is(err, errCut) {
		rd.p.Cut, err = true, nil
	}
	if rd.p.Type == stanza.ErrorPresence && rd.p.Err.Condition == "" {
		rd.p.Err.Condition = stanza.UndefinedCondition
	}
	rd.believe(self)
	rd.p.Idle = rd.since()
	if err != nil {
		err = fmt.Errorf("probe: read presence: %w", err)
	}
	return err
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
	return fmt.Errorf("probe: read presence: %s=%q is not a valid JID (RFC 7622 section 3): %w", name, shorten(value), err)
}

// shorten returns what an error prints of an input.
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
		rd.delay(element)
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
		rd.p.Room = rd.p.Room || start.Name.Space == nsMUCUser && start.Name.Local == "x"
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
		return 0, fmt.Errorf("probe: the priority %q is not a whole number from -128 to 127 (RFC 6121 section 4.7.2.3)", shorten(s))
	}
	return int8(n), nil
}

func (rd *reader) text() (string, error) {
	s, cut, err := chardata.Read(rd.in, MaxStatus)
	rd.p.Cut = rd.p.Cut || cut
	return s, err
}
