package probe_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	melliumdelay "mellium.im/xmpp/delay"
	"mellium.im/xmpp/stanza"
	"mellium.im/xmpp/stream"

	"example.org/lastpresence/probe"
)

// playback reads tokens, and after rewind again.
type playback struct {
	tokens []xml.Token
	next   int
}

func (p *playback) Token() (xml.Token, error) {
	if p.next == len(p.tokens) {
		return nil, io.EOF
	}
	p.next++
	return p.tokens[p.next-1], nil
}

func (p *playback) rewind() xml.TokenReader {
	p.next = 0
	return p
}

// BenchmarkReadPresence reads the reply that XEP-0318 shows, from tokens beside
// what encoding/xml makes of them, and from bytes beside no more than having
// them decoded.
func BenchmarkReadPresence(b *testing.B) {
	tokens, err := xmlstream.ReadAll(xml.NewDecoder(strings.NewReader(reply)))
	if err != nil {
		b.Fatal(err)
	}
	played := &playback{tokens: tokens}
	b.Run("tokens", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if p, err := probe.ReadPresence(played.rewind()); err != nil || p.Delay.Stamp.IsZero() {
				b.Fatal(p, err)
			}
		}
	})
	b.Run("tokens, by encoding xml", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var p struct {
				stanza.Presence
				Status string             `xml:"status"`
				Delay  melliumdelay.Delay `xml:"urn:xmpp:delay delay"`
			}
			if err := xml.NewTokenDecoder(played.rewind()).Decode(&p); err != nil || p.Delay.Time.IsZero() {
				b.Fatal(p, err)
			}
		}
	})
	b.Run("bytes", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if p, err := probe.ReadPresence(xml.NewDecoder(strings.NewReader(reply))); err != nil || p.Delay.Stamp.IsZero() {
				b.Fatal(p, err)
			}
		}
	})
	b.Run("bytes, only decoded", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d := xml.NewDecoder(strings.NewReader(reply))
			for {
				if _, err := d.Token(); err == io.EOF {
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// drain is a connection whose other side takes everything and says nothing.
type drain struct{ net.Conn }

func (drain) Write(p []byte) (int, error)      { return len(p), nil }
func (drain) SetWriteDeadline(time.Time) error { return nil }
func (drain) SetDeadline(time.Time) error      { return nil }

// BenchmarkStanza encodes a probe through a session's token writer, beside one
// whose id is there already, and beside no more than having it encoded.
func BenchmarkStanza(b *testing.B) {
	near, _ := net.Pipe()
	session, err := xmpp.NewSession(context.Background(), romeo.Domain(), romeo, drain{near}, xmpp.Secure|xmpp.Authn,
		func(context.Context, *stream.Info, *stream.Info, *xmpp.Session, any) (xmpp.SessionState, io.ReadWriter, any, error) {
			return xmpp.Ready, nil, nil, nil
		})
	if err != nil {
		b.Fatal(err)
	}
	w := session.TokenWriter()
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := xmlstream.Copy(w, probe.Stanza(romeo)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("only encoded", func(b *testing.B) {
		tokens, err := xmlstream.ReadAll(probe.Stanza(romeo))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			for _, tok := range tokens {
				if err := w.EncodeToken(tok); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("wrapped", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p := stanza.Presence{ID: "4H3K6KSUYZVPEYM7", To: romeo.Bare(), Type: stanza.ProbePresence}
			if _, err := xmlstream.Copy(w, p.Wrap(nil)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkHandler has a session hear 100,000 presences of all kinds over
// loopback, with the Client's handler and with none.
func BenchmarkHandler(b *testing.B) {
	const stanzas = 100_000
	var text strings.Builder
	for i := range stanzas {
		from := fmt.Sprintf("contact%d@montague.lit/orchard", i%1000)
		switch i % 4 {
		case 0:
			fmt.Fprintf(&text, "<presence from='%s'><show>away</show><status>Pacing</status><priority>5</priority></presence>", from)
		case 1:
			fmt.Fprintf(&text, "<presence from='%s' type='unavailable'><status>Bye</status></presence>", from)
		case 2:
			fmt.Fprintf(&text, "<presence from='%s'><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>", from)
		case 3:
			fmt.Fprintf(&text, "<presence from='%s'><status>Back</status><delay xmlns='urn:xmpp:delay' from='montague.lit' stamp='2012-09-10T23:41:07Z'/></presence>", from)
		}
	}
	input := text.String() + "<iq type='result' id='end'/>"
	for _, name := range []string{"ours", "none"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					b.Fatal(err)
				}
				go func() {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					_, _ = io.WriteString(conn, input)
				}()
				conn, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					b.Fatal(err)
				}
				session, err := xmpp.NewSession(context.Background(), juliet.Domain(), juliet, conn, xmpp.Secure|xmpp.Authn,
					func(_ context.Context, in, out *stream.Info, _ *xmpp.Session, _ any) (xmpp.SessionState, io.ReadWriter, any, error) {
						in.XMLNS, out.XMLNS = stanza.NSClient, stanza.NSClient
						return xmpp.Ready, nil, nil, nil
					})
				if err != nil {
					b.Fatal(err)
				}
				heard := 0
				var h xmpp.Handler = xmpp.HandlerFunc(func(_ xmlstream.TokenReadEncoder, start *xml.StartElement) error {
					if heard++; start.Name.Local == "iq" {
						return io.EOF
					}
					return nil
				})
				if name == "ours" {
					h = probe.NewClient(session).Handler(h)
				}
				b.StartTimer()
				_ = session.Serve(h)
				b.StopTimer()
				if heard != stanzas+1 {
					b.Fatalf("%d stanzas were heard", heard)
				}
				_ = conn.Close()
				_ = l.Close()
				b.StartTimer()
			}
		})
	}
}
