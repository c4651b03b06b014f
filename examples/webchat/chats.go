package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/examples/internal/command"
)

// What bounds the messages that are kept in memory.
const (
	maxChats = 200
	maxLines = 200   // of a chat
	maxBody  = 8_000 // bytes of a message
)

// chat is the messages that were exchanged with somebody.
type chat struct {
	with   jid.JID
	lines  []line
	unread int
}

// line is a message.
type line struct {
	number  int // of the line, in all chats
	changed int // when it changed last, as counted by the user's clock
	at      time.Time
	own     bool
	text    string
	sending bool
	failed  error // why an own message was not sent or delivered
}

// id is that of an own message on the wire.
func (l line) id() string { return fmt.Sprintf("webchat-%d", l.number) }

// talking returns with whom messages were exchanged.
func (u *user) talking() []jid.JID {
	u.mu.Lock()
	defer u.mu.Unlock()
	var with []jid.JID
	for _, c := range u.chats {
		with = append(with, c.with)
	}
	return with
}

// chat returns the chat with somebody, nil where there are too many.
func (u *user) chat(with jid.JID) *chat {
	key := with.String()
	if u.chats[key] == nil {
		if len(u.chats) >= maxChats {
			return nil
		}
		u.chats[key] = &chat{with: with}
	}
	return u.chats[key]
}

// add adds a line to a chat.
func (u *user) add(c *chat, l line) line {
	u.clock++
	l.number, l.changed = u.clock, u.clock
	c.lines = append(c.lines, l)
	if len(c.lines) > maxLines {
		c.lines = slices.Delete(c.lines, 0, len(c.lines)-maxLines)
	}
	u.telling()
	return l
}

// hear takes a message that came.
func (u *user) hear(m heard) {
	if m.err == nil {
		u.contacts.Heard(m.from, cmp.Or(m.at, time.Now()))
		u.metrics.messages.WithLabelValues("received").Inc()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	c := u.chat(m.from)
	switch {
	case c == nil:
	case m.err != nil:
		u.mark(c, m.id, m.err)
	default:
		c.unread++
		u.add(c, line{at: cmp.Or(m.at, time.Now()), text: clean(m.body)})
	}
}

// mark notes how sending a message ended.
func (u *user) mark(c *chat, id string, err error) {
	for i := range c.lines {
		if l := &c.lines[i]; l.own && l.id() == id {
			u.clock++
			l.changed, l.sending = u.clock, false
			if err != nil {
				l.failed = err // and stays, where the server has it and returned it before it said so
			}
			u.telling()
			return
		}
	}
}

// say sends a message, and shows it in the chat.
func (u *user) say(to jid.JID, body string) {
	u.mu.Lock()
	c := u.chat(to)
	if c == nil {
		u.mu.Unlock()
		return
	}
	l := u.add(c, line{at: time.Now(), own: true, text: clean(body), sending: true})
	u.mu.Unlock()
	err := u.send(to, l.id(), l.text)
	if err == nil {
		u.metrics.messages.WithLabelValues("sent").Inc()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.mark(c, l.id(), err)
}

// lines returns the lines of a chat that have changed since the clock showed a
// time, and what it shows now. Whoever looks has read them.
func (u *user) lines(with jid.JID, since int) (lines []line, now int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if c := u.chats[with.String()]; c != nil {
		if c.unread > 0 {
			c.unread = 0
			u.telling()
		}
		for _, l := range c.lines {
			if l.changed > since {
				lines = append(lines, l)
			}
		}
	}
	return lines, u.clock
}

// unread returns how many messages of each chat nobody has looked at.
func (u *user) unread() map[string]int {
	u.mu.Lock()
	defer u.mu.Unlock()
	unread := make(map[string]int)
	for key, c := range u.chats {
		unread[key] = c.unread
	}
	return unread
}

// clean returns a text without what moves, hides or turns around what stands beside
// it, and not longer than a message may be.
func clean(s string) string {
	if len(s) > maxBody {
		s = strings.ToValidUTF8(s[:maxBody], "") + "…"
	}
	var lines []string
	for l := range strings.SplitSeq(s, "\n") {
		lines = append(lines, command.OneLine(l))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// cut returns a text of one line that has no more than so many characters.
func cut(s string, most int) string {
	s = command.OneLine(s)
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}
