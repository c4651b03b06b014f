package server_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/lastpresence/internal/testbed/server"
)

const (
	active   = `<active xmlns='urn:xmpp:csi:0'/>`
	inactive = `<inactive xmlns='urn:xmpp:csi:0'/>`
	ping     = `<iq type='get' to='capulet.lit' id='p'><ping xmlns='urn:xmpp:ping'/></iq>`
	asked    = `<presence type='probe' to='romeo@montague.lit'/>`
	fenced   = asked + `<iq type='get' to='romeo@montague.lit' id='la'><query xmlns='jabber:iq:last'/></iq>`
)

// summary says of each stanza what it is, from which words, and who stamped it.
func summary(stanzas []string) string {
	var said []string
	for _, s := range stanzas {
		switch {
		case strings.HasPrefix(s, "<iq"):
			said = append(said, "iq")
			continue
		case strings.Contains(s, "type='unavailable'"):
			said = append(said, "gone")
		default:
			said = append(said, regexp.MustCompile(`<status>(.*)</status>`).FindStringSubmatch(s)[1])
		}
		for _, delay := range regexp.MustCompile(`<delay xmlns='urn:xmpp:delay' from='([^']*)'`).FindAllStringSubmatch(s, -1) {
			said = append(said, "by", delay[1])
		}
	}
	return strings.Join(said, " ")
}

func TestClientStates(t *testing.T) {
	for _, tc := range []struct {
		b                                server.Behaviour
		flushed, probed, fenced, relayed string
	}{
		{server.ProsodyStock,
			"one by juliet@capulet.lit two by juliet@capulet.lit iq",
			"two by montague.lit by juliet@capulet.lit iq",
			"two by montague.lit by juliet@capulet.lit iq",
			"three by juliet@capulet.lit iq"},
		{server.Ejabberd,
			"two by capulet.lit iq",
			"iq",
			"iq",
			"iq"},
		{server.Silent, "one two iq", "iq", "iq", "three iq"},
	} {
		t.Run(tc.b.Name, func(t *testing.T) {
			bubble(t, tc.b, func(t *testing.T, s *server.Server) {
				s.Befriend(juliet, romeo, "Romeo")
				r := login(t, s, "romeo@montague.lit/orchard")
				j := login(t, s, "juliet@capulet.lit/balcony")
				j.Ask(`<presence/>`)
				rest := func() {
					t.Helper()
					j.Ask(active)
					aWhile()
					if came := j.Ask(inactive); len(came) > 0 {
						t.Errorf("inactive is answered with %q", came)
					}
				}
				rest()
				r.Say(`<presence><status>one</status></presence>`)
				aWhile()
				r.Say(`<presence><status>two</status></presence>`)
				if came := j.Heard(); len(came) > 0 && tc.b.ClientState != server.NoClientState {
					t.Errorf("while inactive came %q", came)
				} else if got := summary(append(came, j.Ask(active+ping)...)); got != tc.flushed {
					t.Errorf("flushed: %s, want %s", got, tc.flushed)
				}
				rest()
				if got := summary(j.Ask(asked + ping)); got != tc.probed {
					t.Errorf("a probe, then a ping: %s, want %s", got, tc.probed)
				}
				rest()
				if got := summary(j.Ask(fenced)); got != tc.fenced {
					t.Errorf("a probe and a query: %s, want %s", got, tc.fenced)
				}
				rest()
				r.Say(`<presence><status>three</status></presence>`)
				if got := summary(append(j.Heard(), j.Ask(ping)...)); got != tc.relayed {
					t.Errorf("after another query: %s, want %s", got, tc.relayed)
				}
			})
		})
	}
}

// TestAQueryReleasesWhatIsHeld is what ejabberd does with a contact's presence
// as soon as that contact's account sends something else.
func TestAQueryReleasesWhatIsHeld(t *testing.T) {
	bubble(t, server.Ejabberd, func(t *testing.T, s *server.Server) {
		s.Befriend(juliet, romeo, "Romeo")
		r := login(t, s, "romeo@montague.lit/orchard")
		r.Say(`<presence><status>one</status></presence>`)
		j := login(t, s, "juliet@capulet.lit/balcony")
		j.Ask(`<presence/>`)
		j.Ask(inactive)
		for i, want := range []string{"iq", "one by romeo@montague.lit/orchard by capulet.lit iq"} {
			if got := summary(j.Ask(strings.TrimPrefix(fenced, strings.Repeat(asked, i)))); got != want {
				t.Errorf("query %d brings %s, want %s", i+1, got, want)
			}
		}
	})
}

func TestProsodyHoldsNothingForAWhileAfterAFlush(t *testing.T) {
	bubble(t, server.ProsodyStock, func(t *testing.T, s *server.Server) {
		s.Befriend(juliet, romeo, "Romeo")
		r := login(t, s, "romeo@montague.lit/orchard")
		j := login(t, s, "juliet@capulet.lit/balcony")
		j.Ask(`<presence/>`)
		j.Ask(inactive + ping)
		r.Say(`<presence><status>one</status></presence>`)
		if got := summary(j.Heard()); got != "one" {
			t.Errorf("at once: %q", got)
		}
		time.Sleep(5 * time.Second)
		r.Say(`<presence><status>two</status></presence>`)
		if got := summary(j.Heard()); got != "" {
			t.Errorf("five seconds later: %q", got)
		}
	})
}

func sift(rules string) string {
	return `<iq type='set' to='juliet@capulet.lit' id='s'><sift xmlns='urn:xmpp:sift:2'>` + rules + `</sift></iq>`
}

func TestSift(t *testing.T) {
	b := server.ProsodyStock
	b.Sift = true
	for _, tc := range []struct{ rule, itself, asked string }{
		{`<presence/>`, "iq", "iq"},
		{`<presence recipient='all' sender='all'/>`, "iq", "iq"},
		{`<presence recipient='bare'/>`, "iq", "one by montague.lit iq"},
		{`<presence recipient='full'/>`, "one iq", "iq"},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			bubble(t, b, func(t *testing.T, s *server.Server) {
				s.Befriend(juliet, romeo, "Romeo")
				s.Befriend(juliet, benvolio, "Benvolio")
				r := login(t, s, "romeo@montague.lit/orchard")
				j := login(t, s, "juliet@capulet.lit/balcony")
				j.Ask(`<presence/>`)
				j.Ask(sift(tc.rule))
				r.Say(`<presence><status>one</status></presence>`)
				if got := summary(append(j.Heard(), j.Ask(ping)...)); got != tc.itself {
					t.Errorf("by itself: %s, want %s", got, tc.itself)
				}
				if got := summary(j.Ask(fenced)); got != tc.asked {
					t.Errorf("asked: %s, want %s", got, tc.asked)
				}
				if got := summary(j.Ask(sift(""))); got != "gone one by montague.lit iq" {
					t.Errorf("afterwards: %s", got)
				}
			})
		})
	}
}

func TestSiftRefuses(t *testing.T) {
	b := server.ProsodyStock
	for condition, rules := range map[string][]string{
		"service-unavailable":     {`<presence/>`},
		"feature-not-implemented": {`<message/>`, `<presence sender='remote'/>`, `<presence><allow name='c' ns='x'/></presence>`},
		"bad-request":             {`<presence recipient='nobody'/>`},
	} {
		b.Sift = condition != "service-unavailable"
		bubble(t, b, func(t *testing.T, s *server.Server) {
			j := login(t, s, "juliet@capulet.lit/balcony")
			for _, rule := range rules {
				if came := j.Ask(sift(rule)); !slices.ContainsFunc(came, func(s string) bool { return strings.Contains(s, condition) }) {
					t.Errorf("%s: %q, want %s", rule, came, condition)
				}
			}
		})
	}
}
