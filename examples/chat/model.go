package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"charm.land/bubbles/v2/spinner"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"golang.org/x/text/language"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/examples/internal/command"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/ago"
)

// line is one of a chat.
type line struct {
	at   time.Time
	own  bool
	note bool // neither said it
	text string
}

// model is what is on the screen.
type model struct {
	client *client
	words  *ago.Language
	now    func() time.Time

	width, height int
	contacts      []roster.Contact // online first, then by name
	cursor        int
	chat          string // the address of the open chat's contact; empty: none
	asking        map[string]bool
	unread        map[string]int
	lines         map[string][]line
	input         textinput.Model
	spinner       spinner.Model
	state         string // why it is not connected
	unkept        string // why what is known is not kept
}

func newModel(c *client) model {
	input := textinput.New()
	input.Prompt = "> "
	input.Placeholder = "write, and press enter"
	return model{
		client: c, words: ago.In(language.English), now: time.Now,
		width: 80, height: 24,
		asking: make(map[string]bool), unread: make(map[string]int), lines: make(map[string][]line),
		input: input, spinner: spinner.New(spinner.WithSpinner(spinner.MiniDot)),
		state: "connecting …",
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
	case connected:
		m.state = ""
		if msg.err != nil {
			m.state = command.OneLine(msg.err.Error())
		}
		m.take(m.client.all())
	case news:
		m.take(m.client.all())
	case unkept:
		m.unkept = command.OneLine(msg.err.Error())
	case opened:
		m.opened(msg)
	case message:
		m.heard(msg)
	case tea.KeyPressMsg:
		return m.key(msg)
	}
	return m, nil
}

// take takes the contacts, and keeps the cursor on its contact.
func (m *model) take(contacts []roster.Contact) {
	var at jid.JID
	if m.cursor < len(m.contacts) {
		at = m.contacts[m.cursor].JID
	}
	slices.SortStableFunc(contacts, func(a, b roster.Contact) int {
		return cmp.Or(-compareBool(a.Online, b.Online), cmp.Compare(title(a), title(b)))
	})
	m.contacts = contacts
	m.cursor = max(slices.IndexFunc(contacts, func(c roster.Contact) bool { return c.JID.Equal(at) }), 0)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func title(c roster.Contact) string {
	return command.OneLine(cmp.Or(c.Name, c.JID.String()))
}

func (m *model) opened(o opened) {
	key := o.contact.JID.String()
	delete(m.asking, key)
	m.take(m.client.all())
	if note := explain(o.err); note != "" {
		m.lines[key] = append(m.lines[key], line{at: m.now(), note: true, text: note})
	}
}

// explain says what an error of opening a chat means to a user.
func explain(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, probe.ErrBudget):
		return "Many chats were opened just now; this one is not asked about yet."
	case errors.Is(err, probe.ErrNotSubscribed):
		return "This contact does not share presence with you."
	case errors.Is(err, probe.ErrNoAnswer), errors.Is(err, context.DeadlineExceeded):
		return "The contact's server does not say."
	}
	return command.OneLine(err.Error())
}

func (m *model) heard(msg message) {
	key := msg.from.String()
	m.lines[key] = append(m.lines[key], line{at: m.now(), text: msg.body})
	if key != m.chat {
		m.unread[key]++
	}
}

func (m model) key(msg tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	switch msg.String() {
	case "ctrl+c", "ctrl+q":
		return m, tea.Quit
	case "up", "ctrl+p":
		m.cursor = max(m.cursor-1, 0)
		return m, nil
	case "down", "ctrl+n":
		m.cursor = max(min(m.cursor+1, len(m.contacts)-1), 0)
		return m, nil
	case "esc":
		m.chat = ""
		m.input.Blur()
		return m, nil
	case "enter":
		if m.chat != "" && m.selected() == m.chat && m.input.Value() != "" {
			return m.send()
		}
		return m.open()
	}
	if m.chat == "" {
		if msg.String() == "q" {
			return m, tea.Quit
		}
		return m, nil
	}
	var cmd tea.Cmd
	m.input, cmd = m.input.Update(msg)
	return m, cmd
}

// selected returns the address of the contact at the cursor.
func (m model) selected() string {
	if m.cursor < len(m.contacts) {
		return m.contacts[m.cursor].JID.String()
	}
	return ""
}

// open opens the chat at the cursor.
func (m model) open() (tea.Model, tea.Cmd) {
	key := m.selected()
	if key == "" || key == m.chat {
		return m, nil
	}
	contact := m.contacts[m.cursor].JID
	m.chat = key
	turn := m.spinner.Tick
	if len(m.asking) > 0 {
		turn = nil // it does already
	}
	m.asking[key] = true
	delete(m.unread, key)
	m.input.Reset()
	ask := func() tea.Msg { return m.client.open(context.Background(), contact) }
	return m, tea.Batch(m.input.Focus(), turn, ask)
}

// send sends what was written.
func (m model) send() (tea.Model, tea.Cmd) {
	body, key, to := m.input.Value(), m.chat, m.contacts[m.cursor].JID
	m.input.Reset()
	m.lines[key] = append(m.lines[key], line{at: m.now(), own: true, text: body})
	return m, func() tea.Msg {
		if err := m.client.say(context.Background(), to, body); err != nil {
			return connected{err}
		}
		return nil
	}
}
