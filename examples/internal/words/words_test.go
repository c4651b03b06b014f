package words_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/text/language"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/examples/internal/words"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/ago"
)

var now = time.Date(2012, 9, 11, 14, 30, 0, 0, time.UTC)

func TestContactsAreDescribed(t *testing.T) {
	seen, at := now.Add(-10*time.Minute), now.Add(-25*time.Minute)
	both := func(c roster.Contact) roster.Contact {
		c.JID, c.Subscription = jid.MustParse("romeo@montague.lit"), "both"
		return c
	}
	here := []roster.Resource{{Name: "orchard", Show: "away"}}
	notFound := stanza.Error{Condition: stanza.RemoteServerNotFound}
	for _, tt := range []struct {
		want string
		c    roster.Contact
	}{
		{"online", both(roster.Contact{Online: true, Source: roster.Live})},
		{"online, away · Part, fools!", both(roster.Contact{Online: true, Source: roster.Live, Resources: here, Status: "Part, fools!"})},
		{"was online (not confirmed)", both(roster.Contact{Online: true, Source: roster.Live, Resources: here, Lack: roster.Outdated})},
		{"last seen 10 minutes ago · Out of battery.", both(roster.Contact{LastSeen: seen, Source: roster.Probe, Cause: roster.Goodbye, Status: "Out of battery."})},
		{"last seen 10 minutes ago, connection lost", both(roster.Contact{LastSeen: seen, Source: roster.LastActivity, Cause: roster.ConnectionLost})},
		{"last seen 10 minutes ago (not confirmed)", both(roster.Contact{LastSeen: seen, Source: roster.Stored, Lack: roster.Outdated})},
		{"offline, was here at 14:05 or later", both(roster.Contact{OnlineAt: at, Source: roster.Live, Lack: roster.NoDetails})},
		{"offline, never logged in", both(roster.Contact{Source: roster.LastActivity, Cause: roster.NeverLoggedIn})},
		{"presence not known", both(roster.Contact{Lack: roster.NeverHeard})},
		{"presence not known · the contact's server was not found (remote-server-not-found)", both(roster.Contact{Lack: roster.NeverHeard, Err: notFound})},
		{"online", both(roster.Contact{Online: true, Source: roster.Live, Err: notFound})},
		{"does not share presence with you", roster.Contact{Subscription: "from", Lack: roster.NeverHeard}},
		{"blocked", both(roster.Contact{Blocked: true})},
		{"a room", both(roster.Contact{Room: true})},
	} {
		if got := words.Describe(tt.c, ago.In(language.English), now); got != tt.want {
			t.Errorf("%+v is described as %q, want %q", tt.c, got, tt.want)
		}
	}
}

func TestEveryCauseHasWords(t *testing.T) {
	contact := roster.Contact{JID: jid.MustParse("romeo@montague.lit"), Subscription: "both", Source: roster.Live, LastSeen: now}
	seen := 0
	for cause := roster.CauseUnknown + 1; cause.String() != roster.CauseUnknown.String(); cause++ {
		seen++
		contact.Cause = cause
		said := words.Describe(contact, ago.In(language.English), now)
		if want := "last seen just now, " + cause.String(); cause != roster.Goodbye && said != want {
			t.Errorf("%v is described as %q, want %q", cause, said, want)
		}
	}
	if seen < 6 {
		t.Errorf("roster has %d causes", seen)
	}
}

func TestErrorsAreInWords(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{fmt.Errorf("roster: open: %w", roster.ErrNotSynced), "the roster was not fetched yet"},
		{fmt.Errorf("roster: open: %w", probe.ErrBlocked), "you block this contact"},
		{fmt.Errorf("roster: open: %w", probe.ErrBudget), "many chats were opened just now, so this one is not asked about yet"},
		{errors.Join(probe.ErrNotSubscribed, stanza.Error{Condition: stanza.Forbidden}), "does not share presence with you (forbidden)"},
		{fmt.Errorf("roster: open: %w", probe.ErrNotSubscribed), "does not share presence with you"},
		{errors.Join(probe.ErrNoAnswer, stanza.Error{Condition: stanza.ServiceUnavailable}), "the server gave no information (service-unavailable)"},
		{probe.ErrNoAnswer, "the server gave no information"},
		{context.DeadlineExceeded, "no answer in time"},
		{probe.ErrClosed, "not connected"},
		{stanza.Error{Condition: stanza.PolicyViolation}, "the server returned an error: policy-violation"},
		{errors.New("the\nnetwork"), "the; network"},
	} {
		if got := words.Why(tt.err); got != tt.want {
			t.Errorf("%v is explained as %q, want %q", tt.err, got, tt.want)
		}
	}
}

func TestReturnedMessagesAreExplained(t *testing.T) {
	for condition, want := range map[stanza.Condition]string{
		stanza.ServiceUnavailable: "nobody is online to receive it (service-unavailable)",
		stanza.ItemNotFound:       "there is no such account (item-not-found)",
		stanza.Conflict:           "the server returned an error: conflict",
	} {
		if got := words.Undelivered(stanza.Error{Condition: condition}); got != want {
			t.Errorf("%s is explained as %q, want %q", condition, got, want)
		}
	}
}

func TestTheClockIsThatOfTheLocaleOrTheOption(t *testing.T) {
	at := time.Date(2012, 9, 11, 14, 5, 0, 0, time.UTC)
	for _, tt := range []struct{ variable, locale, clock, want string }{
		{"LANG", "", "", "14:05"},
		{"LANG", "C.UTF-8", "", "14:05"},
		{"LANG", "en_US.UTF-8", "", "2:05 PM"},
		{"LC_TIME", "en_GB.UTF-8", "", "14:05"},
		{"LC_ALL", "en_GB.UTF-8", "12", "2:05 pm"},
		{"LC_ALL", "en_US.UTF-8", "24", "14:05"},
		{"LANG", "pl_PL.UTF-8", "", "14:05"},
		{"LANG", "pl_PL.UTF-8", "12", "2:05 PM"},
	} {
		env := func(name string) string { return map[string]string{tt.variable: tt.locale}[name] }
		if got := words.Times(env, tt.clock).Clock(at); got != tt.want {
			t.Errorf("%s=%s and clock %q give %q, want %q", tt.variable, tt.locale, tt.clock, got, tt.want)
		}
	}
}
