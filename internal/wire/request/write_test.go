package request_test

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
	"mellium.im/xmpp/stream"

	"example.org/lastpresence/internal/testbed/line"
	"example.org/lastpresence/internal/wire/request"
)

// recorder keeps what is written to it, and each time on its own.
type recorder struct {
	net.Conn
	writes []string
}

func (r *recorder) Write(p []byte) (int, error) {
	r.writes = append(r.writes, string(p))
	return len(p), nil
}

func TestWriteFlushesOnceUnlessStanzasAreFramed(t *testing.T) {
	for namespace, want := range map[string]int{
		stanza.NSClient:                       1,
		"urn:ietf:params:xml:ns:xmpp-framing": 2,
	} {
		t.Run(namespace, func(t *testing.T) {
			near, far := net.Pipe()
			defer near.Close()
			defer far.Close()
			conn := &recorder{Conn: near}
			juliet := jid.MustParse("juliet@capulet.lit/balcony")
			session, err := xmpp.NewSession(t.Context(), juliet.Domain(), juliet, conn, xmpp.Secure|xmpp.Authn,
				func(_ context.Context, in, out *stream.Info, _ *xmpp.Session, _ any) (xmpp.SessionState, io.ReadWriter, any, error) {
					in.XMLNS, out.XMLNS = namespace, stanza.NSClient
					return xmpp.Ready, nil, nil, nil
				})
			if err != nil {
				t.Fatal(err)
			}
			conn.writes = nil
			if err := request.Write(session, stanza.Presence{ID: "1"}.Wrap(nil), stanza.Presence{ID: "2"}.Wrap(nil)); err != nil {
				t.Fatal(err)
			}
			if len(conn.writes) != want || strings.Count(strings.Join(conn.writes, ""), "<presence") != 2 {
				t.Errorf("written: %q, want %d pieces", conn.writes, want)
			}
		})
	}
}

var (
	errBroken = errors.New("broken")
	presence  = xml.StartElement{Name: xml.Name{Local: "presence"}}
	status    = xml.StartElement{Name: xml.Name{Local: "status"}}
)

// tokens reads the tokens, and then fails if it is told to.
func tokens(err error, toks ...xml.Token) xml.TokenReader {
	return xmlstream.ReaderFunc(func() (xml.Token, error) {
		if len(toks) == 0 {
			return nil, err
		}
		tok := toks[0]
		toks = toks[1:]
		return tok, nil
	})
}

func TestWriteWritesNothingOfAnIncompleteStanza(t *testing.T) {

	for name, broken := range map[string]func() xml.TokenReader{
		"fails":                func() xml.TokenReader { return tokens(errBroken, presence, status) },
		"does not end":         func() xml.TokenReader { return tokens(io.EOF, presence, status, status.End()) },
		"ends what it did not": func() xml.TokenReader { return tokens(io.EOF, presence, status.End(), presence.End()) },
		"ends twice":           func() xml.TokenReader { return tokens(io.EOF, presence, presence.End(), presence.End()) },
		"has no name":          func() xml.TokenReader { return tokens(io.EOF, presence, xml.StartElement{}) },
		"has a comment":        func() xml.TokenReader { return tokens(io.EOF, presence, xml.Comment("-->"), presence.End()) },
		"has an instruction":   func() xml.TokenReader { return tokens(io.EOF, presence, xml.ProcInst{}, presence.End()) },
		"ends in another's name": func() xml.TokenReader {
			return tokens(io.EOF, presence, xml.EndElement{Name: xml.Name{Space: "urn:x", Local: "presence"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			near, far := net.Pipe()
			defer near.Close()
			defer far.Close()
			conn := &recorder{Conn: near}
			session := line.Negotiated(t, jid.MustParse("juliet@capulet.lit/balcony"), conn)
			conn.writes = nil
			whole := func(id string) xml.TokenReader { return stanza.Presence{ID: id}.Wrap(nil) }
			if err := request.Write(session, whole("1"), broken()); err == nil {
				t.Error("Write succeeded")
			}
			if err := request.Send(t.Context(), session, broken()); err == nil {
				t.Error("Send succeeded")
			}
			w := session.TokenWriter()
			if err := request.Copy(w, broken()); err == nil {
				t.Error("Copy succeeded")
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
			if got := strings.Join(conn.writes, ""); got != "" {
				t.Errorf("written: %s", got)
			}
			if err := request.Write(session, whole("2")); err != nil {
				t.Error(err)
			}
			if got := strings.Join(conn.writes, ""); strings.Count(got, "<presence") != 1 || !strings.HasSuffix(got, "</presence>") {
				t.Errorf("written afterwards: %s", got)
			}
		})
	}
}

// What Write costs, beside a writer that begins before it knows the end.
func BenchmarkWrite(b *testing.B) {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	session := line.Negotiated(b, jid.MustParse("juliet@capulet.lit/balcony"), &sink{Conn: near})
	stanzas := func() []xml.TokenReader {
		return []xml.TokenReader{stanza.Presence{ID: "1", Type: stanza.ProbePresence}.Wrap(nil), stanza.IQ{ID: "2", Type: stanza.GetIQ}.Wrap(xmlstream.Wrap(nil, status))}
	}
	b.Run("whole", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := request.Write(session, stanzas()...); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("as it comes", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w := session.TokenWriter()
			for _, s := range stanzas() {
				if _, err := xmlstream.Copy(w, s); err != nil {
					b.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// sink takes what is written.
type sink struct{ net.Conn }

func (s *sink) Write(p []byte) (int, error) {
	return len(p), nil
}
