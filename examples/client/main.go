// Command client is a whole client: it stays online, reconnects when the
// connection is lost, logs out when it is interrupted, and shows what is known of
// one contact.
//
//	XMPP_PASSWORD=… client juliet@capulet.lit capulet.lit:5222 romeo@montague.lit
package main

import (
	"context"
	"log"
	"net"
	"os"
	"os/signal"
	"time"

	"mellium.im/sasl"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/roster"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	account, addr, romeo := jid.MustParse(os.Args[1]), os.Args[2], jid.MustParse(os.Args[3])
	contacts := roster.Offline(account)
	defer contacts.Close()
	for ctx.Err() == nil {
		log.Print("disconnected: ", online(ctx, contacts, account, addr, romeo))
		select {
		case <-time.After(5 * time.Second):
		case <-ctx.Done():
		}
	}
}

// online logs in, opens the chat with romeo, and returns when the session ends.
func online(ctx context.Context, contacts *roster.Cache, account jid.JID, addr string, romeo jid.JID) error {
	conn, err := net.DialTimeout("tcp", addr, 30*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second)) // for the login
	session, err := xmpp.NewClientSession(ctx, account, conn, xmpp.StartTLS(nil), xmpp.BindResource(),
		xmpp.SASL("", os.Getenv("XMPP_PASSWORD"), sasl.ScramSha256, sasl.ScramSha1, sasl.Plain))
	if err == nil {
		err = contacts.Connect(session)
	}
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- contacts.Serve(nil) }() // instead of nil: your mux, with your own handlers
	if err := contacts.Sync(ctx); err != nil {   // fetches the roster
		return err
	}
	if err := session.Send(ctx, stanza.Presence{}.Wrap(nil)); err != nil { // now you are online
		return err
	}
	_ = conn.SetDeadline(time.Time{})
	defer context.AfterFunc(ctx, func() { session.Close(); conn.Close() })() // logs out
	contact, err := contacts.Open(ctx, romeo)                                // the user opens the chat
	log.Printf("online: %t, last seen: %v, cause: %s, status: %q, missing: %s, error: %v",
		contact.Online, contact.LastSeen, contact.Cause, contact.Status, contact.Lack, err)
	return <-ended
}
