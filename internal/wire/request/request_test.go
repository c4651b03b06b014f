package request_test

import (
	"context"
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
