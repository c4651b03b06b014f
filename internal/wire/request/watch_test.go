package request_test

import (
	"encoding/xml"
	"io"
	"net"
	"slices"
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

// reader has tokens and no other way to be written.
type reader struct{ of stanza.IQ }

func (r reader) TokenReader() xml.TokenReader { return r.of.Wrap(nil) }

func TestWatchWritesWhatTheSessionWould(t *testing.T) {
	result := func(iq stanza.IQ) stanza.IQ { return stanza.IQ{ID: iq.ID, Type: stanza.ResultIQ} }
	for name, answer := range map[string]func(stanza.IQ) any{
		"tokens":             func(iq stanza.IQ) any { return result(iq).Wrap(nil) },
		"what has tokens":    func(iq stanza.IQ) any { return reader{result(iq)} },
		"an IQ":              func(iq stanza.IQ) any { return result(iq) },
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

// encoder writes to a text.
type encoder struct{ *xml.Encoder }

func TestWatchRecognisesAnswersAndDropsRefusals(t *testing.T) {
	const iq, condition = `<iq xmlns="jabber:client" type="error" id="p1">`, ` xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"></`
	su, fni, forbidden := "<service-unavailable"+condition+"service-unavailable>", "<feature-not-implemented"+condition+"feature-not-implemented>", "<forbidden"+condition+"forbidden>"
	refusal := func(content string) string {
		return iq + `<error xmlns="jabber:client" type="cancel">` + content + "</error></iq>"
	}
	for name, tt := range map[string]struct {
		in       string
		answered bool
		dropped  bool
	}{
		"unavailable":                {refusal(su), false, true},
		"not implemented":            {refusal(fni), false, true},
		"without a condition":        {refusal(""), false, true},
		"forbidden":                  {refusal(forbidden), true, false},
		"forbidden, behind a text":   {refusal("<text" + condition + "text>" + forbidden), true, false},
		"unavailable, behind a text": {refusal("<text" + condition + "text>" + su), false, true},
		"behind what was asked":      {iq + `<query xmlns="jabber:iq:roster"></query><error xmlns="jabber:client" type="cancel">` + forbidden + "</error></iq>", true, false},
		"in another namespace":       {refusal(`<forbidden xmlns="urn:x"></forbidden>` + su), false, true},
		"a result":                   {`<iq xmlns="jabber:client" type="result" id="p1"></iq>`, true, false},
		"another's result":           {`<iq xmlns="jabber:client" type="result" id="p2"></iq>`, false, false},
		"a request of the same id":   {`<iq xmlns="jabber:client" type="get" id="p1"></iq>`, false, false},
		"a result inside a message":  {`<message xmlns="jabber:client"><iq xmlns="jabber:client" type="result" id="p1"></iq></message>`, false, false},
		"a message of the same id":   {`<message xmlns="jabber:client" type="result" id="p1"></message>`, false, false},
		"dropped, and then a result": {refusal(su) + `<iq xmlns="jabber:client" type="result" id="p1"></iq>`, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			e := xml.NewEncoder(&b)
			w := &request.Watch{Replay: request.Replay{Encoder: encoder{e}}, ID: "p1", Refusals: true}
			if _, err := xmlstream.Copy(w, namespaced(tt.in)); err != nil {
				t.Fatal(err)
			}
			if err := e.Flush(); err != nil {
				t.Fatal(err)
			}
			want := tt.in
			if tt.dropped {
				want = strings.TrimPrefix(tt.in, refusal(su))
				if want == tt.in {
					want = ""
				}
			}
			if b.String() != want || w.Answered != tt.answered {
				t.Errorf("written: %s\nwant: %s\nanswered: %v, want %v", b.String(), want, w.Answered, tt.answered)
			}
		})
	}
}

// namespaced reads tokens without their xmlns attributes, which an encoder adds.
func namespaced(s string) xml.TokenReader {
	d := xml.NewDecoder(strings.NewReader(s))
	return xmlstream.ReaderFunc(func() (xml.Token, error) {
		tok, err := d.Token()
		if start, ok := tok.(xml.StartElement); ok {
			start.Attr = slices.DeleteFunc(start.Attr, func(a xml.Attr) bool { return a.Name.Local == "xmlns" })
			return start, err
		}
		return tok, err
	})
}
