package csi_test

import (
	"encoding/xml"
	"net"
	"strings"
	"testing"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/line"
	"example.org/lastpresence/internal/wire/csi"
)

func TestElements(t *testing.T) {
	for want, r := range map[string]xml.TokenReader{
		`<active xmlns="urn:xmpp:csi:0"></active>`:     csi.Active(),
		`<inactive xmlns="urn:xmpp:csi:0"></inactive>`: csi.Inactive(),
	} {
		var b strings.Builder
		e := xml.NewEncoder(&b)
		if _, err := xmlstream.Copy(e, r); err != nil {
			t.Fatal(err)
		}
		if err := e.Flush(); err != nil {
			t.Fatal(err)
		}
		if b.String() != want {
			t.Errorf("got %s, want %s", b.String(), want)
		}
	}
}

// recorder keeps what is written to it, and each time on its own.
type recorder struct {
	net.Conn
	writes []string
}

func (r *recorder) Write(p []byte) (int, error) {
	r.writes = append(r.writes, string(p))
	return len(p), nil
}

func TestIndicateSendsTheElementAndStanzasInOneFlush(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	conn := &recorder{Conn: near}
	session := line.Negotiated(t, jid.MustParse("juliet@capulet.lit/balcony"), conn)
	for active, want := range map[bool]string{true: "<active ", false: "<inactive "} {
		conn.writes = nil
		if err := csi.Indicate(t.Context(), session, active, stanza.Presence{ID: "behind"}.Wrap(nil)); err != nil {
			t.Fatal(err)
		}
		if len(conn.writes) != 1 || !strings.HasPrefix(conn.writes[0], want) || !strings.HasSuffix(conn.writes[0], "</presence>") {
			t.Errorf("active %v: written %q", active, conn.writes)
		}
	}
}
