package server_test

import (
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.org/lastpresence/internal/testbed/line"
	"example.org/lastpresence/internal/testbed/server"
)

const lastQuery = `<iq type='get' to='romeo@montague.lit' id='la'><query xmlns='jabber:iq:last'/></iq>`

var texts = regexp.MustCompile(`<(?:status|query[^>]*)>([^<]*)</`)

// said returns the texts in stanzas, "-" for each that has none.
func said(stanzas []string) string {
	var all []string
	for _, s := range stanzas {
		text := "-"
		if m := texts.FindStringSubmatch(s); m != nil && m[1] != "" {
			text = m[1]
		}
		all = append(all, text)
	}
	return strings.Join(all, " | ")
}

// meet has Romeo and Juliet online.
func meet(t *testing.T, b server.Behaviour, test func(t *testing.T, s *server.Server, juliets, romeos *line.Line)) {
	t.Helper()
	bubble(t, b, func(t *testing.T, s *server.Server) {
		s.Befriend(juliet, romeo, "Romeo")
		j := login(t, s, "juliet@capulet.lit/balcony")
		j.Ask(`<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq><presence/>`)
		r := login(t, s, "romeo@montague.lit/orchard")
		r.Ask(`<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq><presence id='here'><status>Here.</status></presence>`)
		j.Heard()
		aWhile()
		test(t, s, j, r)
	})
}

func TestEveryServerSaysInItsOwnWordsThatSomebodyIsGone(t *testing.T) {
	for _, tc := range []struct {
		b          server.Behaviour
		how        server.Ending
		live, told string
	}{
		{server.ProsodyStock, server.Closed, "-", "-"},
		{server.ProsodyStock, server.Lost, "Disconnected: closed", "Disconnected: closed"},
		{server.ProsodyStock, server.TimedOut, "Disconnected: Hibernating too long", "Disconnected: Hibernating too long"},
		{server.ProsodyStock, server.Failed, "Disconnected: not-well-formed", "Disconnected: not-well-formed"},
		{server.ProsodyShipped, server.Lost, "Disconnected: closed", "-"},
		{server.Ejabberd, server.Closed, "-", "Stream reset by peer"},
		{server.Ejabberd, server.Lost, "-", "Connection failed: connection closed"},
		{server.Ejabberd, server.TimedOut, "-", "Stream closed by local host: Timed out waiting for stream resumption (connection-timeout)"},
		{server.Jabberd2, server.Lost, "-", "-"},
		{server.Jackal, server.Lost, "-", "-"},
		{server.Metronome, server.Lost, "-", "Logged out"},
	} {
		t.Run(tc.b.Name, func(t *testing.T) {
			meet(t, tc.b, func(t *testing.T, s *server.Server, j, _ *line.Line) {
				s.End(romeo, tc.how)
				if got := said(j.Heard()); got != tc.live {
					t.Errorf("ending %d: the presence says %q, want %q", tc.how, got, tc.live)
				}
				aWhile()
				if got := said(j.Ask(lastQuery)); got != tc.told {
					t.Errorf("ending %d: last activity says %q, want %q", tc.how, got, tc.told)
				}
			})
		})
	}
}

func TestWhatIsLeftOfADepartureAfterTheServerWasDown(t *testing.T) {
	for _, tc := range []struct {
		b        server.Behaviour
		graceful bool
		live     string
		told     string // of who had said 'Bye.' the time before
	}{
		{server.ProsodyStock, true, "Disconnected: Received SIGTERM", "seconds='0'"},
		{server.ProsodyStock, false, "", "seconds='0'"},
		{server.Ejabberd, true, "", ">Bye.<"},
		{server.Ejabberd, false, "", ">Bye.<"},
		{server.Jackal, false, "", ">Bye.<"},
		{server.Jabberd2, false, "", "seconds='8'/>"},
	} {
		t.Run(tc.b.Name, func(t *testing.T) {
			meet(t, tc.b, func(t *testing.T, s *server.Server, j, r *line.Line) {
				r.Say(`<presence type='unavailable'><status>Bye.</status></presence>`)
				synctest.Wait()
				s.End(romeo, server.Closed)
				aWhile()
				r = login(t, s, "romeo@montague.lit/orchard")
				r.Ask(`<presence/>`)
				aWhile()
				j.Heard()
				if tc.graceful {
					s.Stop("montague.lit")
				} else {
					s.Crash("montague.lit")
				}
				if got := said(j.Heard()); got != tc.live {
					t.Errorf("the end says %q, want %q", got, tc.live)
				}
				if got := strings.Join(j.Ask(lastQuery), ""); !strings.Contains(got, "<remote-server-not-found") {
					t.Errorf("while it is down: %s", got)
				}
				if _, err := s.Session(t.Context(), romeo); err == nil {
					t.Error("somebody could log in while it was down")
				}
				aWhile()
				s.Start("montague.lit")
				if came := j.Heard(); len(came) > 0 {
					t.Errorf("the start says %q", came)
				}
				aWhile()
				if got := strings.Join(j.Ask(lastQuery), ""); !strings.Contains(got, tc.told) {
					t.Errorf("after it: %s, want %s", got, tc.told)
				}
				host := strings.ReplaceAll(lastQuery, "romeo@", "")
				if got := strings.Join(j.Ask(host), ""); !strings.Contains(got, "seconds='2'") {
					t.Errorf("the host is up: %s", got)
				}
			})
		})
	}
}

func TestAServerThatHangsAnswersNothing(t *testing.T) {
	meet(t, server.ProsodyStock, func(t *testing.T, s *server.Server, j, _ *line.Line) {
		s.End(romeo, server.Lost)
		j.Heard()
		s.Hang("montague.lit")
		if came := j.Ask(fenced); len(came) > 0 {
			t.Errorf("it answers %q", came)
		}
		s.Start("montague.lit")
		if came := j.Ask(fenced); len(came) != 2 {
			t.Errorf("afterwards it answers %q", came)
		}
	})
}

func TestAnAccountThatIsDeleted(t *testing.T) {
	for _, tc := range []struct {
		b    server.Behaviour
		live string
	}{{server.ProsodyStock, "Disconnected: Account deleted"}, {server.Ejabberd, ""}} {
		t.Run(tc.b.Name, func(t *testing.T) {
			meet(t, tc.b, func(t *testing.T, s *server.Server, j, _ *line.Line) {
				s.RemoveAccount(romeo)
				came := strings.Join(j.Heard(), "\n")
				for _, want := range []string{"type='unsubscribed'", "type='unsubscribe'", "subscription='none'", tc.live} {
					if !strings.Contains(came, want) {
						t.Errorf("no %s in %s", want, came)
					}
				}
				if gone := strings.Contains(came, "type='unavailable'"); gone != (tc.live != "") {
					t.Errorf("told to be unavailable: %t", gone)
				}
			})
		})
	}
}

func TestAServerTellsTimesByItsOwnClock(t *testing.T) {
	bubble(t, server.ProsodyStamps, func(t *testing.T, s *server.Server) {
		s.Befriend(juliet, romeo, "Romeo")
		s.SetClock("montague.lit", time.Hour)
		visit(t, s, `<presence type='unavailable'/>`)
		j := login(t, s, "juliet@capulet.lit/balcony")
		if got := strings.Join(j.Ask(fenced), ""); !strings.Contains(got, "stamp='2000-01-01T01:00:02Z'") || !strings.Contains(got, "seconds='0'") {
			t.Errorf("an hour ahead: %s", got)
		}
		s.SetClock("montague.lit", time.Hour+time.Minute)
		if got := strings.Join(j.Ask(fenced), ""); !strings.Contains(got, "stamp='2000-01-01T01:00:02Z'") || !strings.Contains(got, "seconds='60'") {
			t.Errorf("set ahead by a minute more: %s", got)
		}
	})
}

func TestJackalShowsWhoIsConnectedAndUnavailable(t *testing.T) {
	meet(t, server.Jackal, func(t *testing.T, s *server.Server, _, r *line.Line) {
		r.Ask(`<presence type='unavailable'><status>Bye.</status></presence>`)
		again := login(t, s, "juliet@capulet.lit/tomb")
		if got := strings.Join(again.Ask(`<presence/>`), ""); !strings.Contains(got, "<presence from='romeo@montague.lit/orchard' to='juliet@capulet.lit/tomb'/>") {
			t.Errorf("at login came %s", got)
		}
		if got := strings.Join(again.Ask(lastQuery), ""); !strings.Contains(got, "seconds='0'") {
			t.Errorf("last activity: %s", got)
		}
	})
}
