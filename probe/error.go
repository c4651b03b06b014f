package probe

import (
	"encoding/xml"
	"errors"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/internal/wire/chardata"
)

// Errors that a caller decides on. They are found with [errors.Is]; a stanza
// error that a server sent is found with [errors.As].
var (
	// ErrNotSubscribed means that the contact's presence is not ours to
	// know: by our own roster, without asking, or by its server's word.
	ErrNotSubscribed = errors.New("probe: not subscribed to the contact's presence")

	// ErrInvisible means that asking would show the user, who hides; see
	// [Visible].
	ErrInvisible = errors.New("probe: the own presence is not visible")

	// ErrBudget means that too many probes were sent lately; see [Budget].
	ErrBudget = errors.New("probe: over budget")

	// ErrCoolDown means that the contact was asked a moment ago; see
	// [CoolDown].
	ErrCoolDown = errors.New("probe: asked a moment ago")

	// ErrNoAnswer means that nothing came back that tells anything.
	ErrNoAnswer = errors.New("probe: no answer")

	// ErrClosed means that the Client or its session is closed.
	ErrClosed = errors.New("probe: session closed")
)

// maxErrorTexts bounds the languages of an error's text.
const maxErrorTexts = 4

// refusal is an error element as it was read.
type refusal struct {
	err   stanza.Error
	moved string // the new address that it names
	cut   bool   // a bound was exceeded
}

// stanzaError reads the error child of a presence.
func (rd *reader) stanzaError(start xml.StartElement) error {
	e, err := readError(start, rd.in)
	rd.p.Err, rd.p.Moved, rd.p.Cut = e.err, e.moved, rd.p.Cut || e.cut
	return err
}

// readError reads the rest of an error element (RFC 6120 section 8.3).
func readError(start xml.StartElement, r xml.TokenReader) (e refusal, err error) {
	e.err.XMLName = start.Name
	for _, attr := range start.Attr {
		switch {
		case attr.Name.Space != "":
		case attr.Name.Local == "type":
			e.err.Type = stanza.ErrorType(attr.Value)
		case attr.Name.Local == "by":
			e.err.By, _ = address.Parse(attr.Value)
		}
	}
	for {
		tok, err := r.Token()
		switch tok := tok.(type) {
		case xml.EndElement:
			return e, nil
		case xml.StartElement:
			if err := e.child(tok, r); err != nil {
				return e, err
			}
			continue
		}
		if err != nil || tok == nil {
			return e, err
		}
	}
}

func (e *refusal) child(start xml.StartElement, r xml.TokenReader) error {
	if start.Name.Space != stanza.NSError {
		return xmlstream.Skip(r)
	}
	s, cut, err := chardata.Read(r, MaxStatus)
	e.cut = e.cut || cut
	if start.Name.Local != "text" {
		c := stanza.Condition(start.Name.Local)
		if e.err.Condition == "" {
			e.err.Condition = c
		}
		if c == stanza.Gone || c == stanza.Redirect {
			e.moved = s
		}
		return err
	}
	lang := ""
	for _, attr := range start.Attr {
		if attr.Name.Space == nsXML && attr.Name.Local == "lang" {
			lang = attr.Value
		}
	}
	if e.err.Text == nil {
		e.err.Text = make(map[string]string, 1)
	}
	if len(e.err.Text) < maxErrorTexts {
		e.err.Text[lang] = s
	} else {
		e.cut = true
	}
	return err
}

// verdict is what an error condition says about the question.
type verdict uint8

const (
	mute    verdict = iota // says nothing: no such service, or the asked is not told
	refused                // the contact's presence is not ours to know
	failed                 // the question did not arrive
)

func judge(e stanza.Error) verdict {
	switch e.Condition {
	case stanza.Forbidden, stanza.NotAuthorized, stanza.SubscriptionRequired, stanza.RegistrationRequired:
		return refused
	case stanza.RemoteServerNotFound, stanza.RemoteServerTimeout, stanza.NotAllowed,
		stanza.Gone, stanza.Redirect, stanza.JIDMalformed:
		return failed
	}
	return mute
}
