package roster_test

import (
	"testing"
	"testing/synctest"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/server"
)

func TestNothingThatAContactSendsCausesAProbe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 2)
		c, _ := w.logIn(t, nil)
		s := w.arrive(t, romeo)
		if got, _ := c.Contact(romeo); !got.Online {
			t.Fatalf("known: %+v", got)
		}
		for _, to := range []jid.JID{juliet.Bare(), juliet} {
			for _, typ := range []stanza.PresenceType{
				stanza.AvailablePresence, stanza.UnavailablePresence, stanza.ProbePresence, stanza.ErrorPresence,
				stanza.SubscribePresence, stanza.SubscribedPresence, stanza.UnsubscribePresence,
			} {
				if err := s.Send(t.Context(), stanza.Presence{To: to, Type: typ}.Wrap(nil)); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Send(t.Context(), stanza.Message{To: to, Type: stanza.ChatMessage}.Wrap(nil)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if err := s.Send(t.Context(), stanza.Presence{Type: stanza.UnavailablePresence}.Wrap(nil)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := w.Count(juliet, "probe"); n != 0 {
			t.Errorf("%d probes were sent", n)
		}
		if got, _ := c.Contact(romeo); got.Online || got.Subscription != "to" {
			t.Errorf("known: %+v, want one that may be asked", got)
		}
	})
}
