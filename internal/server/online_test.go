package server_test

import (
	"testing"
	"testing/synctest"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/server"
)

func TestProbeOfAnOnlineContact(t *testing.T) {
	const bare = `romeo@montague.lit`
	const head = `<presence from='romeo@montague.lit/orchard' to='juliet@capulet.lit/balcony' id='old'>`
	prosody := head + `<delay xmlns='urn:xmpp:delay' from='montague.lit' stamp='2000-01-01T00:00:00Z'/></presence>`
	ejabberd := head + `<delay xmlns='urn:xmpp:delay' from='romeo@montague.lit/orchard' stamp='2000-01-01T00:00:00.000000Z'/></presence>`
	for _, test := range []struct {
		name      string
		behaviour server.Behaviour
		to, want  string
	}{
		{"Prosody, bare", server.ProsodyStock, bare, prosody},
		{"Prosody, another resource", server.ProsodyStock, bare + "/nope", prosody},
		{"ejabberd, full", server.Ejabberd, bare + "/orchard", ejabberd},
		{"ejabberd, another resource", server.Ejabberd, bare + "/nope", ``},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: test.behaviour})
				juliet, romeo := jid.MustParse("juliet@capulet.lit"), jid.MustParse(bare)
				s.AddAccount(juliet, "secret")
				s.AddAccount(romeo, "secret")
				s.Befriend(juliet, romeo, "Romeo")
				r, l := login(t, s, bare+"/orchard"), login(t, s, "juliet@capulet.lit/balcony")
				r.ask(t, `<presence id='old'/>`)
				// An IQ behind the probe releases what FenceFirst holds back.
				got := l.ask(t, `<presence type='probe' to='`+test.to+`' id='pr1'/><iq type='result' id='x' to='romeo@montague.lit/away'/>`)
				if got != test.want {
					t.Errorf("probe of %s got\n%s\nwant\n%s", test.to, got, test.want)
				}
				_, _ = r.Conn().Close(), l.Conn().Close()
				_ = s.Close()
			})
		})
	}
}
