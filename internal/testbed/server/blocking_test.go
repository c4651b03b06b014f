package server_test

import (
	"strings"
	"testing"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/line"
	"example.org/lastpresence/internal/testbed/server"
)

const (
	blockList = `<iq type='get' id='b'><blocklist xmlns='urn:xmpp:blocking'/></iq>`
	block     = `<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='who'/></block></iq>`
	unblock   = `<iq type='set' id='b'><unblock xmlns='urn:xmpp:blocking'><item jid='who'/></unblock></iq>`
)

func theirs(stanza string) string { return strings.ReplaceAll(stanza, "who", "juliet@capulet.lit") }
func ours(stanza string) string   { return strings.ReplaceAll(stanza, "who", "romeo@montague.lit") }

func TestWhomWeBlock(t *testing.T) {
	for _, tc := range []struct {
		b             server.Behaviour
		push, refusal string
		answers       int
	}{
		{server.ProsodyStock, "", "You have blocked this JID</text><blocked xmlns='urn:xmpp:blocking:errors'/>", 2},
		{server.Ejabberd, "<block xmlns='urn:xmpp:blocking'><item jid='romeo@montague.lit'/></block>", "Your active privacy list has denied the routing of this stanza.", 2},
		{server.Jabberd2, "", "", 0},
	} {
		t.Run(tc.b.Name, func(t *testing.T) {
			meet(t, tc.b, func(t *testing.T, s *server.Server, j, r *line.Line) {
				other := login(t, s, "juliet@capulet.lit/tomb")
				other.Ask(`<presence/>`)
				r.Heard()
				j.Ask(blockList)
				j.Ask(ours(block))
				if got := strings.Join(other.Heard(), ""); !strings.Contains(got, tc.push) || got != "" && tc.push == "" {
					t.Errorf("a resource without the list is pushed %q, want %q", got, tc.push)
				}
				if got := strings.Count(strings.Join(r.Heard(), ""), "type='unavailable'"); got != 2 && tc.b.Blocking.Told {
					t.Errorf("he sees %d resources go, want 2", got)
				}
				answers := j.Ask(fenced)
				if len(answers) != tc.answers {
					t.Errorf("asking brings %q", answers)
				}
				for _, a := range answers {
					if !strings.Contains(a, "<not-acceptable") || !strings.Contains(a, tc.refusal) {
						t.Errorf("asking brings %s", a)
					}
				}
				r.Say(`<presence type='unavailable'><status>Unheard.</status></presence>`)
				r.Say(`<message to='juliet@capulet.lit'><body>Unheard.</body></message>`)
				if came := j.Heard(); len(came) > 0 {
					t.Errorf("from who is blocked came %q", came)
				}
				if got := strings.Join(j.Ask(blockList), ""); !strings.Contains(got, "<item jid='romeo@montague.lit'/>") {
					t.Errorf("the list is %s", got)
				}
				j.Ask(ours(unblock))
				if got := strings.Join(j.Ask(blockList), ""); strings.Contains(got, "<item") {
					t.Errorf("unblocked, the list is %s", got)
				}
			})
		})
	}
}

func TestWhoBlocksUs(t *testing.T) {
	const ( // what of him comes
		goes  = "<presence from='romeo@montague.lit/orchard' to='juliet@capulet.lit/balcony' type='unavailable'/>"
		comes = "<presence from='romeo@montague.lit/orchard' to='juliet@capulet.lit/balcony' id='here'>"
	)
	for _, tc := range []struct {
		b                         server.Behaviour
		blocks, asked, unblocking string
		stamped                   bool
	}{
		{server.ProsodyStock, goes, "<service-unavailable", comes, true},
		{server.Ejabberd, "", "<forbidden", "", false},
		{server.Jabberd2, goes, "", comes, true},
	} {
		t.Run(tc.b.Name, func(t *testing.T) {
			meet(t, tc.b, func(t *testing.T, s *server.Server, j, r *line.Line) {
				r.Ask(theirs(block))
				if got := strings.Join(j.Heard(), ""); got != tc.blocks {
					t.Errorf("he blocks us: %q, want %q", got, tc.blocks)
				}
				if got := strings.Join(j.Ask(fenced), ""); !strings.Contains(got, tc.asked) || strings.Contains(got, "<presence") || got != "" && tc.asked == "" {
					t.Errorf("asked: %q, want %q", got, tc.asked)
				}
				r.Ask(theirs(unblock))
				got := strings.Join(j.Heard(), "")
				if !strings.HasPrefix(got, tc.unblocking) || got != "" && tc.unblocking == "" {
					t.Errorf("he unblocks us: %q, want %q", got, tc.unblocking)
				}
				if stamped := strings.Contains(got, "stamp='2000-01-01T00:00:00Z'"); stamped != tc.stamped {
					t.Errorf("stamped by when he sent it: %t in %q", stamped, got)
				}
			})
		})
	}
}

func TestWhoTakesBackASubscriptionAndGrantsItAgain(t *testing.T) {
	for _, tc := range []struct {
		b       server.Behaviour
		stamped bool
	}{{server.ProsodyStock, true}, {server.Ejabberd, false}, {server.Jabberd2, true}} {
		t.Run(tc.b.Name, func(t *testing.T) {
			meet(t, tc.b, func(t *testing.T, s *server.Server, j, r *line.Line) {
				r.Say(`<presence to='juliet@capulet.lit' type='unsubscribed'/>`)
				if got := strings.Join(j.Heard(), ""); !strings.Contains(got, "type='unavailable'") || !strings.Contains(got, "type='unsubscribed'") {
					t.Errorf("taken back: %s", got)
				}
				j.Ask(`<presence to='romeo@montague.lit' type='subscribe'/>`)
				r.Ask(`<presence to='juliet@capulet.lit' type='subscribed'/>`)
				got := strings.Join(j.Heard(), "")
				if !strings.Contains(got, "<status>Here.</status>") || strings.Contains(got, "<delay") != tc.stamped {
					t.Errorf("granted again: %s, want a stamp: %t", got, tc.stamped)
				}
			})
		})
	}
}

func TestARoomShowsItsOccupants(t *testing.T) {
	bubble(t, server.ProsodyStock, func(t *testing.T, s *server.Server) {
		const x = "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='"
		room := jid.MustParse("orchard@rooms.montague.lit")
		s.AddRoom(room)
		s.Befriend(juliet, room, "Orchard")
		s.Occupy(jid.MustParse(room.String()+"/nurse"), true)
		j := login(t, s, "juliet@capulet.lit/balcony")
		if got := strings.Join(j.Ask(`<presence/>`), ""); strings.Contains(got, "rooms") {
			t.Errorf("at login came %s", got)
		}
		ask := strings.ReplaceAll(fenced, "romeo@montague.lit", room.String())
		if got := j.Ask(ask); len(got) != 1 || !strings.Contains(got[0], "<service-unavailable") {
			t.Errorf("asked from outside it says %q", got)
		}
		came := j.Ask(`<presence to='orchard@rooms.montague.lit/juliet'><x xmlns='http://jabber.org/protocol/muc'/></presence>`)
		if len(came) != 2 || !strings.Contains(came[0], "/nurse' to='juliet@capulet.lit/balcony'>"+x+"participant'/></x>") || !strings.Contains(came[1], "<status code='110'/>") {
			t.Fatalf("coming in brings %q", came)
		}
		if got := j.Ask(ask); len(got) != 3 {
			t.Errorf("asked from inside it says %q", got)
		}
		s.Occupy(jid.MustParse(room.String()+"/nurse"), false)
		if got := strings.Join(j.Heard(), ""); !strings.Contains(got, "type='unavailable'>"+x+"none'/></x>") {
			t.Errorf("somebody leaves: %s", got)
		}
		if got := j.Ask(`<presence type='unavailable' to='orchard@rooms.montague.lit/juliet'/>`); len(got) != 1 || !strings.Contains(got[0], "<status code='110'/>") {
			t.Errorf("leaving brings %q", got)
		}
		s.Occupy(jid.MustParse(room.String()+"/nurse"), true)
		if got := j.Heard(); len(got) > 0 {
			t.Errorf("outside came %q", got)
		}
	})
}
