package main

import (
	"context"
	"time"

	"charm.land/bubbles/v2/spinner"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"example.org/lastpresence/examples/internal/words"
	"example.org/lastpresence/roster/ago"
)

// model is what is on the screen.
type model struct {
	client *client
	times  *ago.Language
	now    func() time.Time

	width, height int
	contacts      list
	chat          string // the address of the open chat's contact; empty: none
	back          int    // how many lines the chat is scrolled up
	asking        map[string]bool
	unread        map[string]int
	lines         map[string][]line
	drafts        map[string]string // what was written, and not sent when the chat was left
	input         textinput.Model
	spinner       spinner.Model

	up     bool // there is a connection
	reason string
	next   time.Time // when the next attempt to connect is made
	unkept string    // what failed of the store
}

func newModel(c *client, times *ago.Language) model {
	input := textinput.New()
	input.Prompt = "> "
	input.Placeholder = "write, and press enter"
	return model{
		client: c, times: times, now: time.Now,
		width: 80, height: 24,
		asking: make(map[string]bool), unread: make(map[string]int),
		lines: make(map[string][]line), drafts: make(map[string]string),
		input: input, spinner: spinner.New(spinner.WithSpinner(spinner.MiniDot)),
	}
}

type tick time.Time

func everySecond() tea.Cmd {
	return tea.Tick(time.Second, func(t time.Time) tea.Msg { return tick(t) })
}

// Init implements tea.Model.
func (m model) Init() tea.Cmd {
	return everySecond()
}

// Update implements tea.Model.
func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tick:
		return m, everySecond() // what was ten minutes ago is eleven
	case spinner.TickMsg:
		if len(m.asking) == 0 {
			return m, nil // it turns again with the next question
		}
		var cmd tea.Cmd
		m.spinner, cmd = m.spinner.Update(msg)
		return m, cmd
	case connection:
		m.connection(msg)
		m.contacts.take(m.client.all())
	case news:
		m.contacts.take(m.client.all())
	case unkept:
		m.unkept = msg.String()
	case opened:
		m.opened(msg)
	case message:
		m.heard(msg)
	case sent:
		m.sent(msg)
	case undelivered:
		m.undelivered(msg)
	case tea.KeyPressMsg:
		var cmd tea.Cmd
		m, cmd = m.key(msg)
		m.contacts.follow(m.visible())
		return m, cmd
	case tea.PasteMsg:
		if m.chat != "" {
			var cmd tea.Cmd
			m.input, cmd = m.input.Update(msg)
			return m, cmd
		}
	}
	m.contacts.follow(m.visible())
	return m, nil
}

func (m *model) connection(c connection) {
	m.up, m.next, m.reason = c.err == nil, c.next, ""
	if c.err != nil {
		m.reason = words.Why(c.err)
	}
}

func (m *model) opened(o opened) {
	key := o.contact.JID.String()
	delete(m.asking, key)
	m.contacts.take(m.client.all())
	if o.err != nil && o.contact.Err == nil { // else the contact's line says it
		m.lines[key] = append(m.lines[key], line{at: m.now(), note: true, text: words.Why(o.err)})
	}
}

func (m *model) heard(msg message) {
	key := msg.from.String()
	m.lines[key] = append(m.lines[key], line{at: m.now(), text: msg.body})
	if key != m.chat {
		m.unread[key]++
	}
}

// open opens the chat at the cursor.
func (m model) open() (model, tea.Cmd) {
	contact, ok := m.contacts.selected()
	key := contact.JID.String()
	if !ok || key == m.chat {
		return m, nil
	}
	m.leave()
	m.contacts.search("")
	m.contacts.choose(key)
	m.chat, m.back = key, 0
	turn := m.spinner.Tick
	if len(m.asking) > 0 {
		turn = nil // it does already
	}
	m.asking[key] = true
	delete(m.unread, key)
	m.input.SetValue(m.drafts[key])
	m.input.CursorEnd()
	ask := func() tea.Msg { return m.client.open(context.Background(), contact.JID) }
	return m, tea.Batch(m.input.Focus(), turn, ask)
}

// leave closes the chat, and keeps what was written.
func (m *model) leave() {
	if m.chat != "" {
		m.drafts[m.chat] = m.input.Value()
	}
	m.chat = ""
	m.input.Reset()
	m.input.Blur()
}
