package probe

import (
	"cmp"
	"encoding/xml"
	"errors"
	"strings"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/internal/wire/chardata"
)

// Errors that callers may want to tell apart, with [errors.Is]. Use [errors.As]
// for a stanza.Error that a server sent.
var (
	// ErrNotSubscribed means that we are not subscribed to the contact's
	// presence. Probe returns it if the function of [Subscribed] says so.
	ErrNotSubscribed = errors.New("probe: not subscribed to the contact's presence")

	// ErrInvisible means that the user is invisible, and a probe would reveal
	// that the user is online; see [Visible].
	ErrInvisible = errors.New("probe: our presence is not visible")

	// ErrBudget means that too many probes were sent recently; see [Budget].
	ErrBudget = errors.New("probe: over budget")

	// ErrCoolDown means that the contact was asked recently; see [CoolDown].
	ErrCoolDown = errors.New("probe: asked a moment ago")

	// ErrBlocked means that we block the contact (XEP-0191, XEP-0016), so that
	// our own server returns the probe.
	ErrBlocked = errors.New("probe: the contact is blocked")

	// ErrNoAnswer means that no answer came, or none that says what was asked.
	ErrNoAnswer = errors.New("probe: no answer")

	// ErrClosed means that the Client or its session is closed.
	ErrClosed = errors.New("probe: session closed")
)

// maxErrorTexts limits the languages of an error's text.
const maxErrorTexts = 4

// refusal is an error element that was read.
type refusal struct {
	err   stanza.Error
	moved string // the new address that it names
	cut   bool   // a limit was exceeded
}

// stanzaError reads the error child of a presence.
func (rd *reader) stanzaError(start xml.StartElement) error {
	e, err := readError(start, rd.in)
	rd.p.Err, rd.p.Moved, rd.p.Cut = e.err, e.moved, rd.p.Cut || e.cut
	return err
}

// readError reads the rest of an error element (RFC 6120 section 8.3). The
// result always has a condition.
func readError(start xml.StartElement, r xml.TokenReader) (e refusal, err error) {
	defer func() {
		if e.err.Condition == "" {
			e.err.Condition = stanza.UndefinedCondition
		}
	}()
	var old legacy
	e.err.XMLName = start.Name
	for _, attr := range start.Attr {
		switch {
		case attr.Name.Space != "":
		case attr.Name.Local == "type":
			e.err.Type = stanza.ErrorType(attr.Value)
		case attr.Name.Local == "by":
			e.err.By, _ = address.Parse(attr.Value)
		case attr.Name.Local == "code":
			old.code = attr.Value
		}
	}
	for {
		tok, err := r.Token()
		switch tok := tok.(type) {
		case xml.EndElement:
			old.complete(&e)
			return e, nil
		case xml.StartElement:
			if err := e.child(tok, r); err != nil {
				return e, err
			}
			continue
		case xml.CharData:
			old.text += strings.ToValidUTF8(string(tok[:min(len(tok), MaxStatus-len(old.text))]), "")
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
	e.text(lang, s)
	return err
}

// text keeps a text of the error. It ignores an empty one, with which an error
// message would end in a colon.
func (e *refusal) text(lang, s string) {
	if strings.TrimSpace(s) == "" {
		return
	}
	if e.err.Text == nil {
		e.err.Text = make(map[string]string, 1)
	}
	if len(e.err.Text) < maxErrorTexts {
		e.err.Text[lang] = s
	} else {
		e.cut = true
	}
}

// legacy is the part of an error that is in the form from before RFC 3920.
type legacy struct{ code, text string }

// complete fills in what the error has in the old form only.
func (old legacy) complete(e *refusal) {
	if e.err.Condition == "" {
		if of, ok := codes[old.code]; ok {
			e.err.Condition, e.err.Type = of.condition, cmp.Or(e.err.Type, of.kind)
		}
	}
	if e.err.Text == nil {
		e.text("", strings.TrimSpace(old.text))
	}
}

// codes are the meanings of the old codes (XEP-0086 section 3).
var codes = map[string]struct {
	condition stanza.Condition
	kind      stanza.ErrorType
}{
	"302": {stanza.Gone, stanza.Modify},
	"400": {stanza.BadRequest, stanza.Modify},
	"401": {stanza.NotAuthorized, stanza.Auth},
	"402": {"payment-required", stanza.Auth}, // no longer in RFC 6120
	"403": {stanza.Forbidden, stanza.Auth},
	"404": {stanza.ItemNotFound, stanza.Cancel},
	"405": {stanza.NotAllowed, stanza.Cancel},
	"406": {stanza.NotAcceptable, stanza.Modify},
	"407": {stanza.RegistrationRequired, stanza.Auth},
	"408": {stanza.RemoteServerTimeout, stanza.Wait},
	"409": {stanza.Conflict, stanza.Cancel},
	"500": {stanza.InternalServerError, stanza.Wait},
	"501": {stanza.FeatureNotImplemented, stanza.Cancel},
	"502": {stanza.ServiceUnavailable, stanza.Wait},
	"503": {stanza.ServiceUnavailable, stanza.Cancel},
	"504": {stanza.RemoteServerTimeout, stanza.Wait},
	"510": {stanza.ServiceUnavailable, stanza.Cancel},
}

// verdict is what an error condition says about the contact.
type verdict uint8

const (
	inconclusive verdict = iota // says nothing about the contact, such as service-unavailable
	refused                     // the contact does not share its presence with us
	failed                      // the stanza did not reach the contact's server
	blocked                     // our own server returned it, because we block the contact
)

func judge(e stanza.Error) verdict {
	switch e.Condition {
	case stanza.Forbidden, stanza.NotAuthorized, stanza.SubscriptionRequired, stanza.RegistrationRequired:
		return refused
	case stanza.RemoteServerNotFound, stanza.RemoteServerTimeout, stanza.NotAllowed,
		stanza.Gone, stanza.Redirect, stanza.JIDMalformed:
		return failed
	case stanza.NotAcceptable:
		// This is the error for a stanza that we send to somebody we block
		// (XEP-0191 section 3.5, XEP-0016 section 2.12), returned in the
		// contact's name. If the contact blocks us, the error is
		// service-unavailable. ejabberd adds no blocked element.
		return blocked
	}
	return inconclusive
}
