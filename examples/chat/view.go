package main

import (
	"cmp"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"example.org/lastpresence/examples/internal/command"
	"example.org/lastpresence/roster"
)

var (
	bold   = lipgloss.NewStyle().Bold(true)
	faint  = lipgloss.NewStyle().Faint(true)
	green  = lipgloss.NewStyle().Foreground(lipgloss.Color("2"))
	yellow = lipgloss.NewStyle().Foreground(lipgloss.Color("3"))
)

// View implements tea.Model.
func (m model) View() tea.View {
	v := tea.NewView(m.screen())
	v.AltScreen = true
	v.WindowTitle = "chat"
	return v
}

// screen is all that is shown: contacts on the left, the chat on the right, and
// two lines below.
func (m model) screen() string {
	left := max(min(m.width/2, 44), 20)
	right := max(m.width-left-3, 10)
	height := max(m.height-3, 3)
	list, chat := m.list(left, height), m.conversation(right, height)
	var b strings.Builder
	for i := range height {
		fmt.Fprintf(&b, "%s %s %s\n", pad(list[i], left), faint.Render("│"), pad(chat[i], right))
	}
	b.WriteString(faint.Render(strings.Repeat("─", m.width)) + "\n")
	status := cmp.Or(m.state, m.unkept, m.client.summary())
	b.WriteString(pad(status, m.width) + "\n")
	keys := "↑↓ choose · enter open · q quit"
	if m.chat != "" {
		keys = "↑↓ choose · enter send or open · esc close · ctrl+q quit"
	}
	b.WriteString(pad(faint.Render(keys), m.width))
	return b.String()
}

// pad cuts a line to a width, or fills it up.
func pad(s string, width int) string {
	s = lipgloss.NewStyle().MaxWidth(width).Render(s)
	return s + strings.Repeat(" ", max(width-lipgloss.Width(s), 0))
}

// list is the contacts, two lines each.
func (m model) list(width, height int) []string {
	lines := make([]string, 0, height)
	first := max(0, m.cursor-height/2+1)
	for i, c := range m.contacts[min(first, len(m.contacts)):] {
		mark, name := "  ", title(c)
		if i+first == m.cursor {
			mark, name = "▸ ", bold.Render(name)
		}
		if n := m.unread[c.JID.String()]; n > 0 {
			name += yellow.Render(fmt.Sprintf(" (%d)", n))
		}
		lines = append(lines, mark+dot(c)+" "+name, "    "+faint.Render(cut(m.describe(c), width-4)))
	}
	return fill(lines, height)
}

func dot(c roster.Contact) string {
	if c.Online {
		return green.Render("●")
	}
	return faint.Render("○")
}

// describe says what is known of a contact.
func (m model) describe(c roster.Contact) string {
	var parts []string
	switch {
	case m.asking[c.JID.String()]:
		parts = append(parts, m.spinner.View()+" asking")
	case c.Online && c.Resources[0].Show != "":
		parts = append(parts, "online, "+c.Resources[0].Show)
	case c.Online:
		parts = append(parts, "online")
	case !c.LastSeen.IsZero():
		parts = append(parts, "last seen "+m.words.Format(c.LastSeen, m.now()))
	default:
		parts = append(parts, "offline")
	}
	if c.Status != "" {
		parts = append(parts, command.OneLine(c.Status))
	}
	return strings.Join(parts, " · ")
}

// conversation is the open chat.
func (m model) conversation(width, height int) []string {
	var contact *roster.Contact
	for i := range m.contacts {
		if m.contacts[i].JID.String() == m.chat {
			contact = &m.contacts[i]
		}
	}
	if contact == nil {
		return fill([]string{"", faint.Render("Choose a contact, and press enter.")}, height)
	}
	top := []string{bold.Render(title(*contact)), ""}
	top = append(top[:1], append(wrap(m.describe(*contact), width), faint.Render(strings.Repeat("┈", width)))...)
	var lines []string
	for _, l := range m.lines[m.chat] {
		who := title(*contact) + ": "
		switch {
		case l.own:
			who = "me: "
		case l.note:
			who = "· "
		}
		lines = append(lines, wrap(who+l.text, width)...)
	}
	room := max(height-len(top)-1, 0)
	lines = fill(lines[max(len(lines)-room, 0):], room)
	m.input.SetWidth(max(width-4, 1))
	return fill(append(append(top, lines...), m.input.View()), height)
}

// wrap breaks a text into lines.
func wrap(s string, width int) []string {
	return strings.Split(lipgloss.NewStyle().Width(width).Render(s), "\n")
}

// cut cuts a text to a width, and shows that it did.
func cut(s string, width int) string {
	if lipgloss.Width(s) <= width {
		return s
	}
	return lipgloss.NewStyle().MaxWidth(max(width-1, 0)).Render(s) + "…"
}

// fill returns so many lines, the first of those there are.
func fill(lines []string, n int) []string {
	for len(lines) < n {
		lines = append(lines, "")
	}
	return lines[:n]
}
