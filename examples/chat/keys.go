package main

import (
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// key handles a key. Without an open chat, keys belong to the list.
func (m model) key(msg tea.KeyPressMsg) (model, tea.Cmd) {
	switch msg.String() {
	case "ctrl+c", "ctrl+q":
		return m, tea.Quit
	case "up", "ctrl+p":
		m.step(-1)
		return m, nil
	case "down", "ctrl+n":
		m.step(1)
		return m, nil
	}
	if m.chat == "" {
		return m.listKey(msg)
	}
	return m.chatKey(msg)
}

// step moves the cursor. If the list is not visible, it scrolls the chat
// instead.
func (m *model) step(by int) {
	if m.narrow() && m.chat != "" {
		m.scroll(-by)
		return
	}
	m.contacts.move(m.contacts.cursor + by)
}

func (m model) listKey(msg tea.KeyPressMsg) (model, tea.Cmd) {
	l := &m.contacts
	switch msg.String() {
	case "pgup":
		l.move(l.cursor - m.visible())
	case "pgdown":
		l.move(l.cursor + m.visible())
	case "home":
		l.move(0)
	case "end":
		l.move(len(l.shown) - 1)
	case "enter":
		return m.open()
	case "esc":
		l.search("")
	case "backspace":
		_, last := utf8.DecodeLastRuneInString(l.match)
		l.search(l.match[:len(l.match)-last])
	default:
		if msg.Text != "" && (msg.Text != " " || l.match != "") {
			l.search(l.match + msg.Text)
		}
	}
	return m, nil
}

func (m model) chatKey(msg tea.KeyPressMsg) (model, tea.Cmd) {
	switch msg.String() {
	case "esc":
		m.leave()
		return m, nil
	case "pgup":
		m.scroll(m.page())
		return m, nil
	case "pgdown":
		m.scroll(-m.page())
		return m, nil
	case "ctrl+r":
		return m.again()
	case "ctrl+x":
		m.drop()
		return m, nil
	case "enter":
		if c, _ := m.contacts.selected(); c.JID.String() != m.chat {
			return m.open()
		}
		return m.send()
	}
	var cmd tea.Cmd
	m.input, cmd = m.input.Update(msg)
	return m, cmd
}

// scroll scrolls the chat up, or down if by is negative.
func (m *model) scroll(by int) {
	m.back = max(min(m.back+by, len(m.said(m.chatWidth()))-m.page()), 0)
}
