package roster

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
)

// An inactive client of ejabberd is first told, by last activity, that a
// contact is connected, and of the presence when it is active again. Meanwhile
// the contact does not seem offline.
func TestAnAnswerThatIsHeldBack(t *testing.T) {
	for name, known := range map[string]bool{"about one who is online": true, "about one never heard of": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: server.Ejabberd})
				defer func() { _ = srv.Close() }()
				juliet, romeo := jid.MustParse("juliet@capulet.lit/balcony"), jid.MustParse("romeo@montague.lit/orchard")
				srv.AddAccount(juliet, "")
				srv.AddAccount(romeo, "")
				srv.Befriend(juliet, romeo, "Romeo")
				session, err := srv.Session(t.Context(), juliet)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = session.Conn().Close() }()
				c := New(session)
				go func() { _ = session.Serve(c.Handler(nil)) }()
				if err := c.Sync(t.Context()); err != nil {
					t.Fatal(err)
				}
				say := func(w io.Writer, s string) {
					t.Helper()
					if _, err := io.WriteString(w, s); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
					time.Sleep(time.Second)
				}
				contact, err := srv.Session(t.Context(), romeo)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = contact.Conn().Close() }()
				go func() { _ = contact.Serve(nil) }()
				say(session.Conn(), "<presence/>")
				if known {
					say(contact.Conn(), "<presence><status>Here.</status></presence>")
				}
				// Not by Inactive: this session has no stream features.
				c.filter(c.current(), resting)
				say(session.Conn(), "<inactive xmlns='urn:xmpp:csi:0'/>")
				if !known {
					say(contact.Conn(), "<presence><status>Here.</status></presence>")
					// The first question brings what was held before.
					if got, err := c.Open(t.Context(), romeo); err != nil || !got.Online {
						t.Errorf("Open = %+v, %v", got, err)
					}
				} else {
					time.Sleep(2 * time.Minute)
					if got, err := c.Open(t.Context(), romeo); !errors.Is(err, probe.ErrNoAnswer) || !got.Online || got.Lack != Outdated {
						t.Errorf("Open = %+v, %v, want online as it was, and outdated", got, err)
					}
				}
				if err := c.Active(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got, _ := c.Contact(romeo); !got.Online || got.Status != "Here." || got.Lack != Nothing {
					t.Errorf("active again: %+v", got)
				}
			})
		})
	}
}

func TestWhatIsWithheld(t *testing.T) {
	for _, tc := range []struct {
		name string
		f    filters
		a    probe.Answer
		want bool
	}{
		{"no filter", 0, probe.Answer{Activity: probe.LastActivity{Told: true}}, false},
		{"connected, and no presence", resting, probe.Answer{Activity: probe.LastActivity{Told: true}}, true},
		{"connected, and no presence, hushed", hushed, probe.Answer{Activity: probe.LastActivity{Told: true}}, true},
		{"with presence", hushed | deaf | resting, probe.Answer{Presences: make([]probe.Presence, 1)}, false},
		{"gone a while ago", hushed | resting, probe.Answer{Activity: probe.LastActivity{Told: true, Ago: time.Hour}}, false},
		{"gone this moment", hushed | resting, probe.Answer{Activity: probe.LastActivity{Told: true, Status: "Bye."}}, false},
		{"gone a while ago, answers sifted", hushed | deaf, probe.Answer{Activity: probe.LastActivity{Told: true, Ago: time.Hour}}, true},
		{"nothing told", resting, probe.Answer{}, false},
	} {
		if got := tc.f.withheld(tc.a); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}
