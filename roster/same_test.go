package roster

import (
	"errors"
	"testing"
	"time"
)

// full is a contact with something in every field.
func full() Contact {
	return Contact{
		JID: contactNumber(0), Name: "Romeo", Groups: []string{"Friends"}, Subscription: "both", Ask: true, Approved: true,
		Resources: []Resource{{Name: "orchard"}}, LastSeen: time.Unix(1, 0), Resource: "orchard", OnlineAt: time.Unix(2, 0),
		Status: "Bye", Cause: Goodbye, CauseText: "text", Up: time.Unix(3, 0), Source: Live, Learnt: time.Unix(4, 0), Lack: NoDetails,
		Err: errors.New("refused"),
	}
}

func TestAContactThatShowsSomethingElseHasChanged(t *testing.T) {
	for name, change := range map[string]func(*Contact){
		"JID":          func(c *Contact) { c.JID = contactNumber(1) },
		"Name":         func(c *Contact) { c.Name = "" },
		"Groups":       func(c *Contact) { c.Groups = []string{"Enemies"} },
		"Subscription": func(c *Contact) { c.Subscription = "to" },
		"Ask":          func(c *Contact) { c.Ask = false },
		"Approved":     func(c *Contact) { c.Approved = false },
		"Online":       func(c *Contact) { c.Online = true },
		"Resources":    func(c *Contact) { c.Resources = []Resource{{Name: "orchard", Show: "away"}} },
		"LastSeen":     func(c *Contact) { c.LastSeen = time.Time{} },
		"Resource":     func(c *Contact) { c.Resource = "" },
		"OnlineAt":     func(c *Contact) { c.OnlineAt = time.Time{} },
		"Status":       func(c *Contact) { c.Status = "" },
		"Cause":        func(c *Contact) { c.Cause = TimedOut },
		"CauseText":    func(c *Contact) { c.CauseText = "" },
		"Up":           func(c *Contact) { c.Up = time.Time{} },
		"Blocked":      func(c *Contact) { c.Blocked = true },
		"Room":         func(c *Contact) { c.Room = true },
		"Source":       func(c *Contact) { c.Source = Probe },
		"Lack":         func(c *Contact) { c.Lack = Nothing },
		"Err":          func(c *Contact) { c.Err = errors.New("another") },
		"no Err":       func(c *Contact) { c.Err = nil },
	} {
		t.Run(name, func(t *testing.T) {
			a, b := full(), full()
			change(&b)
			if a.same(b) || b.same(a) {
				t.Error("it is taken for the same")
			}
			if !a.same(full()) || !b.same(b) {
				t.Error("the same is taken for something else")
			}
		})
	}
}

func TestConfirmingAContactIsNoChange(t *testing.T) {
	a, b := full(), full()
	b.Learnt = time.Unix(5, 0)
	if !a.same(b) {
		t.Error("when it was confirmed counts")
	}
	a.Online, b.Online = true, true
	b.OnlineAt = time.Unix(6, 0)
	if !a.same(b) {
		t.Error("how long it has been online counts")
	}
	a.Err, b.Err = nil, nil
	if !a.same(b) {
		t.Error("two without an error differ")
	}
}

func TestAgoIsKnownOnlyForContactsThatLeft(t *testing.T) {
	left := Contact{LastSeen: time.Unix(100, 0)}
	for _, tt := range []struct {
		name string
		c    Contact
		now  int64
		ago  time.Duration
		ok   bool
	}{
		{"a while later", left, 160, time.Minute, true},
		{"by a clock that is behind", left, 40, 0, true},
		{"not known", Contact{}, 160, 0, false},
		{"online", Contact{Online: true, LastSeen: time.Unix(100, 0)}, 160, 0, false},
	} {
		if ago, ok := tt.c.Ago(time.Unix(tt.now, 0)); ago != tt.ago || ok != tt.ok {
			t.Errorf("%s: %v, %v", tt.name, ago, ok)
		}
	}
}
