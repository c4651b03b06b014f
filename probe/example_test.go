package probe_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
)

// logIn logs Juliet in to a server inside the process, where Romeo left an
// hour ago.
func logIn() (*server.Server, *xmpp.Session) {
	s := server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: server.XEP0318})
	s.AddAccount(juliet, "secret")
	s.AddAccount(romeo, "secret")
	s.Befriend(juliet, romeo, "Romeo")
	s.SetOffline(romeo, time.Now().Add(-time.Hour), "Going offline. Out of battery.")
	session, err := s.Session(context.Background(), juliet)
	if err != nil {
		panic(err)
	}
	return s, session
}

// The user opens a chat, and the client waits for what to write under the name.
func ExampleClient_Probe() {
	s, session := logIn()
	defer s.Close()

	client := probe.NewClient(session)
	defer client.Close()
	go session.Serve(client.Handler(nil))

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	answer, err := client.Probe(ctx, romeo)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(answer.Outcome, time.Since(answer.LastSeen).Round(time.Minute), answer.Status)
	// Output: unavailable 1h0m0s Going offline. Out of battery.
}

// The client opens the chat at once, and shows the answer when it arrives.
func ExampleAnswered() {
	s, session := logIn()
	defer s.Close()

	answers := make(chan probe.Answer, 16)
	client := probe.NewClient(session, probe.Answered(func(a probe.Answer) {
		select {
		case answers <- a:
		default: // it must not block
		}
	}))
	defer client.Close()
	go session.Serve(client.Handler(nil))

	// Nobody waits for this call. The answer arrives through Answered.
	gone, cancel := context.WithCancel(context.Background())
	go client.Probe(gone, romeo)
	fmt.Println("the chat is open")

	answer := <-answers
	cancel()
	fmt.Println(answer.Contact, "is", answer.Outcome)
	// Output:
	// the chat is open
	// romeo@montague.lit is unavailable
}

// How long a server or component has been up.
func ExampleClient_Uptime() {
	s, session := logIn()
	defer s.Close()

	client := probe.NewClient(session)
	defer client.Close()
	go session.Serve(client.Handler(nil))

	since, err := client.Uptime(context.Background(), jid.MustParse("montague.lit"))
	fmt.Println(time.Since(since) < time.Hour, err)
	// Output: true <nil>
}

// A presence can be read from any reader of tokens.
func ExampleReadPresence() {
	d := xml.NewDecoder(strings.NewReader(`<presence xmlns="jabber:client" from="romeo@montague.lit" type="unavailable">
		<status>Going offline. Out of battery.</status>
		<delay xmlns="urn:xmpp:delay" from="romeo@montague.lit/orchard" stamp="2012-09-10T23:41:07Z"/>
	</presence>`))
	p, err := probe.ReadPresence(d)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.From, p.Type, p.Status())
	fmt.Println(p.Delay.From, p.Delay.Stamp)
	// Output:
	// romeo@montague.lit unavailable Going offline. Out of battery.
	// romeo@montague.lit/orchard 2012-09-10 23:41:07 +0000 UTC
}
