package main

import (
	"cmp"
	"context"
	"errors"
	"hash/fnv"
	"strings"
	"time"
	"unicode"

	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

// What is shown of texts that contacts choose.
const (
	maxTitle  = 80 // characters
	maxStatus = 400
)

// contactView is a contact as the page shows it.
type contactView struct {
	Address  string `json:"address"`
	Title    string `json:"title"`
	Initial  string `json:"initial"`
	Color    int    `json:"color"` // one of the style sheet's
	State    string `json:"state"` // online, away, dnd, offline or unknown
	Presence string `json:"presence"`
	Status   string `json:"status,omitempty"`
	Why      string `json:"why,omitempty"` // nothing better is known
	Asking   bool   `json:"asking,omitempty"`
	Unread   int    `json:"unread,omitempty"`
}

// lineView is a message as the page shows it.
type lineView struct {
	Number  int    `json:"number"`
	Own     bool   `json:"own,omitempty"`
	Text    string `json:"text"`
	At      string `json:"at"` // the time of day
	Stamp   string `json:"stamp"`
	Sending bool   `json:"sending,omitempty"`
	Failed  string `json:"failed,omitempty"`
}

// looks is how a user's browser wants to see things.
type looks struct {
	words
	now time.Time // in the user's zone
}

// contacts returns all contacts as a list shows them.
func (l looks) contacts(u *user) []contactView {
	unread := u.unread()
	views := make([]contactView, 0, u.contacts.Len())
	for _, c := range u.everyone() {
		v := l.contact(c)
		v.Unread = unread[v.Address]
		v.Asking = u.asks(v.Address)
		views = append(views, v)
	}
	return views
}

// asks reports whether a contact is being asked about.
func (u *user) asks(address string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.opening[address]
}

func (l looks) contact(c roster.Contact) contactView {
	address := c.JID.String()
	v := contactView{Address: address, Title: cut(cmp.Or(strings.TrimSpace(c.Name), address), maxTitle), Color: color(address)}
	for _, r := range v.Title {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			v.Initial = string(unicode.ToUpper(r))
			break
		}
	}
	v.State, v.Presence = l.presence(c)
	v.Status = strings.TrimSpace(cut(c.Status, maxStatus))
	if c.Lack != roster.Nothing {
		v.Why = l.why(c.Err)
	}
	return v
}

// presence returns what is known of a contact's presence, for the style sheet and in
// words.
func (l looks) presence(c roster.Contact) (state, said string) {
	switch {
	case c.Blocked:
		return "unknown", l.say("blocked")
	case c.Room:
		return "unknown", l.say("a room")
	case c.Source == roster.None && c.Subscription != "to" && c.Subscription != "both":
		return "unknown", l.say("does not share presence with you")
	case c.Source == roster.None && c.OnlineAt.IsZero():
		return "unknown", l.say("presence not known")
	case c.Online && c.Lack == roster.Outdated:
		state, said = "unknown", l.say("was online")
	case c.Online:
		show := ""
		if len(c.Resources) > 0 {
			show = c.Resources[0].Show
		}
		return show2state[show], l.say("show " + show)
	default:
		state = "offline"
		said = l.times.Offline(c.LastSeen.In(l.now.Location()), c.OnlineAt.In(l.now.Location()), c.Cause.String(), l.now)
	}
	if c.Lack == roster.Outdated {
		said += " (" + l.say("not confirmed") + ")"
	}
	return state, said
}

var show2state = map[string]string{"": "online", "chat": "online", "away": "away", "xa": "away", "dnd": "dnd"}

// why returns in words why something was not learnt or not sent, nothing for nil.
func (l looks) why(err error) string {
	var refused stanza.Error
	switch {
	case err == nil:
		return ""
	case errors.Is(err, roster.ErrNotSynced), errors.Is(err, probe.ErrClosed), errors.Is(err, errNotConnected):
		return l.say("not connected")
	case errors.Is(err, probe.ErrBlocked):
		return l.say("you block this contact")
	case errors.Is(err, probe.ErrBudget):
		return l.say("many chats were opened just now")
	case errors.Is(err, probe.ErrNotSubscribed):
		return l.say("does not share presence with you")
	case errors.As(err, &refused):
		switch refused.Condition {
		case stanza.RemoteServerNotFound, stanza.RemoteServerTimeout:
			return l.say("the contact's server cannot be reached")
		case stanza.Forbidden, stanza.NotAuthorized, stanza.SubscriptionRequired, stanza.NotAllowed:
			return l.say("the server refuses")
		}
		return l.say("the server returned an error") + " (" + cut(string(refused.Condition), maxTitle) + ")"
	case errors.Is(err, probe.ErrNoAnswer):
		return l.say("the server gave no information")
	case errors.Is(err, context.DeadlineExceeded):
		return l.say("no answer in time")
	}
	return l.say("not connected")
}

func (l looks) line(x line) lineView {
	at := x.at.In(l.now.Location())
	v := lineView{Number: x.number, Own: x.own, Text: x.text, At: l.times.Clock(at), Stamp: at.Format(time.RFC3339), Sending: x.sending}
	var returned stanza.Error
	switch {
	case errors.As(x.failed, &returned) && returned.Condition == stanza.ServiceUnavailable:
		v.Failed = l.say("not delivered: the contact is offline, and the server keeps no messages")
	case x.failed != nil:
		v.Failed = l.say("not sent") + ": " + l.why(x.failed)
	}
	return v
}

func (l looks) lines(list []line) []lineView {
	views := make([]lineView, 0, len(list))
	for _, x := range list {
		views = append(views, l.line(x))
	}
	return views
}

// color returns one of the eight colors that the style sheet has for contacts.
func color(address string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(address))
	return int(h.Sum32() % 8)
}
