package roster_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"log"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/mux"
	"mellium.im/xmpp/ping"
	melliumroster "mellium.im/xmpp/roster"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/roster"
)

// chat is an existing client, with its own handlers for presence and for roster
// pushes. It reports what they hear.
type chat struct {
	session *xmpp.Session
	heard   chan string
}

func (c *chat) mux() *mux.ServeMux {
	return mux.New(stanza.NSClient,
		mux.Presence(stanza.AvailablePresence, xml.Name{}, c),
		melliumroster.Handle(melliumroster.Handler{Push: c.pushed}),
		ping.Handle(),
	)
}

// HandlePresence implements mux.PresenceHandler.
func (c *chat) HandlePresence(p stanza.Presence, _ xmlstream.TokenReadEncoder) error {
	if !p.From.Equal(c.session.LocalAddr()) {
		c.heard <- fmt.Sprint("presence of ", p.From.Bare())
	}
	return nil
}

func (c *chat) pushed(_ string, item melliumroster.Item) error {
	c.heard <- fmt.Sprint("push of ", item.Name)
	return nil
}

// An existing client keeps its mux and its own handlers for presence and rosters.
// The lines that mention contacts are all that is added.
func Example_existingClient() {
	srv := server.New(server.Config{Domains: []string{"capulet.lit"}, Behaviour: server.Ejabberd})
	defer srv.Close()
	juliet, nurse := jid.MustParse("juliet@capulet.lit/balcony"), jid.MustParse("nurse@capulet.lit/hall")
	for _, account := range []jid.JID{juliet, nurse} {
		srv.AddAccount(account, "")
	}
	srv.Befriend(juliet, nurse.Bare(), "Nurse")
	srv.SetOffline(nurse, time.Now().Add(-2*time.Hour), "Your lady mother calls!")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	session, err := srv.Session(ctx, juliet)
	if err != nil {
		log.Fatal(err)
	}
	client := &chat{session: session, heard: make(chan string, 10)}

	contacts := roster.New(session)
	defer contacts.Close()
	go contacts.Serve(client.mux())            // was: session.Serve(client.mux())
	if err := contacts.Sync(ctx); err != nil { // was: roster.Fetch(ctx, session)
		log.Fatal(err)
	}
	if err := session.Send(ctx, stanza.Presence{}.Wrap(nil)); err != nil {
		log.Fatal(err)
	}

	// The user opens the chat.
	contact, err := contacts.Open(ctx, nurse)
	if err != nil {
		log.Fatal(err)
	}
	ago, _ := contact.Ago(time.Now())
	fmt.Printf("%s was last seen %.0f hours ago: %s\n", contact.Name, ago.Hours(), contact.Status)

	// The client's own handlers hear everything that they heard before.
	srv.Push(juliet.Bare(), nurse.Bare(), "Dear Nurse", "both")
	fmt.Println("the client heard a", <-client.heard)
	other, err := srv.Session(ctx, nurse)
	if err != nil {
		log.Fatal(err)
	}
	go other.Serve(nil)
	if err := other.Send(ctx, stanza.Presence{}.Wrap(nil)); err != nil {
		log.Fatal(err)
	}
	fmt.Println("the client heard a", <-client.heard)
	contact, _ = contacts.Contact(nurse)
	fmt.Println(contact.Name, "is online:", contact.Online)
	// Output:
	// Nurse was last seen 2 hours ago: Your lady mother calls!
	// the client heard a push of Dear Nurse
	// the client heard a presence of nurse@capulet.lit
	// Dear Nurse is online: true
}
