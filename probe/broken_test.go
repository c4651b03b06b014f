package probe_test

import (
	"encoding/xml"
	"errors"
	"strings"
	"testing"

	"mellium.im/xmlstream"

	"example.org/lastpresence/probe"
)

// tokensOf returns the tokens of a text that breaks off.
func tokensOf(text string) (tokens []xml.Token) {
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		tok, err := d.Token()
		if err != nil {
			return tokens
		}
		tokens = append(tokens, xml.CopyToken(tok))
	}
}

func TestAStanzaThatBreaksOffIsReadNoFurther(t *testing.T) {
	broken := errors.New("broken")
	for _, in := range []string{
		"<presence>", "<presence><show>", "<presence><status>Hi", "<presence><priority>1",
		"<presence><delay xmlns='urn:xmpp:delay'>", "<presence><x xmlns='x'>", "<presence><x xmlns='x'><y/>",
		"<presence type='error'><error type='cancel'>", "<presence type='error'><error><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>",
		"<presence type='error'><error code='404'>Not",
	} {
		for name, tc := range map[string]struct {
			with, then error
		}{
			"after a token":  {nil, broken},
			"with a token":   {broken, broken},
			"without a word": {nil, nil},
		} {
			tokens, more := tokensOf(in), 0
			_, err := probe.ReadPresenceChildren(xmlstream.ReaderFunc(func() (xml.Token, error) {
				if len(tokens) == 0 {
					if more++; more > 10 {
						return nil, errors.New("it is read again and again")
					}
					return nil, tc.then
				}
				tok := tokens[0]
				tokens = tokens[1:]
				if len(tokens) == 0 {
					return tok, tc.with
				}
				return tok, nil
			}))
			if !errors.Is(err, tc.then) || more > 3 || err != nil && !strings.HasPrefix(err.Error(), "probe: read presence: ") {
				t.Errorf("%s, %s: %v, read %d times more", in, name, err, more)
			}
		}
	}
}

// A reader may return its last token together with its end.
func TestAChildThatEndsTheStreamIsKept(t *testing.T) {
	tokens := tokensOf("<presence><x xmlns='x'><photo>abc</photo></x>")
	p, _ := probe.ReadPresenceChildren(xmlstream.ReaderFunc(func() (xml.Token, error) {
		if len(tokens) == 0 {
			return nil, errors.New("broken")
		}
		tok := tokens[0]
		tokens = tokens[1:]
		if len(tokens) == 0 {
			return tok, errors.New("broken")
		}
		return tok, nil
	}))
	if got := children(t, p); got != "<x xmlns=x><photo>abc</></>" {
		t.Errorf("kept %q", got)
	}
}
