package integration_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/ping"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/fault"
	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/internal/testbed/suite"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

// farCase is a way in which a server answers, at once. FROM, ME and ID stand for
// the contact, the asking address and the id of the question.
type farCase struct {
	name             string
	onProbe, onQuery string
	err              error
}

const (
	farGone   = "<presence from='FROM' to='ME' type='unavailable'/>"
	farHere   = "<presence from='FROM/orchard' to='ME'/>"
	farStatus = "<iq from='FROM' to='ME' type='result' id='ID'><query xmlns='jabber:iq:last' seconds='600'>Out of battery.</query></iq>"
	farNow    = "<iq from='FROM' to='ME' type='result' id='ID'><query xmlns='jabber:iq:last' seconds='0'/></iq>"
)

func farError(condition string) string {
	return "<iq from='FROM' to='ME' type='error' id='ID'><error type='cancel'><" + condition + " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
}

var farCases = []farCase{
	{"offline: a presence, then last activity with a status", farGone, farStatus, nil},
	{"offline: only last activity with a status", "", farStatus, nil},
	{"offline: only a presence", farGone, farError("service-unavailable"), nil},
	{"online: the presence, then last activity", farHere, farNow, nil},
	{"online: the presence after last activity", "", farNow + farHere, nil},
	{"not subscribed", "", farError("forbidden"), probe.ErrNotSubscribed},
	{"no such account", "", farError("item-not-found"), probe.ErrNoAnswer},
	{"unreachable", "", farError("remote-server-not-found"), stanza.Error{Condition: stanza.RemoteServerNotFound}},
	{"an error: we block the contact", "", farError("not-acceptable"), probe.ErrBlocked},
	{"nothing: it supports neither", "", farError("service-unavailable"), probe.ErrNoAnswer},
	{"last activity says connected now, no presence", "", farNow, probe.ErrNoAnswer},
}

// BenchmarkLatency opens a chat in every case over networks of four round trips,
// and reports how many of them it takes; a ping (XEP-0199), in turn with it, is
// the measure, for a proxy's clock is not exact to less than a millisecond.
func BenchmarkLatency(b *testing.B) {
	s := server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: server.XEP0318})
	b.Cleanup(func() { _ = s.Close() })
	s.AddAccount(suite.Juliet, integration.Password)
	contacts := make([]jid.JID, len(farCases))
	for i := range farCases {
		contacts[i] = jid.MustParse(fmt.Sprintf("c%d@montague.lit", i))
		s.AddAccount(contacts[i], "")
		s.Befriend(suite.Juliet, contacts[i], "")
	}
	s.Hook = func(q server.Question) []server.Answer {
		var i int
		if _, err := fmt.Sscanf(q.To.Localpart(), "c%d", &i); err != nil {
			return q.Answers
		}
		xml := farCases[i].onQuery
		if q.Kind == server.Probes {
			xml = farCases[i].onProbe
		}
		if xml == "" {
			return nil
		}
		return []server.Answer{{XML: strings.NewReplacer("FROM", q.To.String(), "ME", q.From.String(), "ID", q.ID).Replace(xml)}}
	}
	addr, err := s.Listen()
	if err != nil {
		b.Fatal(err)
	}
	for _, trip := range []time.Duration{time.Millisecond, 50 * time.Millisecond, 300 * time.Millisecond, time.Second} {
		proxy, err := fault.New(addr.String())
		if err != nil {
			b.Fatal(err)
		}
		defer proxy.Close()
		for i, tc := range farCases {
			b.Run(fmt.Sprintf("%s/%v", tc.name, trip), func(b *testing.B) {
				cache, session, end := farAway(b, proxy, trip)
				defer end()
				var all, pings []time.Duration
				for b.Loop() {
					began := time.Now()
					contact, err := cache.Refresh(b.Context(), contacts[i])
					all = append(all, time.Since(began))
					if !errors.Is(err, tc.err) {
						b.Fatalf("%+v, %v", contact, err)
					}
					began = time.Now()
					if err := ping.Send(b.Context(), session, session.RemoteAddr()); err != nil {
						b.Fatal(err)
					}
					pings = append(pings, time.Since(began))
				}
				b.ReportMetric(ratio(all, pings, 0.5), "trips")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// farAway is a Cache of Juliet's and its session, which has the server behind a proxy as far away
// as a round trip says.
func farAway(b *testing.B, proxy *fault.Proxy, trip time.Duration) (cache *roster.Cache, session *xmpp.Session, end func()) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	session, err := plainly(ctx, proxy.Addr(), suite.Juliet)
	if err != nil {
		b.Fatal(err)
	}
	cache = roster.New(session, roster.Probing(probe.CoolDown(0), probe.Budget(1<<30, time.Nanosecond), probe.Timeout(time.Minute)))
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = cache.Serve(nil)
	}()
	if err := cache.Sync(ctx); err != nil {
		b.Fatal(err)
	}
	proxy.Last().Arm(fault.Plan{Up: fault.Stream{Lag: trip / 2}, Down: fault.Stream{Lag: trip / 2}})
	return cache, session, func() {
		_ = session.Conn().Close()
		<-served
	}
}
