package server_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"example.org/lastpresence/internal/testbed/server"
)

var update = flag.Bool("update", false, "write the golden files anew, to be compared with real servers")

// Each case is a story about Romeo, or somebody else, and the address that
// Juliet then asks about: a probe, and a query for last activity behind it.
var cases = []struct {
	name, to string
	story    func(t *testing.T, s *server.Server)
}{
	{"online, one resource", "romeo@montague.lit", online},
	{"online, two resources", "romeo@montague.lit", func(t *testing.T, s *server.Server) {
		online(t, s)
		login(t, s, "romeo@montague.lit/tomb").Say(`<presence xml:lang='en' id='old2'><show>dnd</show></presence>`)
	}},
	{"online, that resource", "romeo@montague.lit/orchard", online},
	{"online, another resource", "romeo@montague.lit/nope", online},
	{"connected, not available", "romeo@montague.lit", func(t *testing.T, s *server.Server) {
		login(t, s, "romeo@montague.lit/orchard")
	}},
	{"offline, said goodbye", "romeo@montague.lit", func(t *testing.T, s *server.Server) {
		visit(t, s, `<presence type='unavailable'><status>Going offline. Out of battery.</status></presence>`)
	}},
	{"offline, said nothing", "romeo@montague.lit", func(t *testing.T, s *server.Server) {
		visit(t, s, `<presence type='unavailable'/>`)
	}},
	{"offline, connection broke", "romeo@montague.lit", func(t *testing.T, s *server.Server) { visit(t, s, ``) }},
	{"online again after a goodbye", "romeo@montague.lit", func(t *testing.T, s *server.Server) {
		visit(t, s, `<presence type='unavailable'><status>Going offline. Out of battery.</status></presence>`)
		online(t, s)
	}},
	{"never online", "romeo@montague.lit", nil},
	{"not subscribed", "mercutio@montague.lit", nil},
	{"no such account", "nobody@montague.lit", nil},
	{"another host", "montague.lit", nil},
	{"the own host", "capulet.lit", nil},
	{"a domain that cannot be reached", "nowhere.example", nil},
	{"ourselves", "juliet@capulet.lit", nil},
}

func online(t *testing.T, s *server.Server) {
	login(t, s, "romeo@montague.lit/orchard").Say(`<presence id='old1'><status>Here</status></presence>`)
}

// visit has Romeo come, and leave with those words or none.
func visit(t *testing.T, s *server.Server, goodbye string) {
	r := login(t, s, "romeo@montague.lit/orchard")
	r.Say(`<presence id='old1'><show>away</show><status>Here</status></presence>`)
	synctest.Wait()
	aWhile()
	if goodbye == "" {
		s.Cut(romeo)
	} else {
		r.Say(goodbye)
	}
	_ = r.Conn().Close()
	synctest.Wait()
}

func TestBehaviours(t *testing.T) {
	for file, b := range map[string]server.Behaviour{
		"prosody-stock":  server.ProsodyStock,
		"prosody-stamps": server.ProsodyStamps,
		"prosody":        server.ProsodyShipped,
		"ejabberd":       server.Ejabberd,
		"jabberd2":       server.Jabberd2,
		"jackal":         server.Jackal,
		"metronome":      server.Metronome,
		"openfire":       server.Openfire,
		"tigase":         server.Tigase,
		"jabberd":        server.Jabberd,
		"xep-0318":       server.XEP0318,
		"silent":         server.Silent,
	} {
		t.Run(b.Name, func(t *testing.T) {
			var got strings.Builder
			for _, test := range cases {
				fmt.Fprintf(&got, "<!-- %s: %s -->\n", test.name, test.to)
				bubble(t, b, func(t *testing.T, s *server.Server) {
					s.Befriend(juliet, romeo, "Romeo")
					if test.story != nil {
						test.story(t, s)
					}
					synctest.Wait()
					aWhile()
					j := login(t, s, "juliet@capulet.lit/balcony")
					for _, stanza := range j.Ask(fmt.Sprintf(`<presence type='probe' to='%[1]s' id='pr1'/><iq type='get' to='%[1]s' id='la1'><query xmlns='jabber:iq:last'/></iq>`, test.to)) {
						fmt.Fprintln(&got, stanza)
					}
					if n := s.Count(juliet, server.Probes); n != 1 {
						t.Errorf("%d probes counted, want 1", n)
					}
				})
			}
			golden(t, file, got.String())
		})
	}
}

func TestWhatArrivesAtLogin(t *testing.T) {
	var got strings.Builder
	for _, b := range []server.Behaviour{
		server.ProsodyStock, server.ProsodyStamps, server.Ejabberd, server.Openfire,
		server.Tigase, server.Jabberd, server.XEP0318, server.Silent,
		server.ProsodyShipped, server.Jabberd2, server.Jackal, server.Metronome,
	} {
		fmt.Fprintf(&got, "<!-- %s: Benvolio is online, Romeo offline -->\n", b.Name)
		bubble(t, b, func(t *testing.T, s *server.Server) {
			s.Befriend(juliet, romeo, "Romeo")
			s.Befriend(juliet, benvolio, "Benvolio")
			visit(t, s, `<presence type='unavailable'><status>Going offline. Out of battery.</status></presence>`)
			login(t, s, "benvolio@montague.lit/street").Say(`<presence><status>Part, fools!</status></presence>`)
			synctest.Wait()
			j := login(t, s, "juliet@capulet.lit/balcony")
			for _, stanza := range j.Ask(`<presence/>`) {
				fmt.Fprintln(&got, stanza)
			}
			if n := s.Count(juliet, server.Probes); n != 0 {
				t.Errorf("%d probes counted, want 0: the server's own do not count", n)
			}
		})
	}
	golden(t, "at-login", got.String())
}

// golden compares with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".xml")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}
