package server_test

import (
	"testing"
	"testing/synctest"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/server"
)

func TestProbeOfAnythingButAContact(t *testing.T) {
	const (
		stranger = `mercutio@montague.lit`
		nobody   = `nobody@montague.lit`
		host     = `montague.lit`
		nowhere  = `nowhere.example`
		self     = `juliet@capulet.lit`
		ns       = `urn:ietf:params:xml:ns:xmpp-stanzas`
	)
	for _, test := range []struct {
		name      string
		behaviour server.Behaviour
		to, want  string
	}{
		{"Prosody drops what a stranger would get", server.ProsodyStock, stranger, ``},
		{"Prosody is silent on no account", server.ProsodyStock, nobody, ``},
		{"Prosody's host answers the bare address", server.ProsodyStock, host, `<presence from='montague.lit' to='juliet@capulet.lit' id='pr1'></presence>`},
		{"Prosody reaches no other domain", server.ProsodyStock, nowhere, `<presence type='error' from='nowhere.example' to='juliet@capulet.lit/balcony' id='pr1'><error type='cancel'><not-allowed xmlns='` + ns + `'/></error></presence>`},
		{"Prosody refuses ourselves", server.ProsodyStock, self, `<presence type='error' id='pr1'><error type='modify'><bad-request xmlns='` + ns + `'/></error></presence>`},
		{"ejabberd is silent on strangers", server.Ejabberd, stranger, ``},
		{"ejabberd's host is silent", server.Ejabberd, host, ``},
		{"ejabberd forbids another domain", server.Ejabberd, nowhere, `<presence type='error' from='nowhere.example' to='juliet@capulet.lit/balcony' id='pr1'><error type='auth'><forbidden xmlns='` + ns + `'/></error></presence>`},
		{"ejabberd is silent on ourselves", server.Ejabberd, self, ``},
		{"jabberd unsubscribes strangers", server.Jabberd, stranger, `<presence type='unsubscribed' from='mercutio@montague.lit' to='juliet@capulet.lit'/>`},
		{"XEP-0318's host says since when", server.XEP0318, host, `<presence from='montague.lit' to='juliet@capulet.lit' id='pr1'><delay xmlns='urn:xmpp:delay' from='montague.lit' stamp='2000-01-01T00:00:00Z'/></presence>`},
		{"Silent is silent on strangers", server.Silent, stranger, ``},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: test.behaviour})
				s.AddAccount(jid.MustParse(self), "secret")
				s.AddAccount(jid.MustParse(stranger), "secret")
				l := login(t, s, self+"/balcony")
				if got := l.ask(t, `<presence type='probe' to='`+test.to+`' id='pr1'/>`); got != test.want {
					t.Errorf("probe of %s got\n%s\nwant\n%s", test.to, got, test.want)
				}
				_ = l.Conn().Close()
				_ = s.Close()
			})
		})
	}
}
