package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/ping"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/examples/internal/account"
	"example.org/lastpresence/examples/internal/words"
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
// waits until the server has sent the presence of those who are online.
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
		_ = c.contacts.Serve(nil) // every call that waits returns an error then
	}()
	err = c.contacts.Sync(ctx)
	if err == nil {
		err = session.Send(ctx, stanza.Presence{Type: stanza.AvailablePresence}.Wrap(nil))
	}
	if err == nil {
		// The server handles stanzas in order. It has sent all presence of
		// the login before it answers this.
		err = ping.Send(ctx, session, session.RemoteAddr())
	}
	if err != nil {
		c.close()
		return nil, fmt.Errorf("log in as %s: %s", set.JID, words.Why(err))
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

// open opens the chat with a contact. The error says in words why nothing was
// learnt.
func (c *client) open(ctx context.Context, contact jid.JID, timeout time.Duration, print printer) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	start := time.Now()
	known, err := c.contacts.Open(ctx, contact)
	print.contact(result{known, err, time.Since(start)})
	if err != nil {
		return fmt.Errorf("%s: %s", known.JID, words.Why(err))
	}
	return nil
}

// result is how opening a chat ended.
type result struct {
	contact roster.Contact
	err     error
	elapsed time.Duration
}

// outcome returns the result in one word.
func (r result) outcome() probe.Outcome {
	var refused stanza.Error
	switch {
	case errors.Is(r.err, probe.ErrNotSubscribed):
		return probe.Unauthorized
	case errors.Is(r.err, probe.ErrBlocked), errors.As(r.err, &refused):
		return probe.Error
	case r.err != nil || r.contact.Source == roster.None:
		return probe.Unanswered
	case r.contact.Online:
		return probe.Available
	}
	return probe.Unavailable
}

func (c *client) uptime(ctx context.Context, host jid.JID, timeout time.Duration, print printer) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	answer, err := c.contacts.Client().Probe(ctx, host)
	if err == nil && answer.Up.IsZero() {
		err = cmp.Or(answer.Err, probe.ErrNoAnswer)
	}
	if err != nil {
		return fmt.Errorf("uptime of %s: %s", host, words.Why(err))
	}
	print.uptime(answer)
	return nil
}
