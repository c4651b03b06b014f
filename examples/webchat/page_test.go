package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/roster"
)

var noon = time.Date(2012, 9, 11, 12, 0, 0, 0, time.UTC)

func lookingIn(t *testing.T, accept string) looks {
	t.Helper()
	l, err := readLanguages()
	if err != nil {
		t.Fatal(err)
	}
	return looks{l.suit(accept), noon}
}

func TestContactsAreShownWithWhatIsKnown(t *testing.T) {
	romeo := roster.Contact{JID: jid.MustParse("romeo@montague.lit"), Subscription: "both", Source: roster.Live}
	with := func(change func(*roster.Contact)) roster.Contact {
		c := romeo
		change(&c)
		return c
	}
	for _, tt := range []struct {
		name, accept, state, presence, why string
		contact                            roster.Contact
	}{
		{"offline", "en", "offline", "last seen 10 minutes ago", "", with(func(c *roster.Contact) { c.LastSeen = noon.Add(-10 * time.Minute) })},
		{"offline, in German", "de-AT, en", "offline", "zuletzt gesehen vor 10 Minuten", "", with(func(c *roster.Contact) { c.LastSeen = noon.Add(-10 * time.Minute) })},
		{"offline, in Polish", "pl", "offline", "ostatnio online 10 minut temu", "", with(func(c *roster.Contact) { c.LastSeen = noon.Add(-10 * time.Minute) })},
		{"offline, in a language that it does not speak", "tlh, fr", "offline", "last seen 10 minutes ago", "", with(func(c *roster.Contact) { c.LastSeen = noon.Add(-10 * time.Minute) })},
		{"cut off", "en", "offline", "last seen 10 minutes ago, connection lost", "", with(func(c *roster.Contact) {
			c.LastSeen, c.Cause = noon.Add(-10*time.Minute), roster.ConnectionLost
		})},
		{"online", "en", "online", "online", "", with(func(c *roster.Contact) { c.Online, c.Resources = true, []roster.Resource{{}} })},
		{"busy", "en", "dnd", "online, do not disturb", "", with(func(c *roster.Contact) { c.Online, c.Resources = true, []roster.Resource{{Show: "dnd"}} })},
		{"not confirmed", "en", "unknown", "was online (not confirmed)", "not connected", with(func(c *roster.Contact) {
			c.Online, c.Lack, c.Err = true, roster.Outdated, errNotConnected
		})},
		{"never heard of", "en", "unknown", "presence not known", "the contact's server cannot be reached", with(func(c *roster.Contact) {
			c.Source, c.Lack, c.Err = roster.None, roster.NeverHeard, stanza.Error{Condition: stanza.RemoteServerNotFound}
		})},
		{"a stranger", "en", "unknown", "does not share presence with you", "", with(func(c *roster.Contact) { c.Source, c.Subscription, c.Lack = roster.None, "none", roster.NeverHeard })},
		{"blocked", "en", "unknown", "blocked", "", with(func(c *roster.Contact) { c.Blocked = true })},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := lookingIn(t, tt.accept).contact(tt.contact)
			if v.State != tt.state || v.Presence != tt.presence || v.Why != tt.why || v.Title != "romeo@montague.lit" || v.Initial != "R" {
				t.Errorf("%+v", v)
			}
		})
	}
}

func TestEveryLanguageHasEveryPhrase(t *testing.T) {
	spoken, err := readLanguages()
	if err != nil {
		t.Fatal(err)
	}
	used := make(map[string]bool)
	call := regexp.MustCompile(`[sS]ay(?:\(| )"([^"]+)"|refusal\{[^"]*"[a-z]+", "([^"]+)"`)
	for _, pattern := range []string{"*.go", "page/*.html"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range call.FindAllStringSubmatch(string(b), -1) {
				used[m[1]+m[2]] = true
			}
		}
	}
	for show := range show2state {
		used["show "+show] = true
	}
	if len(used) < 40 {
		t.Fatalf("%d phrases are used", len(used))
	}
	for language, phrases := range spoken {
		for phrase := range used {
			if phrases[phrase] == "" && language != "en" {
				t.Errorf("%s has no %q", language, phrase)
			}
		}
		for phrase := range phrases {
			if !used[phrase] {
				t.Errorf("%s has %q, which is not used", language, phrase)
			}
		}
	}
}

func TestTextsOfOthersAreBoundedAndStayInPlace(t *testing.T) {
	hostile := "<b>\u202egnp\u2066\x1b[2J" + strings.Repeat("ä", 10_000)
	v := lookingIn(t, "en").contact(roster.Contact{JID: jid.MustParse("romeo@montague.lit"), Name: hostile, Status: hostile})
	for _, text := range []string{v.Title, v.Status} {
		if !strings.HasPrefix(text, "<b>gnp [2J") || utf8.RuneCountInString(text) > maxStatus+1 || strings.ContainsAny(text, "\u202e\u2066\x1b") {
			t.Errorf("%q", text)
		}
	}
	body := clean(hostile + "\nsecond\u2029line")
	if len(body) > maxBody+len("…") || !utf8.ValidString(body) || strings.ContainsAny(body, "\u202e\u2066\x1b") {
		t.Errorf("%d bytes: %.100q", len(body), body)
	}
	if got := clean("one\ntwo"); got != "one\ntwo" {
		t.Errorf("%q", got)
	}
}

// TestUpdatesLeadToTheList applies updates as the script does, while contacts come,
// go, and change.
func TestUpdatesLeadToTheList(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	account := jid.MustParse(demoUser)
	u := newUser(account, nil, nil, newMetrics(), nil)
	s := stream{user: u}
	look := lookingIn(t, "en")
	long := strings.Repeat("x", maxTitle) // what follows counts, and is not shown
	names := []string{"a", "b", "c", long + "1", long + "2", long + "3"}
	var shown []string
	views := make(map[string]contactView)
	for step := range 200 {
		var items []roster.Item
		for i := range 10 {
			if r.IntN(3) > 0 {
				items = append(items, roster.Item{JID: jid.MustParse(fmt.Sprintf("contact%d@montague.lit", i)), Name: names[r.IntN(len(names))], Subscription: "both"})
			}
		}
		u.contacts.SetRoster(items, "")
		up, _ := s.next(look)
		for _, gone := range up.Gone {
			shown = slices.DeleteFunc(shown, func(a string) bool { return a == gone })
			delete(views, gone)
		}
		for _, p := range up.Contacts {
			shown = slices.DeleteFunc(shown, func(a string) bool { return a == p.Address })
			shown = slices.Insert(shown, slices.Index(shown, p.After)+1, p.Address)
			views[p.Address] = p.contactView
		}
		var want []string
		wanted := make(map[string]contactView)
		for _, v := range look.contacts(u) {
			want = append(want, v.Address)
			wanted[v.Address] = v
		}
		if !slices.Equal(shown, want) || !maps.Equal(views, wanted) {
			t.Fatalf("seed %d, step %d:\n%v, want\n%v", seed, step, shown, want)
		}
	}
}

func TestChatsAreBounded(t *testing.T) {
	u := newUser(jid.MustParse(demoUser), nil, nil, newMetrics(), nil)
	for i := range maxChats + 50 {
		u.hear(heard{from: jid.MustParse(fmt.Sprintf("spam%d@example.org", i)), body: "Buy!"})
	}
	for range maxLines + 50 {
		u.hear(heard{from: jid.MustParse("spam0@example.org"), body: "Buy!"})
	}
	if lines, _ := u.lines(jid.MustParse("spam0@example.org"), 0); len(u.talking()) != maxChats || len(lines) != maxLines {
		t.Errorf("%d chats, %d lines", len(u.talking()), len(lines))
	}
}

func TestAMessageThatComesBackStaysMarked(t *testing.T) {
	u := newUser(jid.MustParse(demoUser), nil, nil, newMetrics(), nil)
	romeo := jid.MustParse("romeo@montague.lit")
	u.mu.Lock()
	c := u.chat(romeo)
	l := u.add(c, line{own: true, text: "x", sending: true})
	u.mu.Unlock()
	u.hear(heard{from: romeo, id: l.id(), err: stanza.Error{Condition: stanza.ServiceUnavailable}})
	u.mu.Lock()
	u.mark(c, l.id(), nil) // the server has it
	u.mu.Unlock()
	lines, _ := u.lines(romeo, 0)
	if v := lookingIn(t, "en").line(lines[0]); v.Sending || !strings.Contains(v.Failed, "not delivered") {
		t.Errorf("%+v", v)
	}
}
