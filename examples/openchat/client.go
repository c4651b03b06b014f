package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/ping"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/examples/internal/account"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

// client is a logged-in account with its contacts.
type client struct {
	session  *xmpp.Session
	contacts *roster.Cache
	served   chan struct{}
}

// logIn connects the account, fetches its roster, sends initial presence, and
// waits until the server has told who is online.
func logIn(ctx context.Context, set settings) (*client, error) {
	ctx, cancel := context.WithTimeout(ctx, max(set.timeout, time.Second))
	defer cancel()
	session, err := account.Connect(ctx, set.Settings)
	if err != nil {
		return nil, fmt.Errorf("log in as %s: %w", set.JID, err)
	}
	c := &client{session: session, contacts: roster.New(session), served: make(chan struct{})}
	go func() {
		defer close(c.served)
		_ = session.Serve(c.contacts.Handler(nil)) // what fails, fails those who wait
	}()
	err = c.contacts.Sync(ctx)
	if err == nil {
		err = session.Send(ctx, stanza.Presence{Type: stanza.AvailablePresence}.Wrap(nil))
	}
	if err == nil {
		// The server handles stanzas in order: what it tells at login has
		// come when it answers this.
		err = ping.Send(ctx, session, session.RemoteAddr())
	}
	if err != nil {
		c.close()
		return nil, fmt.Errorf("log in as %s: %w", set.JID, err)
	}
	return c, nil
}

// close logs out, and waits a moment for the server to do so too.
func (c *client) close() {
	_ = c.contacts.Close()
	_ = c.session.Close()
	select {
	case <-c.served:
	case <-time.After(time.Second):
	}
	_ = c.session.Conn().Close()
	<-c.served
}

// open opens the chat with a contact. The error says why its state was not
// learnt.
func (c *client) open(ctx context.Context, contact jid.JID, timeout time.Duration, print printer) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	start := time.Now()
	known, err := c.contacts.Open(ctx, contact)
	print.contact(known, outcome(known, err), time.Since(start))
	return err
}

// outcome says in one word how opening a chat ended.
func outcome(c roster.Contact, err error) probe.Outcome {
	var refused stanza.Error
	switch {
	case errors.Is(err, probe.ErrNotSubscribed):
		return probe.Unauthorized
	case errors.As(err, &refused):
		return probe.Error
	case err != nil || c.Source == roster.None:
		return probe.Unanswered
	case c.Online:
		return probe.Available
	}
	return probe.Unavailable
}

func (c *client) uptime(ctx context.Context, host string, timeout time.Duration, print printer) error {
	address, err := jid.Parse(host)
	if err != nil {
		return fmt.Errorf("host %q is no address: %w", host, err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	answer, err := c.contacts.Client().Probe(ctx, address.Domain())
	switch {
	case err != nil:
		return err
	case answer.Up.IsZero() && answer.Err != nil:
		return fmt.Errorf("uptime of %s: %w", host, answer.Err)
	case answer.Up.IsZero():
		return fmt.Errorf("uptime of %s: %w", host, probe.ErrNoAnswer)
	}
	print.uptime(answer)
	return nil
}
