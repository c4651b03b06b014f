package main

import (
	"context"
	"encoding/xml"
	"errors"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/examples/internal/account"
	"example.org/lastpresence/internal/testbed/server"
)

// capulets starts a server with Juliet and her Nurse, who is offline.
func capulets(t *testing.T) *server.Server {
	t.Helper()
	srv := server.New(server.Config{Domains: []string{"capulet.lit"}, Behaviour: server.Silent})
	t.Cleanup(func() { _ = srv.Close() })
	srv.AddAccount(juliet, "")
	srv.AddAccount(nurse, "")
	srv.Befriend(juliet, nurse, "Nurse")
	return srv
}

func TestAMessageThatTheServerDidNotConfirmIsUnsent(t *testing.T) {
	c := newClient(juliet, nil, nil)
	s, err := silent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, over := context.WithCancelCause(t.Context())
	c.use(link{s, ctx})
	said := make(chan error, 1)
	go func() { said <- c.say(nurse, c.nextID(), "Nurse!") }()
	select {
	case err := <-said:
		t.Fatalf("the message is said to be sent before the server has it: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	over(errNotConnected)
	if err := <-said; !errors.Is(err, errNotConnected) {
		t.Errorf("the connection ended: %v", err)
	}
	c.use(link{})
	if err := c.say(nurse, c.nextID(), "Nurse!"); !errors.Is(err, errNotConnected) {
		t.Errorf("without a connection: %v", err)
	}
}

func TestAMessageIsASignOfLife(t *testing.T) {
	srv := capulets(t)
	c := newClient(juliet, func(ctx context.Context) (session, error) { return srv.Session(ctx, juliet) }, nil)
	d := converseWith(t, c)
	d.out.wait(t, "connected; write:")
	hidden, err := srv.Session(t.Context(), nurse) // sends no presence
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = hidden.Serve(nil) }() // ends with the server
	text := xmlstream.Wrap(xmlstream.Token(xml.CharData("Anon!")), xml.StartElement{Name: xml.Name{Local: "body"}})
	if err := hidden.Send(t.Context(), stanza.Message{To: juliet, Type: stanza.ChatMessage}.Wrap(text)); err != nil {
		t.Fatal(err)
	}
	d.out.wait(t, "nurse@capulet.lit says: Anon!")
	if known, _ := c.contacts.Contact(nurse); known.Online || time.Since(known.OnlineAt) > time.Minute {
		t.Errorf("after a message, the contact is online: %v, was at %v", known.Online, known.OnlineAt)
	}
	d.say("quit", "probes sent: 0")
	if err := d.end(); err != nil {
		t.Error(err)
	}
}

func TestAPasswordThatIsRefusedLaterDoesNotEndTheProgram(t *testing.T) {
	srv, logins := capulets(t), 0
	d := converseWith(t, newClient(juliet, func(ctx context.Context) (session, error) {
		if logins++; logins > 1 {
			return nil, account.ErrPassword
		}
		return srv.Session(ctx, juliet)
	}, nil))
	d.out.wait(t, "connected; write:")
	srv.Cut(juliet)
	d.out.wait(t, "not connected: wrong password, or no such account · trying again in 2 s")
	d.say("contacts", "Nurse (nurse@capulet.lit): ")
	d.say("quit", "probes sent: 0")
	if err := d.end(); err != nil {
		t.Error(err)
	}
}
