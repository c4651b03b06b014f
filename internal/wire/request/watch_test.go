package request_test

import (
	"encoding/xml"
	"io"
	"net"
	"strings"
	"testing"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/line"
	"example.org/lastpresence/internal/wire/request"
)

// answered has a session handle a query, and returns what it wrote.
func answered(t *testing.T, handle func(t xmlstream.TokenReadEncoder, iq stanza.IQ) error) string {
	t.Helper()
	near, far := net.Pipe()
	juliet := jid.MustParse("juliet@capulet.lit/balcony")
	session := line.Negotiated(t, juliet, near)
	go func() {
		_, _ = io.WriteString(far, "<iq xmlns='jabber:client' type='set' id='p1'><query xmlns='jabber:iq:roster'/></iq><end/>")
	}()
	written := make(chan string)
	go func() {
		b, _ := io.ReadAll(far)
		written <- string(b)
	}()
	_ = session.Serve(xmpp.HandlerFunc(func(tr xmlstream.TokenReadEncoder, start *xml.StartElement) error {
		if start.Name.Local == "end" {
			return io.EOF
		}
		iq, err := stanza.NewIQ(*start)
		if err != nil {
			return err
		}
		return handle(tr, iq)
	}))
	_ = near.Close()
	return <-written
}

// writer writes itself.
type writer struct{ stanza.IQ }

func (w writer) WriteXML(to xmlstream.TokenWriter) (int, error) {
	return xmlstream.Copy(to, w.Wrap(nil))
}

func TestWatchedAnswersAreThoseOfTheSession(t *testing.T) {
	result := func(iq stanza.IQ) stanza.IQ { return stanza.IQ{ID: iq.ID, Type: stanza.ResultIQ} }
	for name, answer := range map[string]func(stanza.IQ) any{
		"tokens":             func(iq stanza.IQ) any { return result(iq).Wrap(nil) },
		"what has tokens":    func(iq stanza.IQ) any { return stanza.IQ{ID: iq.ID, Type: stanza.ResultIQ} },
		"what writes itself": func(iq stanza.IQ) any { return writer{result(iq)} },
		"what is marshalled": func(iq stanza.IQ) any { return struct{ stanza.IQ }{result(iq)} },
	} {
		t.Run(name, func(t *testing.T) {
			plain := answered(t, func(tr xmlstream.TokenReadEncoder, iq stanza.IQ) error { return tr.Encode(answer(iq)) })
			for how, encode := range map[string]func(w *request.Watch, v any) error{
				"Encode": func(w *request.Watch, v any) error { return w.Encode(v) },
				"EncodeElement": func(w *request.Watch, v any) error {
					return w.EncodeElement(v, xml.StartElement{Name: xml.Name{Local: "iq"}})
				},
			} {
				noticed := false
				got := answered(t, func(tr xmlstream.TokenReadEncoder, iq stanza.IQ) error {
					w := &request.Watch{Replay: request.Replay{Encoder: tr, Rest: tr}, ID: iq.ID}
					err := encode(w, answer(iq))
					noticed = w.Answered
					return err
				})
				if got != plain || !noticed {
					t.Errorf("%s: %q, noticed: %t, want %q", how, got, noticed, plain)
				}
			}
		})
	}
}

func TestRefusalsDoNotCountAsAnswers(t *testing.T) {
	for name, tc := range map[string]struct {
		refusals bool
		want     string
	}{
		"that count":        {false, `<iq xmlns="jabber:client" id="p1" to="" type="error"></iq><iq xmlns="jabber:client" id="other" to="" type="result"></iq></stream`},
		"that do not count": {true, `<iq xmlns="jabber:client" id="other" to="" type="result"></iq><iq xmlns="jabber:client" type="error" id="p1"><error `},
	} {
		t.Run(name, func(t *testing.T) {
			noticed := false
			got := answered(t, func(tr xmlstream.TokenReadEncoder, iq stanza.IQ) error {
				w := &request.Watch{Replay: request.Replay{Encoder: tr, Rest: tr}, ID: iq.ID, Refusals: tc.refusals}
				for _, answer := range []stanza.IQ{{ID: iq.ID, Type: stanza.ErrorIQ}, {ID: "other", Type: stanza.ResultIQ}} {
					if err := w.Encode(answer); err != nil {
						return err
					}
				}
				noticed = w.Answered
				return nil
			})
			if !strings.HasPrefix(got, tc.want) || noticed == tc.refusals {
				t.Errorf("written: %s, noticed: %t", got, noticed)
			}
		})
	}
}
