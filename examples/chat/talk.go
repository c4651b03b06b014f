package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/ping"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/examples/internal/command"
)

var errNotConnected = errors.New("not connected")

// undelivered means that a message came back.
type undelivered struct {
	from jid.JID
	id   string
	err  stanza.Error
}

// messages is the client's own handler.
func (c *client) messages(tell func(event)) xmpp.Handler {
	return messages(func(e event) {
		if m, ok := e.(message); ok {
			c.contacts.Heard(m.from, time.Now())
		}
		tell(e)
	})
}

// messages reports messages that have a text, and messages that came back.
func messages(tell func(event)) xmpp.Handler {
	return xmpp.HandlerFunc(func(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
		if start.Name.Local != "message" {
			return nil
		}
		var m struct {
			stanza.Message
			Body string       `xml:"body"`
			Err  stanza.Error `xml:"error"`
		}
		d := xml.NewTokenDecoder(xmlstream.MultiReader(xmlstream.Token(*start), t))
		switch err := d.Decode(&m); {
		case err != nil:
		case m.Type == stanza.ErrorMessage:
			tell(undelivered{m.From.Bare(), m.ID, m.Err})
		case m.Body != "":
			tell(message{m.From.Bare(), command.OneLine(m.Body)})
		}
		return nil
	})
}

// nextID returns the id of the next message.
func (c *client) nextID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ids++
	return fmt.Sprintf("chat-%d", c.ids)
}

// say sends a message, and returns when the server has it. A server handles
// stanzas in order, so it has the message when it answers a ping that follows.
func (c *client) say(to jid.JID, id, body string) error {
	c.mu.Lock()
	l := c.link
	c.mu.Unlock()
	if l.session == nil {
		return errNotConnected
	}
	ctx, cancel := context.WithTimeout(l.ctx, 10*time.Second)
	defer cancel()
	text := xmlstream.Wrap(xmlstream.Token(xml.CharData(body)), xml.StartElement{Name: xml.Name{Local: "body"}})
	err := l.session.Send(ctx, stanza.Message{ID: id, To: to, Type: stanza.ChatMessage}.Wrap(text))
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
