package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/examples/internal/command"
	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

var now = time.Date(2012, 9, 11, 14, 30, 0, 0, time.UTC)

// shown is a model with contacts that needs no network.
func shown(contacts ...roster.Contact) model {
	m := newModel(newClient(nil, nil))
	m.now = func() time.Time { return now }
	m.take(contacts)
	return m
}

func text(m model) string { return ansi.Strip(m.screen()) }

var (
	online = roster.Contact{JID: jid.MustParse("benvolio@montague.lit"), Name: "Benvolio", Online: true, Status: "Part, fools!",
		Resources: []roster.Resource{{Name: "street", Show: "dnd"}}}
	offline = roster.Contact{JID: jid.MustParse("romeo@montague.lit"), Name: "Romeo", LastSeen: now.Add(-10 * time.Minute), Status: "Out of battery.\x1b[2J"}
	unknown = roster.Contact{JID: jid.MustParse("nurse@capulet.lit")}
)

func TestScreenSaysWhatIsKnown(t *testing.T) {
	s := text(shown(unknown, offline, online))
	for _, want := range []string{"▸ ● Benvolio", "online, dnd · Part, fools!", "○ Romeo", "last seen 10 minutes ago · Out of", "○ nurse@capulet.lit", "offline", "q quit"} {
		if !strings.Contains(s, want) {
			t.Errorf("%q is missing in\n%s", want, s)
		}
	}
	if strings.Index(s, "Benvolio") > strings.Index(s, "Romeo") {
		t.Error("who is online does not come first")
	}
	if strings.Contains(shown(offline).screen(), "\x1b[2J") {
		t.Error("a contact's status moves the cursor")
	}
}

func TestScreenFitsEverySize(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {40, 10}, {20, 5}, {1, 1}} {
		m := shown(online, offline, unknown)
		next, _ := m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		m = next.(model)
		m.chat = offline.JID.String()
		for i := range 100 {
			m.heard(message{offline.JID, fmt.Sprintf("Message %d, which is longer than a line of the chat can hold", i)})
		}
		lines := strings.Split(text(m), "\n")
		if size[1] >= 6 && len(lines) > size[1] {
			t.Errorf("%v: %d lines", size, len(lines))
		}
		for _, l := range lines {
			if n := ansi.StringWidth(l); size[0] >= 40 && n > size[0] {
				t.Errorf("%v: a line of %d: %q", size, n, l)
			}
		}
	}
}

func press(m model, keys ...string) (model, []tea.Cmd) {
	var cmds []tea.Cmd
	for _, k := range keys {
		msg := tea.KeyPressMsg{Text: k}
		switch k {
		case "enter":
			msg = tea.KeyPressMsg{Code: tea.KeyEnter}
		case "esc":
			msg = tea.KeyPressMsg{Code: tea.KeyEscape}
		case "up":
			msg = tea.KeyPressMsg{Code: tea.KeyUp}
		case "down":
			msg = tea.KeyPressMsg{Code: tea.KeyDown}
		}
		next, cmd := m.Update(msg)
		m = next.(model)
		cmds = append(cmds, cmd)
	}
	return m, cmds
}

func TestKeysMoveAndOpen(t *testing.T) {
	m := shown(online, offline, unknown)
	m, _ = press(m, "up", "down", "down", "down", "down")
	if m.selected() != unknown.JID.String() {
		t.Errorf("the cursor is at %s", m.selected())
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
	if m, _ = press(m, "esc"); m.chat != "" {
		t.Error("the chat is still open")
	}
	if _, cmds := press(m, "q"); cmds[0] == nil {
		t.Error("q does not quit")
	}
}

func TestErrorsAreExplained(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{fmt.Errorf("x: %w", probe.ErrBudget), "Many chats"},
		{probe.ErrNotSubscribed, "does not share"},
		{probe.ErrNoAnswer, "does not say"},
		{context.DeadlineExceeded, "does not say"},
		{errors.New("the\nnetwork"), "the network"},
	} {
		if got := explain(tt.err); !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%v is explained %q, want %q", tt.err, got, tt.want)
		}
	}
}

func TestUnreadMessagesAreCounted(t *testing.T) {
	m := shown(online, offline)
	m.heard(message{offline.JID, "Hello"})
	m.heard(message{offline.JID, "Anybody?"})
	if s := text(m); !strings.Contains(s, "Romeo (2)") {
		t.Errorf("not counted:\n%s", s)
	}
	m, _ = press(m, "down", "enter")
	if s := text(m); strings.Contains(s, "(2)") || !strings.Contains(s, "Romeo: Anybody?") {
		t.Errorf("not read:\n%s", s)
	}
}

func TestPlainIsADialogue(t *testing.T) {
	r, w := io.Pipe()
	var out lockedBuffer
	done := make(chan error, 1)
	go func() { done <- run(t.Context(), []string{"-plain"}, r, &out, io.Discard) }()
	out.wait(t, "connected; write:")
	for _, step := range []struct{ say, want string }{
		{"open romeo@montague.lit", "last seen 10 minutes ago · Going offline. Out of battery."},
		{"open nobody@montague.lit", "does not share presence"},
		{"dance", "is not known"},
		{"open @", "is no address"},
		{"say benvolio@montague.lit Hello", "benvolio@montague.lit says: “Hello”, you say?"},
		{"quit", "probes sent: 1"},
	} {
		if _, err := io.WriteString(w, step.say+"\n"); err != nil {
			t.Fatal(err)
		}
		out.wait(t, step.want)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestBadInputIsOneClearLine(t *testing.T) {
	for name, args := range map[string][]string{
		"an argument":       {"romeo@montague.lit"},
		"a TLS mode":        {"-tls", "maybe"},
		"no password":       {"-jid", "juliet@capulet.lit", "-store", t.TempDir()},
		"a failing command": {"-jid", "juliet@capulet.lit", "-store", t.TempDir(), "-password-command", "false"},
		"not an address":    {"-jid", "@", "-store", t.TempDir(), "-password-command", "echo swordfish", "-plain"},
		"no server":         {"-jid", "juliet@capulet.lit", "-addr", "127.0.0.1:1", "-store", t.TempDir(), "-password-command", "echo swordfish", "-plain"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("XMPP_PASSWORD", "")
			var out, errOut strings.Builder
			err := run(t.Context(), args, strings.NewReader(""), &out, &errOut)
			if err == nil || strings.Contains(command.OneLine(err.Error()), "swordfish") || out.Len() > 0 {
				t.Errorf("%v, %s", err, out.String())
			}
		})
	}
}

// Whoever writes while a chat is being opened does not keep the answer away.
func TestPlainHearsWhileItWaits(t *testing.T) {
	srv := server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: server.Ejabberd})
	defer srv.Close()
	srv.Hook = func(q server.Question) []server.Answer {
		for i := range q.Answers {
			q.Answers[i].After = 200 * time.Millisecond
		}
		return q.Answers
	}
	for _, j := range []jid.JID{juliet, romeo, nurse} {
		srv.AddAccount(j, "")
	}
	srv.Befriend(juliet, nurse, "Nurse")
	srv.SetOffline(nurse, time.Now().Add(-3*time.Hour), "Gone")
	chatty, err := srv.Session(t.Context(), romeo)
	if err != nil {
		t.Fatal(err)
	}
	go chatty.Serve(nil)
	in, wish := io.Pipe()
	var out lockedBuffer
	done := make(chan error, 1)
	login := func(ctx context.Context) (session, error) { return srv.Session(ctx, juliet) }
	go func() { done <- plain(t.Context(), newClient(login, nil), in, &out) }()
	out.wait(t, "connected; write")
	go func() {
		for range 10 {
			text := xmlstream.Wrap(xmlstream.Token(xml.CharData("Hey")), xml.StartElement{Name: xml.Name{Local: "body"}})
			_ = chatty.Send(t.Context(), stanza.Message{To: juliet, Type: stanza.ChatMessage}.Wrap(text))
			time.Sleep(50 * time.Millisecond)
		}
	}()
	out.wait(t, "says: Hey")
	if _, err := io.WriteString(wish, "open nurse@capulet.lit\n"); err != nil {
		t.Fatal(err)
	}
	out.wait(t, "Nurse (nurse@capulet.lit): last seen")
	_ = wish.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
