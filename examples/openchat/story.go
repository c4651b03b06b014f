package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/examples/internal/account"
	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/roster"
)

var (
	juliet   = jid.MustParse("juliet@capulet.lit/balcony")
	romeo    = jid.MustParse("romeo@montague.lit")
	nurse    = jid.MustParse("nurse@capulet.lit")
	benvolio = jid.MustParse("benvolio@montague.lit")
)

const wherefore = "wherefore" // everybody's password

// stage is the server of the story, with Juliet and her contacts.
func stage() *server.Server {
	srv := server.New(server.Config{
		Domains:    []string{"capulet.lit", "montague.lit"},
		Behaviour:  server.XEP0318,
		Behaviours: map[string]server.Behaviour{"capulet.lit": server.Ejabberd},
	})
	for _, j := range []jid.JID{juliet, romeo, nurse, benvolio} {
		srv.AddAccount(j, wherefore)
	}
	srv.Befriend(juliet, romeo, "Romeo", "Montagues")
	srv.Befriend(juliet, benvolio, "Benvolio", "Montagues")
	srv.Befriend(juliet, nurse, "Nurse", "Household")
	at, _ := romeo.WithResource("orchard")
	srv.SetOffline(at, time.Now().Add(-10*time.Minute), "Going offline. Out of battery.")
	srv.SetOffline(nurse, time.Now().Add(-40*time.Minute), "Your lady mother calls!")
	return srv
}

// story plays the main job on a server inside the program: the same code as on
// a real one, against an account that was made up.
func story(ctx context.Context, out io.Writer) error {
	srv := stage()
	defer func() { _ = srv.Close() }()
	addr, err := srv.Listen()
	if err != nil {
		return err
	}
	wire := newTap(addr.String())
	if err := wire.listen(); err != nil {
		return err
	}
	defer wire.close()

	set := settings{
		Settings: account.Settings{JID: juliet.String(), Password: wherefore, Addr: wire.addr(), TLS: "none"},
		timeout:  10 * time.Second,
	}
	client, err := logIn(ctx, set)
	if err != nil {
		return err
	}
	defer client.close()
	p := people{out}
	fmt.Fprintf(out, "An XMPP server runs inside this program, and Juliet has logged in to it.\n\nHer roster, with what is known so far:\n")
	p.roster(client.contacts)
	fmt.Fprintf(out, "\nDetails are missing for: %s\n", strings.Join(lacking(client.contacts), ", "))
	fmt.Fprintf(out, "Presence probes that the server has received from her: %d. Nobody was asked after login.\n", srv.Count(juliet, "probe"))
	for i, contact := range []jid.JID{romeo, nurse, romeo} {
		known, _ := client.contacts.Contact(contact)
		again := ""
		if i == 2 {
			again = " again"
		}
		fmt.Fprintf(out, "\nShe opens the chat with %s%s:\n", known.Name, again)
		wire.take()
		if err := client.open(ctx, contact, set.timeout, p); err != nil {
			return err
		}
		for _, line := range wire.take() {
			fmt.Fprintf(out, "    %s\n", line)
		}
	}
	fmt.Fprintf(out, "    (answered from memory, nothing was sent)\n")
	fmt.Fprintf(out, "\nProbes in all: %d, one for each chat with something missing.\n", srv.Count(juliet, "probe"))
	fmt.Fprintf(out, "Now on your own account: go run -C examples ./openchat -jid you@example.net friend@example.org\n")
	return nil
}

func lacking(contacts *roster.Cache) []string {
	var names []string
	for j := range contacts.Lacking() {
		c, _ := contacts.Contact(j)
		names = append(names, c.Name)
	}
	return names
}
