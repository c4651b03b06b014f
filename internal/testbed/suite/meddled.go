package suite

import (
	"context"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/ping"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/probe"
)

// meddled is Juliet's client, whose incoming stanzas are meddled with.
type meddled struct {
	*probe.Client
	next   xmpp.Handler
	asking chan bool // of capacity 1: while it holds something, stanzas are meddled with
	meddle func(incoming) []any
}

func newMeddled(t *testing.T, w World) *meddled {
	t.Helper()
	session := w.Login(t, Juliet)
	// No case may wait for the time-out: that would be an error of the context.
	c := &meddled{Client: probe.NewClient(session, probe.Timeout(2*patience), probe.CoolDown(0)), asking: make(chan bool, 1)}
	c.next = c.Client.Handler(nil)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = session.Serve(c)
	}()
	t.Cleanup(func() {
		_ = c.Close()
		_ = session.Conn().Close()
		<-served
	})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel) // not at once: a session whose Send just returned could fail the next write
	if err := session.Send(ctx, stanza.Presence{}.Wrap(nil)); err != nil {
		t.Fatal(err)
	}
	if err := ping.Send(ctx, session, session.RemoteAddr()); err != nil {
		t.Fatalf("wait for the server: %v", err)
	}
	return c
}

func (c *meddled) ask(t *testing.T, to jid.JID) probe.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c.asking <- c.meddle != nil
	defer func() { <-c.asking }()
	a, err := c.Probe(ctx, to)
	if err != nil {
		t.Fatalf("Probe(%s): %v", to, err)
	}
	return a
}

// HandleXMPP implements xmpp.Handler.
func (c *meddled) HandleXMPP(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
	tokens, err := xmlstream.ReadAll(t)
	if err != nil {
		return err
	}
	in := incoming{start: *start, tokens: tokens}
	var typ string
	for _, a := range start.Attr {
		switch a.Name.Local {
		case "id":
			in.id = a.Value
		case "from":
			in.from = a.Value
		case "type":
			typ = a.Value
		}
	}
	in.presence = start.Name.Local == "presence"
	in.fence = start.Name.Local == "iq" && (typ == "result" || typ == "error")
	all := []any{in}
	select {
	case meddle := <-c.asking:
		c.asking <- meddle
		if meddle {
			all = c.meddle(in)
		}
	default:
	}
	for _, one := range all {
		if text, ok := one.(string); ok {
			if in, err = parse(text); err != nil {
				return err
			}
		} else {
			in = one.(incoming)
		}
		begin, rest := in.start.Copy(), in.tokens
		next := xmlstream.ReaderFunc(func() (xml.Token, error) {
			if len(rest) == 0 {
				return nil, nil
			}
			tok := rest[0]
			rest = rest[1:]
			return tok, nil
		})
		if err := c.next.HandleXMPP(encoder{next, t}, &begin); err != nil {
			return err
		}
	}
	return nil
}

type encoder struct {
	xml.TokenReader
	xmlstream.Encoder
}

// incoming is a stanza on its way to the client.
type incoming struct {
	start    xml.StartElement
	tokens   []xml.Token // what follows, up to the end
	id, from string
	presence bool
	fence    bool // the answer to a query
}

// seconds is the answer with another time.
func (in incoming) seconds(n int) string {
	return fmt.Sprintf("<iq xmlns='jabber:client' from='%s' id='%s' type='result'><query xmlns='jabber:iq:last' seconds='%d'/></iq>", in.from, in.id, n)
}

// refused is an error in the answer's place.
func (in incoming) refused(typ, condition string) string {
	return fmt.Sprintf("<iq xmlns='jabber:client' from='%s' id='%s' type='error'><error type='%s'><%s xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>", in.from, in.id, typ, condition)
}

// text is the stanza as XML.
func (in incoming) text() string {
	var b strings.Builder
	e := xml.NewEncoder(&b)
	for _, tok := range append([]xml.Token{in.start}, in.tokens...) {
		if err := e.EncodeToken(tok); err != nil {
			return err.Error()
		}
	}
	_ = e.Flush()
	return b.String()
}

func parse(text string) (incoming, error) {
	tokens, err := xmlstream.ReadAll(xml.NewDecoder(strings.NewReader(text)))
	if err != nil || len(tokens) == 0 {
		return incoming{}, fmt.Errorf("suite: %q: %w", text, err)
	}
	return incoming{start: tokens[0].(xml.StartElement), tokens: tokens[1:]}, nil
}
