package main

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"golang.org/x/text/language"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/ago"
)

var now = time.Date(2012, 9, 11, 14, 30, 0, 0, time.UTC)

// shown is a connected model with contacts that needs no network.
func shown(contacts ...roster.Contact) model {
	m := newModel(newClient(juliet, nil, nil), ago.In(language.English))
	m.now = func() time.Time { return now }
	m.up = true
	m.contacts.take(contacts)
	return m
}

func text(m model) string { return ansi.Strip(m.screen()) }

// update has a model take a message.
func update(m model, msg tea.Msg) model {
	next, _ := m.Update(msg)
	return next.(model)
}

var (
	online = roster.Contact{JID: jid.MustParse("benvolio@montague.lit"), Name: "Benvolio", Subscription: "both", Online: true,
		Status: "Part, fools!", Source: roster.Live, Resources: []roster.Resource{{Name: "street", Show: "dnd"}}}
	offline = roster.Contact{JID: jid.MustParse("romeo@montague.lit"), Name: "Romeo", Subscription: "both", Source: roster.Probe,
		LastSeen: now.Add(-10 * time.Minute), Status: "Out of battery.\x1b[2J \u202etxt.exe"}
	unknown = roster.Contact{JID: jid.MustParse("nurse@capulet.lit"), Subscription: "both", Lack: roster.NeverHeard}
)

// many are 300 contacts.
func many() (contacts []roster.Contact) {
	for i := range 300 {
		contacts = append(contacts, roster.Contact{JID: jid.MustParse(fmt.Sprintf("c%03d@montague.lit", i)), Name: fmt.Sprintf("Contact %03d", i), Subscription: "both"})
	}
	return contacts
}

func TestScreenSaysWhatIsKnown(t *testing.T) {
	s := text(shown(unknown, offline, online))
	for _, want := range []string{"Contacts ", " 1/3 ", "▸ ● Benvolio", "online, do not disturb · Part,", "○ Romeo", "last seen 10 minutes ago · Out of",
		"○ nurse@capulet.lit", "presence not known", "ctrl+q quit"} {
		if !strings.Contains(s, want) {
			t.Errorf("%q is missing in\n%s", want, s)
		}
	}
	if strings.Index(s, "Benvolio") > strings.Index(s, "Romeo") {
		t.Error("who is online does not come first")
	}
	if s := shown(offline).screen(); strings.Contains(s, "\x1b[2J") || strings.ContainsRune(s, '\u202e') {
		t.Error("a contact's status changes the line around it")
	}
}

func TestADotIsGreenOnlyWhileConnected(t *testing.T) {
	const dot = "\x1b[32m●"
	m := shown(online)
	if !strings.Contains(m.screen(), dot) {
		t.Errorf("no green dot in\n%q", m.screen())
	}
	m.connection(connection{err: errors.New("cut"), next: now})
	if s := m.screen(); strings.Contains(s, dot) || strings.Contains(s, "●") {
		t.Errorf("a dot without a connection:\n%s", s)
	}
	absent := roster.Contact{JID: online.JID, Subscription: "both", OnlineAt: now.Add(-time.Hour), Lack: roster.NoDetails}
	m.contacts.take([]roster.Contact{absent})
	if s := m.describe(absent); s != "offline, was here at 13:30 or later (not confirmed)" {
		t.Errorf("without a connection: %s", s)
	}
	stale := online
	stale.Lack = roster.Outdated
	if s := shown(stale).screen(); strings.Contains(s, "●") || !strings.Contains(s, "was online (not confirmed)") {
		t.Errorf("a dot for what is stale:\n%s", s)
	}
}

func TestTheReasonOfALostConnectionIsWhole(t *testing.T) {
	reason := "the server of capulet.lit ended the connection: policy-violation: you have sent far too many stanzas for a morning in July"
	for _, width := range []int{120, 80, 40} {
		m := update(shown(online), tea.WindowSizeMsg{Width: width, Height: 12})
		m.connection(connection{err: errors.New(reason), next: now.Add(11500 * time.Millisecond)})
		s := strings.Join(strings.Fields(text(m)), " ")
		if want := "not connected: " + reason + " · trying again in 12 s"; !strings.Contains(s, want) {
			t.Errorf("at %d columns, %q is missing in\n%s", width, want, text(m))
		}
		m.now = func() time.Time { return now.Add(3 * time.Second) }
		if s := text(m); !strings.Contains(s, "9 s") {
			t.Errorf("it does not count down:\n%s", s)
		}
		m.now = func() time.Time { return now.Add(time.Minute) }
		if s := text(m); !strings.Contains(s, "again …") {
			t.Errorf("it does not say that it tries:\n%s", s)
		}
	}
}

func TestScreenFitsEverySize(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {60, 12}, {59, 12}, {40, 12}, {40, 10}, {20, 8}, {20, 5}, {1, 1}} {
		for _, open := range []bool{false, true} {
			m := shown(append(many(), online, offline, unknown)...)
			m = update(m, tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			m.contacts.move(200)
			m.contacts.follow(m.visible())
			if open {
				m.chat = offline.JID.String()
				m.lines[m.chat] = append(m.lines[m.chat], line{own: true, text: "Unsent", failed: "not sent: not connected"})
			}
			for i := range 100 {
				m.heard(message{offline.JID, fmt.Sprintf("Message %d, which is longer than a line of the chat can hold", i)})
			}
			s := text(m)
			lines := strings.Split(s, "\n")
			if size[1] >= 6 && len(lines) != size[1] {
				t.Errorf("%v: %d lines\n%s", size, len(lines), s)
			}
			for _, l := range lines {
				if n := ansi.StringWidth(l); size[0] >= 20 && n != size[0] {
					t.Errorf("%v: a line of %d: %q", size, n, l)
				}
			}
			if size[0] >= 20 && size[1] >= 8 && !open && !strings.Contains(s, "▸ ○ Contact ") {
				t.Errorf("%v: the cursor is not visible\n%s", size, s)
			}
		}
	}
}

func TestOnePaneAtATimeOnANarrowScreen(t *testing.T) {
	m := update(shown(online, offline), tea.WindowSizeMsg{Width: 40, Height: 12})
	if s := text(m); !strings.Contains(s, "Benvolio") || strings.Contains(s, "Choose a contact") || strings.Contains(s, "│") {
		t.Errorf("not the list alone:\n%s", s)
	}
	m, _ = press(m, "down", "enter")
	if s := text(m); !strings.Contains(s, "Romeo") || strings.Contains(s, "Benvolio") || !strings.Contains(s, "> ") {
		t.Errorf("not the chat alone:\n%s", s)
	}
	if m, _ = press(m, "esc"); !strings.Contains(text(m), "Benvolio") {
		t.Errorf("not the list again:\n%s", text(m))
	}
}

func TestErrorsOfOpeningAreExplained(t *testing.T) {
	m := shown(offline)
	m.chat = offline.JID.String()
	m = update(m, opened{offline, fmt.Errorf("x: %w", probe.ErrBudget)})
	m.contacts.take([]roster.Contact{offline})
	if s := strings.Join(strings.Fields(text(m)), " "); !strings.Contains(s, "14:30 · many chats were opened") {
		t.Errorf("not explained:\n%s", text(m))
	}
}

// perform runs a command to its end, and everything in it.
func perform(m model, cmd tea.Cmd) model {
	if cmd == nil {
		return m
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			m = perform(m, c)
		}
	default:
		if cmds := reflect.ValueOf(msg); cmds.Kind() == reflect.Slice { // of tea.Sequence
			for i := range cmds.Len() {
				m = perform(m, cmds.Index(i).Interface().(tea.Cmd))
			}
			return m
		}
		m = update(m, msg)
	}
	return m
}

func TestUnsentMessagesAreMarked(t *testing.T) {
	m := shown(offline)
	m, _ = press(m, "enter", "H", "i")
	m, cmds := press(m, "enter")
	if s := text(m); !strings.Contains(s, "14:30 me: Hi …") || m.input.Value() != "" {
		t.Errorf("not on its way:\n%s", s)
	}
	m = perform(m, cmds[0])
	m.contacts.take([]roster.Contact{offline})
	if s := text(m); !strings.Contains(s, "14:30 me: Hi ✗ not sent: not") || !strings.Contains(s, "1 not sent: ctrl+r again") {
		t.Errorf("not marked:\n%s", s)
	}
	again, cmds := press(m, "ctrl+r")
	if s := text(again); !strings.Contains(s, "me: Hi …") || strings.Contains(s, "✗") || cmds[0] == nil {
		t.Errorf("not sent again:\n%s", s)
	}
	again = update(again, sent{to: offline.JID.String(), id: again.lines[again.chat][0].id})
	if s := text(again); !strings.Contains(s, "me: Hi ") || strings.ContainsAny(s, "✗…") {
		t.Errorf("not shown as sent:\n%s", s)
	}
	again = update(again, undelivered{offline.JID, again.lines[again.chat][0].id, stanza.Error{Condition: stanza.RemoteServerNotFound}})
	if s := strings.Join(strings.Fields(text(again)), " "); !strings.Contains(s, "me: Hi ✗ not delivered: the") {
		t.Errorf("not shown as undelivered:\n%s", text(again))
	}
	if m, _ = press(again, "ctrl+x"); strings.Contains(text(m), "me: Hi") {
		t.Errorf("not dropped:\n%s", text(m))
	}
	if m, _ = press(m, " ", "enter"); len(m.lines[m.chat]) != 0 {
		t.Error("an empty message was sent")
	}
}

func TestAChatScrolls(t *testing.T) {
	m := shown(offline)
	m, _ = press(m, "enter")
	for i := range 50 {
		m.heard(message{offline.JID, fmt.Sprintf("Message %d.", i)})
	}
	delete(m.asking, m.chat)
	if s := text(m); !strings.Contains(s, "Message 49.") {
		t.Errorf("the latest is missing:\n%s", s)
	}
	m, _ = press(m, "pgup")
	if s := text(m); strings.Contains(s, "Message 49.") || !strings.Contains(s, "Message 35.") {
		t.Errorf("not scrolled up:\n%s", s)
	}
	m, _ = press(m, "pgup", "pgup", "pgup", "pgup", "pgup", "pgup", "pgup")
	if s := text(m); !strings.Contains(s, "Message 0.") {
		t.Errorf("not at the beginning:\n%s", s)
	}
	m, _ = press(m, "pgdown", "pgdown", "pgdown", "pgdown", "pgdown", "pgdown", "pgdown")
	if s := text(m); !strings.Contains(s, "Message 49.") {
		t.Errorf("not at the end:\n%s", s)
	}
}

func TestMessagesHaveTheirTime(t *testing.T) {
	m := shown(online)
	m.chat = online.JID.String()
	m.lines[m.chat] = []line{{at: now.AddDate(0, 0, -2), text: "Before"}, {at: now.Add(-25 * time.Minute), own: true, text: "Good \u202emorrow"}}
	s := text(m)
	for _, want := range []string{"9 Sep 14:30 Benvolio: Before", "14:05 me: Good morrow"} {
		if !strings.Contains(s, want) {
			t.Errorf("%q is missing in\n%s", want, s)
		}
	}
	m.times = ago.In(language.AmericanEnglish)
	if s := text(m); !strings.Contains(s, "2:05 PM me:") {
		t.Errorf("no 12-hour clock in\n%s", s)
	}
}

func TestALongStatusLeavesRoomForTheChat(t *testing.T) {
	long := online
	long.Status = strings.Repeat("Tut, dun's the mouse, the constable's own word. ", 40)
	m := update(shown(long), tea.WindowSizeMsg{Width: 40, Height: 12})
	m, _ = press(m, "enter")
	delete(m.asking, m.chat)
	m.heard(message{long.JID, "Here?"})
	if s := text(m); !strings.Contains(s, "Benvolio: Here?") || !strings.Contains(s, "> write") || !strings.Contains(s, "own… ") {
		t.Errorf("the status takes it all:\n%s", s)
	}
}

func TestWhatIsNotKeptIsSaid(t *testing.T) {
	m := update(shown(online), unkept{errors.New("disk full")})
	if s := text(m); !strings.Contains(s, "store: disk full") {
		t.Errorf("not said:\n%s", s)
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
	if s := text(m); strings.Contains(s, "(2)") || !strings.Contains(s, "14:30 Romeo: Anybody?") {
		t.Errorf("not read:\n%s", s)
	}
}
