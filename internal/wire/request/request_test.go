package request_test

import (
	"context"
	"encoding/xml"
	"io"
	"net"
	"strings"
	"testing"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
	"mellium.im/xmpp/stream"

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

func TestStanzasLeaveTogetherUnlessTheyAreFramed(t *testing.T) {
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

func TestAnswersCountOnlyFromWhomWasAsked(t *testing.T) {
	self := jid.MustParse("juliet@capulet.lit/balcony")
	for _, tc := range []struct {
		name, asked, from string
		want              bool
	}{
		{"the contact", "romeo@montague.lit", "romeo@montague.lit", true},
		{"a resource of the contact", "romeo@montague.lit", "romeo@montague.lit/orchard", false},
		{"nobody, for a contact", "romeo@montague.lit", "", false},
		{"our server, for a contact", "romeo@montague.lit", "capulet.lit", false},
		{"nobody, for the account", "", "", true},
		{"the account", "", "juliet@capulet.lit", true},
		{"our server, for the account", "", "capulet.lit", true},
		{"the session, for the account", "", "juliet@capulet.lit/balcony", true},
		{"another session, for the account", "", "juliet@capulet.lit/chamber", false},
		{"another server, for the account", "", "montague.lit", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var table request.Table
			var asked jid.JID
			if tc.asked != "" {
				asked = jid.MustParse(tc.asked)
			}
			read := false
			id := table.Add(asked, func(*xml.StartElement, xml.TokenReader) { read = true })
			start := xml.StartElement{Name: xml.Name{Local: "iq"}, Attr: []xml.Attr{
				{Name: xml.Name{Local: "type"}, Value: "result"}, {Name: xml.Name{Local: "id"}, Value: id}}}
			if tc.from != "" {
				start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: "from"}, Value: tc.from})
			}
			if got := table.Handle(&start, xml.NewDecoder(strings.NewReader("")), self); got != tc.want || read != tc.want {
				t.Errorf("handled %t, read %t, want %t", got, read, tc.want)
			}
		})
	}
}
