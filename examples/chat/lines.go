package main

import (
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/examples/internal/words"
)

// line is one of a chat.
type line struct {
	at   time.Time
	own  bool
	note bool // neither said it
	text string

	id      string // of an own message
	sending bool
	failed  string // why an own message was not sent
}

// sent is how sending a message ended.
type sent struct {
	to  string
	id  string
	err error
}

// send sends what was written.
func (m model) send() (model, tea.Cmd) {
	body := m.input.Value()
	if strings.TrimSpace(body) == "" {
		return m, nil
	}
	m.input.Reset()
	m.back = 0
	return m.say(body)
}

// say adds a message to the open chat, and sends it.
func (m model) say(bodies ...string) (model, tea.Cmd) {
	key := m.chat
	to, err := jid.Parse(key)
	if err != nil {
		return m, nil
	}
	var cmds []tea.Cmd
	for _, body := range bodies {
		id := m.client.nextID()
		m.lines[key] = append(m.lines[key], line{at: m.now(), own: true, text: body, id: id, sending: true})
		cmds = append(cmds, func() tea.Msg { return sent{key, id, m.client.say(to, id, body)} })
	}
	return m, tea.Sequence(cmds...)
}

// sent marks a message that was not sent.
func (m *model) sent(s sent) {
	if l := m.own(s.to, s.id); l != nil {
		l.sending = false
		if s.err != nil {
			l.failed = "not sent: " + words.Why(s.err)
		}
	}
}

// undelivered marks a message that came back.
func (m *model) undelivered(u undelivered) {
	if l := m.own(u.from.String(), u.id); l != nil {
		l.sending = false
		l.failed = "not delivered: " + words.Undelivered(u.err)
	}
}

// own returns an own message.
func (m *model) own(key, id string) *line {
	lines := m.lines[key]
	i := slices.IndexFunc(lines, func(l line) bool { return l.own && l.id == id })
	if i < 0 {
		return nil
	}
	return &lines[i]
}

// drop removes the unsent messages of the open chat, and returns them.
func (m *model) drop() (bodies []string) {
	m.lines[m.chat] = slices.DeleteFunc(m.lines[m.chat], func(l line) bool {
		if l.failed != "" {
			bodies = append(bodies, l.text)
		}
		return l.failed != ""
	})
	return bodies
}

// again sends the unsent messages of the open chat.
func (m model) again() (model, tea.Cmd) {
	return m.say(m.drop()...)
}

// unsent returns how many messages of the open chat were not sent.
func (m model) unsent() (n int) {
	for _, l := range m.lines[m.chat] {
		if l.failed != "" {
			n++
		}
	}
	return n
}
