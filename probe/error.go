package probe

import (
	"encoding/xml"
	"errors"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/address"
	"example.org/lastpresence/internal/chardata"
)

// Errors that a caller decides on. They are found with [errors.Is]; a stanza
// error that a server sent is found with [errors.As].
var (
	// ErrNotSubscribed means that the contact's presence is not ours to
	// know: by our own roster, without asking, or by its server's word.
	ErrNotSubscribed = errors.New("probe: not subscribed to the contact's presence")

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

// stanzaError reads the error child of a presence.
func (rd *reader) stanzaError(start xml.StartElement) error {
	e, moved, err := readError(start, rd.src)
	rd.p.Err, rd.p.Moved = e, moved
	return err
}

// readError reads the rest of an error element (RFC 6120 section 8.3), and
// the new address that it may name.
func readError(start xml.StartElement, r xml.TokenReader) (e stanza.Error, moved string, err error) {
	e.XMLName = start.Name
	for _, attr := range start.Attr {
		switch {
		case attr.Name.Space != "":
		case attr.Name.Local == "type":
			e.Type = stanza.ErrorType(attr.Value)
		case attr.Name.Local == "by":
			e.By, _ = address.Parse(attr.Value)
		}
	}
	for {
		tok, err := r.Token()
		switch tok := tok.(type) {
		case xml.EndElement:
			return e, moved, nil
		case xml.StartElement:
			if moved, err = readErrorChild(&e, moved, tok, r); err != nil {
				return e, moved, err
			}
			continue
		}
		if err != nil || tok == nil {
			return e, moved, err
		}
	}
}

func readErrorChild(e *stanza.Error, moved string, start xml.StartElement, r xml.TokenReader) (string, error) {
	if start.Name.Space != stanza.NSError {
		return moved, xmlstream.Skip(r)
	}
	s, _, err := chardata.Read(r, MaxStatus)
	if start.Name.Local != "text" {
		if e.Condition == "" {
			e.Condition = stanza.Condition(start.Name.Local)
		}
		if c := stanza.Condition(start.Name.Local); c == stanza.Gone || c == stanza.Redirect {
			moved = s
		}
		return moved, err
	}
	lang := ""
	for _, attr := range start.Attr {
		if attr.Name.Space == nsXML && attr.Name.Local == "lang" {
			lang = attr.Value
		}
	}
	if e.Text == nil {
		e.Text = make(map[string]string, 1)
	}
	if len(e.Text) < maxErrorTexts {
		e.Text[lang] = s
	}
	return moved, err
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
