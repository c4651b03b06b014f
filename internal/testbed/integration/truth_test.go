package integration_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/suite"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

// viewer is Juliet's client, which Cache.Serve serves.
type viewer struct {
	t       *testing.T
	srv     *integration.Server
	cache   *roster.Cache
	session *xmpp.Session
	served  chan struct{}
}

func view(t *testing.T, srv *integration.Server, opts ...roster.Option) *viewer {
	t.Helper()
	v := &viewer{t: t, srv: srv, cache: roster.Offline(suite.Juliet, opts...)}
	t.Cleanup(func() { _ = v.cache.Close(); v.leave() })
	v.enter()
	return v
}

// enter logs in. Juliet's client asks for her block list, so that the server
// tells of its changes (XEP-0191 section 3.1).
func (v *viewer) enter() {
	v.t.Helper()
	v.session = v.srv.Login(v.t, balcony)
	if err := v.cache.Connect(v.session); err != nil {
		v.t.Fatal(err)
	}
	v.served = make(chan struct{})
	go func() {
		defer close(v.served)
		_ = v.cache.Serve(nil)
	}()
	ctx, cancel := context.WithTimeout(v.t.Context(), patience)
	defer cancel()
	if err := v.cache.Sync(ctx); err != nil {
		v.t.Fatal(err)
	}
	v.iq(stanza.GetIQ, "blocklist", nil)
	v.presence("")
}

func (v *viewer) leave() {
	_ = v.session.Close()
	_ = v.session.Conn().Close()
	<-v.served
}

func (v *viewer) presence(typ stanza.PresenceType) {
	v.t.Helper()
	v.send(stanza.Presence{Type: typ}.Wrap(nil))
}

func (v *viewer) send(r xml.TokenReader) {
	v.t.Helper()
	if err := v.session.Send(v.t.Context(), r); err != nil {
		v.t.Fatal(err)
	}
}

// iq sends a request about the block list, whose answer nobody reads.
func (v *viewer) iq(typ stanza.IQType, what string, who []jid.JID) {
	v.t.Helper()
	var items []xml.TokenReader
	for _, j := range who {
		items = append(items, xmlstream.Wrap(nil, xml.StartElement{Name: xml.Name{Local: "item"}, Attr: []xml.Attr{{Name: xml.Name{Local: "jid"}, Value: j.String()}}}))
	}
	v.send(stanza.IQ{ID: fmt.Sprint(what, len(who), time.Now().UnixNano()), Type: typ}.Wrap(
		xmlstream.Wrap(xmlstream.MultiReader(items...), xml.StartElement{Name: xml.Name{Space: "urn:xmpp:blocking", Local: what}})))
}

func (v *viewer) romeo() roster.Contact {
	got, _ := v.cache.Contact(suite.Romeo)
	return got
}

func (v *viewer) open() (roster.Contact, error) {
	ctx, cancel := context.WithTimeout(v.t.Context(), patience)
	defer cancel()
	return v.cache.Open(ctx, suite.Romeo)
}

// eager has a test open chats as often as it likes.
var eager = roster.Probing(probe.CoolDown(0), probe.Budget(1000, time.Millisecond))

func bothServers(t *testing.T, f func(t *testing.T, srv *integration.Server)) {
	for name, start := range map[string]func(testing.TB) *integration.Server{
		"Prosody": prosody(integration.Stock), "ejabberd": integration.StartEjabberd,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, start(t))
		})
	}
}

func TestABlockedContactsPresenceIsNotKnown(t *testing.T) {
	t.Parallel()
	bothServers(t, func(t *testing.T, srv *integration.Server) {
		romeo := suite.LogIn(t, srv, suite.Romeo)
		romeo.Available()
		v := view(t, srv, eager)
		eventually(t, "Romeo is online", func() bool { return v.romeo().Online })
		v.iq(stanza.SetIQ, "block", []jid.JID{suite.Romeo})
		eventually(t, "Romeo is blocked", func() bool { got := v.romeo(); return got.Blocked && !got.Online && got.Lack != roster.Nothing })
		if _, err := v.open(); !errors.Is(err, probe.ErrBlocked) {
			t.Errorf("Open = %v, want ErrBlocked", err)
		}
		// Who does not know the list learns it from the server.
		session := srv.Login(t, suite.Juliet.Bare())
		client := probe.NewClient(session)
		go func() { _ = client.Serve(nil) }()
		if a, err := client.Probe(t.Context(), suite.Romeo); err != nil || !errors.Is(a.Err, probe.ErrBlocked) || a.RoundTrip > time.Second {
			t.Errorf("Probe = %v, %v after %v, %v", a.Outcome, a.Err, a.RoundTrip, err)
		}
		_ = session.Conn().Close()
		romeo.Leave(suite.Goodbye)
		v.iq(stanza.SetIQ, "unblock", []jid.JID{suite.Romeo})
		eventually(t, "Romeo is not blocked", func() bool { return !v.romeo().Blocked })
		if got := v.romeo(); got.Online && got.Lack == roster.Nothing {
			t.Errorf("Romeo left while blocked: %+v", got)
		}
		eventually(t, "what he said is known", func() bool {
			got, err := v.open()
			return err == nil && !got.Online && got.Status == suite.Goodbye && got.Lack == roster.Nothing
		})
	})
}

// Romeo's server is asked anew, and sends the presence that he sent before he
// blocked Juliet.
func TestAContactThatUnblocksUsIsOnline(t *testing.T) {
	t.Parallel()
	srv := integration.StartProsody(t, integration.Stock)
	romeo := suite.LogIn(t, srv, suite.Romeo)
	romeo.Available()
	v := view(t, srv)
	eventually(t, "Romeo is online", func() bool { return v.romeo().Online })
	time.Sleep(1100 * time.Millisecond) // so that the stamp is older than the unavailable presence
	blocking := func(what string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		item := xmlstream.Wrap(nil, xml.StartElement{Name: xml.Name{Local: "item"}, Attr: []xml.Attr{{Name: xml.Name{Local: "jid"}, Value: suite.Juliet.String()}}})
		if err := romeo.Session.Send(ctx, stanza.IQ{ID: what, Type: stanza.SetIQ}.Wrap(
			xmlstream.Wrap(item, xml.StartElement{Name: xml.Name{Space: "urn:xmpp:blocking", Local: what}}))); err != nil {
			t.Fatal(err)
		}
	}
	blocking("block")
	eventually(t, "Romeo seems offline", func() bool { return !v.romeo().Online })
	blocking("unblock")
	eventually(t, "Romeo is online again", func() bool { got := v.romeo(); return got.Online && got.Lack == roster.Nothing })
}

func TestAContactThatGrantsItsSubscriptionAgainIsOnline(t *testing.T) {
	t.Parallel()
	bothServers(t, func(t *testing.T, srv *integration.Server) {
		romeo := suite.LogIn(t, srv, suite.Romeo)
		romeo.Available()
		v := view(t, srv)
		eventually(t, "Romeo is online", func() bool { return v.romeo().Online })
		tell := func(typ stanza.PresenceType) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if err := romeo.Session.Send(ctx, stanza.Presence{Type: typ, To: suite.Juliet}.Wrap(nil)); err != nil {
				t.Fatal(err)
			}
		}
		tell(stanza.UnsubscribedPresence)
		eventually(t, "the subscription has ended, and nothing is known", func() bool {
			got := v.romeo()
			return got.Subscription == "from" && !got.Online && got.Lack == roster.NeverHeard
		})
		v.send(stanza.Presence{Type: stanza.SubscribePresence, To: suite.Romeo}.Wrap(nil))
		eventually(t, "Juliet asks", func() bool { return v.romeo().Ask })
		tell(stanza.SubscribedPresence)
		eventually(t, "Romeo is online again", func() bool { got, _ := v.open(); return got.Online && got.Lack == roster.Nothing })
	})
}

// While Juliet's client is inactive, Romeo leaves; when it is active again that
// is known, and when it was.
func TestAContactThatLeavesWhileTheClientIsInactive(t *testing.T) {
	t.Parallel()
	bothServers(t, func(t *testing.T, srv *integration.Server) {
		romeo := suite.LogIn(t, srv, suite.Romeo)
		romeo.Available()
		v := view(t, srv, eager)
		eventually(t, "Romeo is online", func() bool { return v.romeo().Online })
		if err := v.cache.Inactive(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := v.romeo(); got.Lack == roster.Nothing {
			t.Errorf("while presence is held back: %+v", got)
		}
		left := time.Now()
		romeo.Leave(suite.Goodbye)
		time.Sleep(2500 * time.Millisecond)
		if err := v.cache.Active(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := v.romeo(); got.Online || got.Status != suite.Goodbye {
			t.Errorf("active again: %+v", got)
		}
		got, err := v.open()
		if err != nil || got.Online || got.Status != suite.Goodbye || got.Lack != roster.Nothing || got.LastSeen.Sub(left).Abs() > 2*time.Second {
			t.Errorf("Open = %+v, %v, want that he left at %v", got, err, left)
		}
	})
}

// Whoever was online when Juliet's server was killed is not online afterwards,
// until somebody says so.
func TestAKilledServerLeavesNobodyOnline(t *testing.T) {
	t.Parallel()
	bothServers(t, func(t *testing.T, srv *integration.Server) {
		romeo := suite.LogIn(t, srv, suite.Romeo)
		romeo.Available()
		v := view(t, srv, eager)
		eventually(t, "Romeo is online", func() bool { return v.romeo().Online })
		srv.Kill()
		<-v.served
		if got := v.romeo(); got.Lack != roster.Outdated {
			t.Errorf("once the session is over: %v, want outdated", got.Lack)
		}
		if _, err := v.open(); !errors.Is(err, probe.ErrClosed) {
			t.Errorf("Open = %v, want ErrClosed", err)
		}
		srv.Restart(t)
		v.enter()
		eventually(t, "Romeo is not online", func() bool { return !v.romeo().Online })
		got, _ := v.open()
		if got.Online || got.OnlineAt.IsZero() || !got.LastSeen.IsZero() && got.LastSeen.Before(got.OnlineAt.Add(-time.Second)) {
			t.Errorf("Open = %+v", got)
		}
	})
}

// ejabberd is silent about who is offline.
func TestAContactThatLeftWhileWeWereAwayIsOffline(t *testing.T) {
	t.Parallel()
	bothServers(t, func(t *testing.T, srv *integration.Server) {
		romeo := suite.LogIn(t, srv, suite.Romeo)
		romeo.Available()
		v := view(t, srv, eager)
		eventually(t, "Romeo is online", func() bool { return v.romeo().Online })
		v.leave()
		romeo.Leave(suite.Goodbye)
		time.Sleep(100 * time.Millisecond)
		v.enter()
		eventually(t, "Romeo is offline once the login's presences are in", func() bool { return !v.romeo().Online })
		if got, err := v.open(); err != nil || got.Online || got.Status != suite.Goodbye || got.Lack != roster.Nothing {
			t.Errorf("Open = %+v, %v", got, err)
		}
	})
}
