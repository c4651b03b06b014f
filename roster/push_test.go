package roster

import (
	"encoding/xml"
	"strings"
	"testing"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/server"
)

// answers keeps what a handler writes.
type answers struct {
	xml.TokenReader
	*xml.Encoder
}

func TestARosterPushIsAcceptedOnlyFromOurAccount(t *testing.T) {
	srv := server.New(server.Config{Domains: []string{"capulet.lit"}, Behaviour: server.Silent})
	defer func() { _ = srv.Close() }()
	juliet := jid.MustParse("juliet@capulet.lit/balcony")
	srv.AddAccount(juliet, "")
	session, err := srv.Session(t.Context(), juliet)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Conn().Close()
	for _, tc := range []struct {
		name, from string
		believed   bool
	}{
		{"no sender", "", true},
		{"the bare own address", "from='juliet@capulet.lit'", true},
		{"a stranger", "from='tybalt@capulet.lit'", false},
		{"our own server", "from='capulet.lit'", false},
		{"another own resource", "from='juliet@capulet.lit/other'", false},
		{"a look-alike", "from='juliet@capulet.lit.example'", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := New(session)
			forwarded := 0
			h := handler{cache: c, link: c.current(), next: xmpp.HandlerFunc(func(xmlstream.TokenReadEncoder, *xml.StartElement) error {
				forwarded++
				return nil
			})}
			d := xml.NewDecoder(strings.NewReader(`<iq xmlns='jabber:client' type='set' id='push1' ` + tc.from +
				`><query xmlns='jabber:iq:roster'><item jid='romeo@montague.lit' subscription='both'/></query></iq>`))
			tok, err := d.Token()
			if err != nil {
				t.Fatal(err)
			}
			start := tok.(xml.StartElement)
			var b strings.Builder
			w := answers{TokenReader: xmlstream.InnerElement(d), Encoder: xml.NewEncoder(&b)}
			if err := h.HandleXMPP(w, &start); err != nil {
				t.Fatal(err)
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			_, known := c.Contact(jid.MustParse("romeo@montague.lit"))
			answered := strings.Count(b.String(), "<iq")
			if known != tc.believed || forwarded == 1 != tc.believed || answered == 1 != tc.believed {
				t.Errorf("believed %v, forwarded %d times, answered %q", known, forwarded, b.String())
			}
		})
	}
}
