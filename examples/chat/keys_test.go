package main

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

func press(m model, keys ...string) (model, []tea.Cmd) {
	codes := map[string]rune{
		"enter": tea.KeyEnter, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown, "backspace": tea.KeyBackspace,
		"pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd,
	}
	var cmds []tea.Cmd
	for _, k := range keys {
		msg := tea.KeyPressMsg{Text: k}
		if code, ok := codes[k]; ok {
			msg = tea.KeyPressMsg{Code: code}
		} else if letter, ok := strings.CutPrefix(k, "ctrl+"); ok {
			msg = tea.KeyPressMsg{Code: rune(letter[0]), Mod: tea.ModCtrl}
		}
		next, cmd := m.Update(msg)
		m = next.(model)
		cmds = append(cmds, cmd)
	}
	return m, cmds
}

// at returns the address of the contact at the cursor.
func at(m model) string {
	c, _ := m.contacts.selected()
	return c.JID.String()
}

func TestKeysMoveAndOpen(t *testing.T) {
	m := shown(online, offline, unknown)
	m, _ = press(m, "up", "down", "down", "down", "down")
	if at(m) != unknown.JID.String() {
		t.Errorf("the cursor is at %s", at(m))
	}
	m, cmds := press(m, "up", "enter")
	if m.chat != offline.JID.String() || !m.asking[m.chat] || cmds[1] == nil {
		t.Errorf("the open chat is %q, asking %v", m.chat, m.asking)
	}
	if s := text(m); !strings.Contains(s, "asking") {
		t.Errorf("nothing shows that it asks:\n%s", s)
	}
	m, _ = press(m, "q", "u", "i")
	if m.input.Value() != "qui" {
		t.Errorf("%q was written", m.input.Value())
	}
	if m, _ = press(m, "down", "enter", "up", "enter"); m.chat != offline.JID.String() || m.input.Value() != "qui" {
		t.Errorf("what was written in the chat before is lost: %q in %s", m.input.Value(), m.chat)
	}
	if m, _ = press(m, "esc"); m.chat != "" {
		t.Error("the chat is still open")
	}
	if _, cmds := press(m, "ctrl+q"); cmds[0] == nil {
		t.Error("ctrl+q does not quit")
	}
}

func TestKeysTurnPages(t *testing.T) {
	m := shown(many()...)
	page := m.visible()
	for _, step := range []struct {
		key  string
		want int // the number of the contact at the cursor
	}{
		{"pgdown", page + 1}, {"pgdown", 2*page + 1}, {"down", 2*page + 2}, {"pgup", page + 2}, {"end", 300}, {"pgdown", 300}, {"pgup", 300 - page}, {"home", 1}, {"pgup", 1},
	} {
		m, _ = press(m, step.key)
		if want := fmt.Sprintf(" %d/300 ", step.want); !strings.Contains(text(m), want) {
			t.Fatalf("after %s, %q is missing in\n%s", step.key, want, text(m))
		}
		if want := fmt.Sprintf("▸ ○ Contact %03d", step.want-1); !strings.Contains(text(m), want) {
			t.Fatalf("after %s, the cursor is not at %q:\n%s", step.key, want, text(m))
		}
	}
}

func TestTypingFindsContacts(t *testing.T) {
	m := shown(append(many(), offline)...)
	m, _ = press(m, "R", "o", "m")
	if s := text(m); !strings.Contains(s, "search: Rom") || !strings.Contains(s, " 1/1 ") || !strings.Contains(s, "▸ ○ Romeo") {
		t.Errorf("Romeo is not found:\n%s", s)
	}
	m, _ = press(m, "x")
	if s := text(m); !strings.Contains(s, " 0/0 ") {
		t.Errorf("something is found:\n%s", s)
	}
	if m, _ = press(m, "enter"); m.chat != "" {
		t.Errorf("a chat was opened with nobody: %s", m.chat)
	}
	m, _ = press(m, "backspace", "enter")
	if s := text(m); m.chat != offline.JID.String() || !strings.Contains(s, "/301 ") {
		t.Errorf("the chat with %q is open, and the search goes on:\n%s", m.chat, s)
	}
	m, _ = press(m, "esc", "0", "1", "3", "esc")
	if s := text(m); strings.Contains(s, "search:") || m.chat != "" {
		t.Errorf("the search does not end:\n%s", s)
	}
}

func TestTheCursorStaysOnItsContact(t *testing.T) {
	m := shown(many()...)
	if first := at(m); first != "c000@montague.lit" {
		t.Fatal(first)
	}
	came := many()
	came[200].Online = true
	m.contacts.take(came)
	if at(m) != "c200@montague.lit" {
		t.Errorf("before a key is pressed, the cursor is at %s and not at the top", at(m))
	}
	m.contacts.choose("c007@montague.lit")
	came = many()
	came[100].Online = true
	m.contacts.take(came)
	if at(m) != "c007@montague.lit" {
		t.Errorf("the cursor is at %s", at(m))
	}
	m.contacts.take(nil)
	if at(m) != "" || !strings.Contains(text(m), " 0/0 ") {
		t.Errorf("without contacts, the cursor is at %q", at(m))
	}
}
