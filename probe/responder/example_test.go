package responder_test

import (
	"context"
	"fmt"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/mux"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/probe/responder"
)

// session is that of a component, and asker that of a user of the same server.
func connect(host string) (session, asker *xmpp.Session, done func()) {
	srv := server.New(server.Config{Domains: []string{"capulet.lit"}})
	user := jid.MustParse("juliet@capulet.lit")
	srv.AddAccount(user, "")
	srv.AddComponent(jid.MustParse(host), "")
	session, err := srv.Component(context.Background(), jid.MustParse(host))
	if err != nil {
		panic(err)
	}
	asker, err = srv.Session(context.Background(), user)
	if err != nil {
		panic(err)
	}
	return session, asker, func() { _ = srv.Close() }
}

// A component answers probes by one line around its handler.
func ExampleNew() {
	session, asker, done := connect("bot.capulet.lit")
	defer done()
	ctx := context.Background()

	started := time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC)
	m := mux.New(session.In().XMLNS)
	answers := responder.New(session, responder.Since(started))
	defer answers.Close()
	go session.Serve(answers.Handler(m))

	client := probe.NewClient(asker)
	go asker.Serve(client.Handler(nil))
	up, err := client.Uptime(ctx, session.LocalAddr())
	fmt.Println(up.UTC(), err)
	// Output: 2012-09-10 23:41:07 +0000 UTC <nil>
}

// A gateway answers for the contacts behind it.
func ExampleGateway() {
	session, asker, done := connect("post.capulet.lit")
	defer done()
	ctx := context.Background()

	subscribed := func(prober, target jid.JID) bool { return prober.Localpart() == "juliet" }
	mailbox := func(ctx context.Context, prober, target jid.JID) (responder.Presence, error) {
		if target.Localpart() != "friar" {
			return responder.Presence{}, responder.ErrNoSuchContact
		}
		return responder.Presence{
			Since:  time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC),
			Status: "Gone to gather herbs.",
		}, nil
	}
	answers := responder.New(session, responder.Gateway(subscribed, mailbox))
	defer answers.Close()
	go session.Serve(answers.Handler(nil))

	client := probe.NewClient(asker)
	go asker.Serve(client.Handler(nil))
	answer, err := client.Probe(ctx, jid.MustParse("friar@post.capulet.lit"))
	fmt.Println(answer.LastSeen.UTC(), answer.Status, err)
	// Output: 2012-09-10 23:41:07 +0000 UTC Gone to gather herbs. <nil>
}

// Servers of our own organisation are accepted. All others wait for an
// administrator.
func ExampleRequests() {
	session, _, done := connect("bot.capulet.lit")
	defer done()

	policy := func(from jid.JID) responder.Decision {
		if from.Equal(jid.MustParse("montague.lit")) {
			return responder.Mutual
		}
		return responder.Later
	}
	answers := responder.New(session, responder.Requests(policy))
	defer answers.Close()

	fmt.Println(policy(jid.MustParse("montague.lit")), policy(jid.MustParse("verona.lit")))
	// Output: mutual later
}
