package roster_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

func TestWhatWasKnownIsStaleWhenTheSessionEndsMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 1)
		c, session := w.logIn(t, nil)
		w.arrive(t, romeo)
		w.Hook = func(server.Question) []server.Answer { return nil }
		go func() {
			time.Sleep(time.Second)
			_ = session.Conn().Close()
		}()
		got, err := c.Refresh(t.Context(), romeo)
		if !errors.Is(err, probe.ErrClosed) || got.Lack != roster.Outdated {
			t.Errorf("Refresh = %v, %v, want outdated and ErrClosed", got.Lack, err)
		}
		synctest.Wait()
	})
}

func TestOpenWithoutASessionSaysWhy(t *testing.T) {
	c := roster.Offline(juliet)
	from, stranger := jid.MustParse("mercutio@verona.lit"), jid.MustParse("tybalt@capulet.lit")
	c.SetRoster([]roster.Item{{JID: romeo, Subscription: "both"}, {JID: from, Subscription: "from"}}, "")
	reasons := []error{probe.ErrClosed, probe.ErrNotSubscribed, roster.ErrNotSynced}
	for _, tt := range []struct {
		contact jid.JID
		want    error // nil: none of the reasons
	}{
		{romeo, probe.ErrClosed},
		{from, probe.ErrNotSubscribed}, // and no session would change that
		{stranger, probe.ErrNotSubscribed},
		{jid.MustParse("capulet.lit"), probe.ErrNotSubscribed},
		{jid.JID{}, nil},
	} {
		_, err := c.Open(t.Context(), tt.contact)
		if err == nil || !strings.Contains(err.Error(), tt.contact.String()) {
			t.Errorf("Open(%s) = %v, want an error that names the contact", tt.contact, err)
		}
		for _, reason := range reasons {
			if errors.Is(err, reason) != (reason == tt.want) {
				t.Errorf("Open(%s) = %v, want %v", tt.contact, err, tt.want)
			}
		}
	}
	_ = c.Close()
}
