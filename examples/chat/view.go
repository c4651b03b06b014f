package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"example.org/lastpresence/examples/internal/command"
	"example.org/lastpresence/examples/internal/words"
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

// narrow reports whether there is room for one pane only.
func (m model) narrow() bool { return m.width < 60 }

func (m model) listWidth() int {
	if m.narrow() {
		return m.width
	}
	return min(m.width/2, 44)
}

func (m model) chatWidth() int {
	if m.narrow() {
		return m.width
	}
	return m.width - m.listWidth() - 3
}

// room is how many lines are above the footer.
func (m model) room() int { return max(m.height-len(m.footer()), 3) }

// visible is how many contacts are on the screen.
func (m model) visible() int { return max((m.room()-1)/2, 1) }

// screen returns everything that is shown: contacts on the left and the chat on
// the right, or one of them if there is no room for both, and the footer.
func (m model) screen() string {
	height := m.room()
	var rows []string
	switch {
	case m.narrow() && m.chat != "":
		rows = m.conversation(m.width, height)
	case m.narrow():
		rows = m.list(m.width, height)
	default:
		left, right := m.list(m.listWidth(), height), m.conversation(m.chatWidth(), height)
		for i := range height {
			rows = append(rows, pad(left[i], m.listWidth())+" "+faint.Render("│")+" "+right[i])
		}
	}
	rows = append(rows, m.footer()...)
	for i := range rows {
		rows[i] = pad(rows[i], m.width)
	}
	return strings.Join(rows, "\n")
}

// footer returns the lines at the bottom: the connection and the keys.
func (m model) footer() []string {
	lines := wrap(m.state(), m.width)
	if m.unkept != "" {
		lines = append(lines, wrap(m.unkept, m.width)...)
	}
	if most := max(m.height-5, 1); len(lines) > most {
		lines = lines[:most]
	}
	lines = append([]string{faint.Render(strings.Repeat("─", m.width))}, lines...)
	return append(lines, faint.Render(cut(m.keys(), m.width)))
}

// state describes the connection.
func (m model) state() string {
	if m.up {
		short, _, _ := strings.Cut(m.client.summary(), " · ")
		if m.narrow() {
			return short
		}
		return m.client.summary()
	}
	return yellow.Render(m.plainState())
}

// plainState says why there is no connection, and when the next attempt is
// made.
func (m model) plainState() string {
	left := m.next.Sub(m.now())
	switch {
	case m.reason == "":
		return "connecting …"
	case left <= 0:
		return "not connected: " + m.reason + " · trying again …"
	}
	return fmt.Sprintf("not connected: %s · trying again in %d s", m.reason, int(math.Ceil(left.Seconds())))
}

func (m model) keys() string {
	switch {
	case m.chat != "" && m.narrow():
		return "enter send · esc back · ctrl+q quit"
	case m.chat != "":
		return "↑↓ choose · enter send or open · pgup pgdn scroll · esc close · ctrl+q quit"
	case m.narrow():
		return "type to find · enter open · ctrl+q quit"
	}
	return "↑↓ pgup pgdn choose · type to search · enter open · ctrl+q quit"
}

// list is the contacts, two lines each, below a line that says which part of
// them is shown.
func (m model) list(width, height int) []string {
	l := m.contacts
	place := fmt.Sprintf("%d/%d", min(l.cursor+1, len(l.shown)), len(l.shown))
	head := bold.Render("Contacts")
	if l.match != "" {
		head = yellow.Render("search: " + command.OneLine(l.match) + "▏")
	}
	lines := []string{pad(head, width-len(place)-1) + " " + faint.Render(place)}
	for i, c := range l.shown[min(l.top, len(l.shown)):] {
		if len(lines)+2 > max(height, 3) {
			break
		}
		mark, unread := "  ", ""
		if n := m.unread[c.JID.String()]; n > 0 {
			unread = yellow.Render(fmt.Sprintf(" (%d)", n))
		}
		name := cut(words.Title(c), width-4-lipgloss.Width(unread))
		if i+l.top == l.cursor {
			mark, name = "▸ ", bold.Render(name)
		}
		lines = append(lines, mark+m.dot(c)+" "+name+unread, "    "+faint.Render(cut(m.describe(c), width-4)))
	}
	return fill(lines, height)
}

// dot is green for a contact that is online, while there is a connection that
// says so.
func (m model) dot(c roster.Contact) string {
	switch {
	case c.Online && m.up && c.Lack == roster.Nothing:
		return green.Render("●")
	case c.Online:
		return faint.Render("◌")
	}
	return faint.Render("○")
}

// describe says what is known of a contact.
func (m model) describe(c roster.Contact) string {
	if m.asking[c.JID.String()] {
		return m.spinner.View() + " asking"
	}
	if !m.up && c.Lack != roster.NeverHeard {
		c.Lack = roster.Outdated // nobody tells what is so now
	}
	return words.Describe(c, m.times, m.now())
}

// conversation is the open chat.
func (m model) conversation(width, height int) []string {
	contact, ok := m.contacts.find(m.chat)
	if !ok {
		return fill([]string{"", faint.Render(cut("Choose a contact, and press enter.", width))}, height)
	}
	top := []string{m.dot(contact) + " " + bold.Render(cut(words.Title(contact), width-2))}
	top = append(top, some(wrap(m.describe(contact), width), max(height/3, 1))...)
	top = append(top, faint.Render(strings.Repeat("┈", width)))
	var bottom []string
	if n := m.unsent(); n > 0 {
		bottom = []string{yellow.Render(cut(fmt.Sprintf("%d not sent: ctrl+r again, ctrl+x drop", n), width))}
	}
	m.input.SetWidth(max(width-4, 1))
	bottom = append(bottom, m.input.View())
	room := max(height-len(top)-len(bottom), 0)
	lines := m.said(width)
	end := max(len(lines)-m.back, 0)
	lines = fill(lines[max(end-room, 0):end], room)
	return fill(slices.Concat(top, lines, bottom), height)
}

// page is how far the chat scrolls at once.
func (m model) page() int { return max(m.room()/2, 1) }

// said is what was said in the open chat, line by line.
func (m model) said(width int) (lines []string) {
	contact, _ := m.contacts.find(m.chat)
	for _, l := range m.lines[m.chat] {
		who, end := words.Title(contact)+": ", ""
		switch {
		case l.own:
			who = "me: "
		case l.note:
			who = "· "
		}
		switch {
		case l.failed != "":
			end = yellow.Render(" ✗ " + l.failed)
		case l.sending:
			end = faint.Render(" …")
		}
		lines = append(lines, wrap(faint.Render(m.clock(l.at))+" "+who+command.OneLine(l.text)+end, width)...)
	}
	return lines
}

// clock returns when something was said, with the day unless it is today.
func (m model) clock(t time.Time) string {
	s := m.times.Clock(t)
	if t.YearDay() != m.now().YearDay() || t.Year() != m.now().Year() {
		s = t.Format("2 Jan ") + s
	}
	return s
}

// pad cuts a line to a width, or fills it up.
func pad(s string, width int) string {
	s = lipgloss.NewStyle().MaxWidth(max(width, 1)).Render(s)
	return s + strings.Repeat(" ", max(width-lipgloss.Width(s), 0))
}

// wrap breaks a text into lines.
func wrap(s string, width int) []string {
	return strings.Split(lipgloss.NewStyle().Width(max(width, 1)).Render(s), "\n")
}

// cut cuts a text to a width, and shows that it did.
func cut(s string, width int) string {
	if lipgloss.Width(s) <= width {
		return s
	}
	return lipgloss.NewStyle().MaxWidth(max(width-1, 1)).Render(s) + "…"
}

// some returns n lines at most, and shows that there are more.
func some(lines []string, n int) []string {
	if len(lines) > n {
		lines = lines[:n]
		lines[n-1] = strings.TrimRight(lines[n-1], " ") + "…"
	}
	return lines
}

// fill returns so many lines, the first of those there are.
func fill(lines []string, n int) []string {
	for len(lines) < n {
		lines = append(lines, "")
	}
	return lines[:n]
}
