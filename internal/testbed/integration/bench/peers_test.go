// Package bench compares the library with others that read presence. Command
// table runs it for docs/SPEED.md.
package bench

import (
	"bufio"
	"encoding/xml"
	"io"
	"net"
	"strings"
	"testing"

	xmppo "github.com/xmppo/go-xmpp"
	gosrc "gosrc.io/xmpp/stanza"

	"example.org/lastpresence/probe"
)

// header begins a stream.
const header = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='capulet.lit' id='1' version='1.0'>`

// reply is what XEP-0318 shows in answer to a probe.
const reply = `<presence from='romeo@montague.lit' to='juliet@capulet.lit/balcony' type='unavailable' id='s5k2'>` +
	`<status>Going offline. Out of battery.</status>` +
	`<delay xmlns='urn:xmpp:delay' from='romeo@montague.lit/orchard' stamp='2012-09-10T23:41:07Z'/></presence>`

// serve sends so many replies to whoever connects, after letting in whoever is
// to log in. It returns where.
func serve(b *testing.B, replies int, login bool) (addr string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		if login {
			letIn(conn)
		} else {
			_, _ = io.WriteString(conn, header)
		}
		w := bufio.NewWriterSize(conn, 64<<10)
		for range replies {
			_, _ = w.WriteString(reply)
		}
		_ = w.Flush()
	}()
	return l.Addr().String()
}

// letIn plays the part of a server to a client that logs in, however it does.
func letIn(conn net.Conn) {
	r := bufio.NewReader(conn)
	for _, step := range []struct{ until, say string }{
		{"version='1.0'>", header + `<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`},
		{"</auth>", `<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>`},
		{"version='1.0'>", header + `<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>`},
		{"</iq>", `<iq type='result' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@capulet.lit/balcony</jid></bind></iq>`},
		{"</presence>", ""},
	} {
		for heard := ""; !strings.HasSuffix(heard, step.until); {
			c, err := r.ReadByte()
			if err != nil {
				return
			}
			heard += string(c)
		}
		_, _ = io.WriteString(conn, step.say)
	}
}

// dial returns a decoder of a stream of replies.
func dial(b *testing.B, replies int) *xml.Decoder {
	conn, err := net.Dial("tcp", serve(b, replies, false))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	d := xml.NewDecoder(conn)
	if _, err := d.Token(); err != nil {
		b.Fatal(err)
	}
	return d
}

// BenchmarkPeers reads the reply from a connection, as each library reads a stanza:
// the others keep neither delay nor addresses that are known to be valid.
func BenchmarkPeers(b *testing.B) {
	b.Run("ours", func(b *testing.B) {
		d := dial(b, b.N)
		b.ReportAllocs()
		b.ResetTimer()
		for range b.N {
			if p, err := probe.ReadPresence(d); err != nil || p.Status() == "" || p.Delay.Stamp.IsZero() {
				b.Fatal(p, err)
			}
		}
	})
	b.Run("gosrc", func(b *testing.B) {
		d := dial(b, b.N)
		b.ReportAllocs()
		b.ResetTimer()
		for range b.N {
			packet, err := gosrc.NextPacket(d)
			if p, ok := packet.(gosrc.Presence); err != nil || !ok || p.Status == "" {
				b.Fatal(packet, err)
			}
		}
	})
	b.Run("xmppo", func(b *testing.B) {
		client, err := xmppo.Options{Host: serve(b, b.N, true), User: "juliet@capulet.lit", Password: "secret",
			NoTLS: true, InsecureAllowUnencryptedAuth: true, Mechanism: "PLAIN"}.NewClient()
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = client.Close() })
		b.ReportAllocs()
		b.ResetTimer()
		for range b.N {
			packet, err := client.Recv()
			if p, ok := packet.(xmppo.Presence); err != nil || !ok || p.Status == "" {
				b.Fatal(packet, err)
			}
		}
	})
}
