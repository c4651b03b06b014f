package main

import (
	"cmp"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"sync"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/examples/internal/command"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

type session = *xmpp.Session

// event is what the client tells whoever shows it.
type event any

// The events.
type (
	connected struct{ err error } // nil: it is
	news      struct{ contact roster.Contact }
	message   struct {
		from jid.JID
		body string
	}
	opened struct {
		contact roster.Contact
		err     error
	}
	unkept struct{ err error } // the store fails
)

// client is a connection that is made anew whenever it ends, and what is known
// of the contacts.
type client struct {
	login func(context.Context) (session, error)
	store roster.Store // nil: what is known is not kept

	mu       sync.Mutex
	session  session
	contacts *roster.Cache
	known    int // chats whose opening asked nobody
}

func newClient(login func(context.Context) (session, error), store roster.Store) *client {
	return &client{login: login, store: store}
}

// run keeps the client connected until the context ends. It returns an error
// where the first login fails.
func (c *client) run(ctx context.Context, tell func(event)) error {
	const shortest, longest = time.Second, time.Minute
	var watching sync.WaitGroup
	defer watching.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for wait := shortest; ; {
		connecting, stop := context.WithTimeout(ctx, 30*time.Second)
		s, err := c.login(connecting)
		stop()
		first := c.contacts == nil
		if err != nil && first {
			return fmt.Errorf("log in: %w", err)
		}
		if err == nil {
			if err = c.use(s, tell); err == nil {
				if first {
					defer func() { _ = c.contacts.Close() }()
					watching.Go(func() {
						for contact := range c.contacts.Watch(ctx) {
							tell(news{contact})
						}
					})
				}
				began := time.Now()
				err = c.serve(ctx, s, tell)
				if time.Since(began) > longest {
					wait = shortest // it went well for long
				}
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		tell(connected{fmt.Errorf("not connected, trying again in %v: %w", wait, err)})
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		wait = min(2*wait, longest)
	}
}

// use has the contacts go on with a session.
func (c *client) use(s session, tell func(event)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session = s
	if c.contacts == nil {
		var opts []roster.Option
		if c.store != nil {
			opts = append(opts, roster.Persist(c.store, func(err error) { tell(unkept{err}) }))
		}
		c.contacts = roster.New(s, opts...)
		return nil
	}
	return c.contacts.Connect(s)
}

// serve handles a session until it ends.
func (c *client) serve(ctx context.Context, s session, tell func(event)) error {
	stop := context.AfterFunc(ctx, func() { _ = s.Conn().Close() })
	defer stop()
	defer func() { _ = s.Conn().Close() }()
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(c.contacts.Handler(messages(tell))) }()
	// What was stored can be shown before the network has told anything.
	if err := c.contacts.Load(ctx); err != nil {
		tell(unkept{err})
	}
	err := c.contacts.Sync(ctx)
	if err == nil {
		err = s.Send(ctx, stanza.Presence{}.Wrap(nil))
	}
	if err != nil {
		_ = s.Conn().Close()
		<-ended
		return err
	}
	tell(connected{})
	return cmp.Or(<-ended, io.EOF) // a server that says good-bye is no error of Serve
}

// messages is the client's own handler.
func messages(tell func(event)) xmpp.Handler {
	return xmpp.HandlerFunc(func(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
		if start.Name.Local != "message" {
			return nil
		}
		var m struct {
			stanza.Message
			Body string `xml:"body"`
		}
		d := xml.NewTokenDecoder(xmlstream.MultiReader(xmlstream.Token(*start), t))
		if err := d.Decode(&m); err == nil && m.Body != "" && m.Type != stanza.ErrorMessage {
			tell(message{m.From.Bare(), command.OneLine(m.Body)})
		}
		return nil
	})
}

// all returns what is known of every contact.
func (c *client) all() []roster.Contact {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []roster.Contact
	if c.contacts != nil {
		for contact := range c.contacts.All() {
			list = append(list, contact)
		}
	}
	return list
}

// open opens a chat.
func (c *client) open(ctx context.Context, contact jid.JID) opened {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	before := c.stats().Sent
	known, err := c.contacts.Open(ctx, contact)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stats().Sent == before {
		c.known++
	}
	return opened{known, err}
}

func (c *client) stats() probe.Stats {
	return c.contacts.Client().Stats()
}

// summary says how much was asked.
func (c *client) summary() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.contacts == nil {
		return "not connected yet"
	}
	return fmt.Sprintf("probes sent: %d · chats opened from memory: %d", c.stats().Sent, c.known)
}

// say sends a message.
func (c *client) say(ctx context.Context, to jid.JID, body string) error {
	c.mu.Lock()
	s := c.session
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	text := xmlstream.Wrap(xmlstream.Token(xml.CharData(body)), xml.StartElement{Name: xml.Name{Local: "body"}})
	return s.Send(ctx, stanza.Message{To: to, Type: stanza.ChatMessage}.Wrap(text))
}
