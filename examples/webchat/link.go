package main

import (
	"context"
	"encoding/xml"
	"errors"
	"math/rand/v2"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/ping"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/delay"
	"example.org/lastpresence/examples/internal/account"
)

// patience is how long a server may take for an answer.
const patience = 30 * time.Second

var errNotConnected = errors.New("not connected")

// link is the XMPP session, while there is one.
type link struct {
	session session         // nil: not connected
	ctx     context.Context // ends with the session
	synced  bool            // the roster was fetched at least once
}

// reconnect uses a session until it ends, and makes the next one, again and again
// until the context ends or the password is no longer right.
func (u *user) reconnect(ctx context.Context, s session) {
	const shortest, longest = time.Second, time.Minute
	for wait := shortest; ; {
		began := time.Now()
		err := u.serve(ctx, s)
		if time.Since(began) > longest {
			wait = shortest // it went well for long
		}
		for s = nil; s == nil; wait = min(2*wait, longest) {
			if errors.Is(err, account.ErrPassword) {
				return
			}
			u.log.Info("not connected", "account", u.account, "error", err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait/2 + rand.N(wait/2)): // not all users at once
			}
			s, err = u.logIn(ctx)
		}
		u.metrics.reconnects.Inc()
	}
}

func (u *user) logIn(ctx context.Context) (session, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return u.login(ctx)
}

// serve uses a session until it ends.
func (u *user) serve(ctx context.Context, s session) error {
	defer func() { _ = s.Conn().Close() }()
	stop := context.AfterFunc(ctx, func() { _ = s.Conn().Close() })
	defer stop()
	if err := u.contacts.Connect(s); err != nil {
		return err
	}
	linked, over := context.WithCancelCause(ctx)
	began := make(chan error, 1)
	go func() {
		err := u.begin(linked, s)
		began <- err
		if err != nil {
			_ = s.Conn().Close()
			return
		}
		u.use(link{session: s, ctx: linked, synced: true})
	}()
	err := u.contacts.Serve(messages(u.hear))
	over(errNotConnected)
	if failed := <-began; failed != nil && !errors.Is(failed, context.Canceled) {
		err = failed
	}
	u.use(link{synced: u.synced()})
	return account.Ended(err)
}

// begin fetches the roster and sends initial presence.
func (u *user) begin(ctx context.Context, s session) error {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := u.contacts.Sync(limited); err != nil {
		return err
	}
	// To cancel a context that is given to Send may interrupt the next write.
	defer context.AfterFunc(limited, func() { _ = s.Conn().Close() })()
	return s.Send(ctx, stanza.Presence{}.Wrap(nil))
}

func (u *user) use(l link) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if l.ctx != nil && l.ctx.Err() != nil {
		l = link{synced: l.synced} // it has ended already
	}
	u.link = l
	u.telling()
}

func (u *user) synced() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.link.synced
}

// ready waits, for a time, until the contacts are there.
func (u *user) ready(ctx context.Context, most time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for {
		changed := u.changed()
		if u.synced() {
			return
		}
		select {
		case <-changed:
		case <-u.ended:
			return
		case <-ctx.Done():
			return
		}
	}
}

// send sends a message, and returns once the server has it: the server handles
// stanzas in order, and so it has the message when it answers a ping.
func (u *user) send(to jid.JID, id, body string) error {
	u.mu.Lock()
	l := u.link
	u.mu.Unlock()
	if l.session == nil {
		return errNotConnected
	}
	ctx, cancel := context.WithTimeout(l.ctx, 10*time.Second)
	defer cancel()
	err := l.session.Send(ctx, stanza.Message{ID: id, To: to, Type: stanza.ChatMessage}.Wrap(element("body", body)))
	if err == nil {
		err = ping.Send(ctx, l.session, l.session.RemoteAddr())
	}
	var refused stanza.Error
	switch {
	case errors.As(err, &refused):
		return nil // of the ping, and an answer all the same
	case l.ctx.Err() != nil:
		return context.Cause(l.ctx)
	}
	return err
}

// heard is a message that came.
type heard struct {
	from jid.JID // bare
	id   string
	body string
	at   time.Time // when a server took it for somebody who was offline; zero: now
	err  error     // it is one of ours that came back
}

// messages is the client's own handler: it hands over messages that have a text,
// and those that came back.
func messages(hear func(heard)) xmpp.Handler {
	return xmpp.HandlerFunc(func(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
		if start.Name.Local != "message" {
			return nil
		}
		var m struct {
			stanza.Message
			Body  string       `xml:"body"`
			Err   stanza.Error `xml:"error"`
			Delay []struct {
				From  string `xml:"from,attr"`
				Stamp string `xml:"stamp,attr"`
			} `xml:"urn:xmpp:delay delay"`
		}
		d := xml.NewTokenDecoder(xmlstream.MultiReader(xmlstream.Token(*start), t))
		if d.Decode(&m) != nil {
			return nil
		}
		got := heard{from: m.From.Bare(), id: m.ID, body: m.Body}
		for _, delayed := range m.Delay {
			// Only our own server, which kept the message, says when it was sent.
			if delayed.From == m.To.Domainpart() || delayed.From == m.To.Bare().String() {
				got.at, _ = delay.ParseDateTime(delayed.Stamp)
			}
		}
		switch {
		case m.Type == stanza.ErrorMessage:
			got.err = m.Err
			hear(got)
		case m.Body != "" && m.Type != stanza.GroupChatMessage:
			hear(got)
		}
		return nil
	})
}
