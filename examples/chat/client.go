package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/examples/internal/account"
	"example.org/lastpresence/examples/internal/command"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

type session = *xmpp.Session

// An event is what the client reports to the screen.
type event any

// The events.
type (
	// connection says that there is one, or why there is none and when the
	// next attempt is made.
	connection struct {
		err  error // nil: connected
		next time.Time
	}
	news    struct{ contact roster.Contact }
	message struct {
		from jid.JID
		body string
	}
	opened struct {
		contact roster.Contact
		err     error
	}
	unkept struct{ err error } // the store failed
)

func (u unkept) String() string { return "store: " + command.Message(u.err) }

// patience is how long a server may take to answer.
const patience = 30 * time.Second

// client stays connected, reconnecting whenever the connection ends, and
// remembers what is known of the contacts.
type client struct {
	login    func(context.Context) (session, error)
	contacts *roster.Cache
	errs     chan error // of the store

	mu    sync.Mutex
	link  link
	ids   int // messages that were written
	known int // chats whose opening asked nobody
}

// link is the session while there is one.
type link struct {
	session session         // nil: not connected
	ctx     context.Context // ends with the session
}

// newClient returns the client of an account. Without a store, nothing is kept.
func newClient(account jid.JID, login func(context.Context) (session, error), store roster.Store) *client {
	c := &client{login: login, errs: make(chan error, 1)}
	var opts []roster.Option
	if store != nil {
		opts = append(opts, roster.Persist(store, c.failed))
	}
	c.contacts = roster.Offline(account, opts...)
	return c
}

// failed records an error of the store. One at a time is enough.
func (c *client) failed(err error) {
	select {
	case c.errs <- err:
	default:
	}
}

// run keeps the client connected until ctx ends. It shows what was kept before
// the first connection. It returns an error if the server refuses the first
// login.
func (c *client) run(ctx context.Context, tell func(event)) error {
	var watching sync.WaitGroup
	defer watching.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer c.close()
	changes := c.contacts.Watch(ctx)
	watching.Go(func() {
		for contact := range changes {
			tell(news{contact})
		}
	})
	watching.Go(func() {
		for {
			select {
			case err := <-c.errs:
				tell(unkept{err})
			case <-ctx.Done():
				return
			}
		}
	})
	if err := c.contacts.Load(ctx); err != nil {
		tell(unkept{err})
	}
	return c.connect(ctx, tell)
}

// close saves what is known.
func (c *client) close() {
	_ = c.contacts.Close()
}

// connect logs in, again and again.
func (c *client) connect(ctx context.Context, tell func(event)) error {
	const shortest, longest = time.Second, time.Minute
	wait, once := shortest, false
	for {
		began := time.Now()
		s, err := c.logIn(ctx)
		if err == nil {
			err = c.serve(ctx, s, func(e event) {
				once = true
				tell(e)
			})
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, account.ErrPassword) && !once:
			return fmt.Errorf("log in: %w", err)
		case time.Since(began) > longest:
			wait = shortest // it went well for long
		}
		tell(connection{err: err, next: time.Now().Add(wait)})
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		wait = min(2*wait, longest)
	}
}

func (c *client) logIn(ctx context.Context) (session, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return c.login(ctx)
}

// serve uses a session until it ends.
func (c *client) serve(ctx context.Context, s session, tell func(event)) error {
	stop := context.AfterFunc(ctx, func() { _ = s.Conn().Close() })
	defer stop()
	defer func() { _ = s.Conn().Close() }()
	if err := c.contacts.Connect(s); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.contacts.Serve(c.messages(tell)) }()
	if err := c.begin(ctx, s); err != nil {
		_ = s.Conn().Close()
		<-ended
		return err
	}
	linked, over := context.WithCancelCause(ctx)
	c.use(link{s, linked})
	defer func() {
		c.use(link{})
		over(errNotConnected)
	}()
	tell(connection{})
	return account.Ended(<-ended)
}

// begin fetches the roster and sends initial presence.
func (c *client) begin(ctx context.Context, s session) error {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := c.contacts.Sync(limited); err != nil {
		return err
	}
	// To cancel a context that is given to Send may interrupt the next write.
	defer context.AfterFunc(limited, func() { _ = s.Conn().Close() })()
	return s.Send(ctx, stanza.Presence{}.Wrap(nil))
}

func (c *client) use(l link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link = l
}

// all returns what is known of every contact.
func (c *client) all() []roster.Contact {
	list := make([]roster.Contact, 0, c.contacts.Len())
	for contact := range c.contacts.All() {
		list = append(list, contact)
	}
	return list
}

// open opens a chat.
func (c *client) open(ctx context.Context, contact jid.JID) opened {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	before := c.stats().Sent
	known, err := c.contacts.Open(ctx, contact)
	if err == nil && c.stats().Sent == before {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.known++
	}
	return opened{known, err}
}

func (c *client) stats() (s probe.Stats) {
	if asks := c.contacts.Client(); asks != nil {
		s = asks.Stats()
	}
	return s
}

// summary says how many probes were sent.
func (c *client) summary() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("probes sent: %d · chats opened from memory: %d", c.stats().Sent, c.known)
}
