package probe

import (
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
)

// The states of the package's documentation, and how each is reached.
var states = []struct {
	name  string
	reach []string
}{
	{"waiting", nil},
	{"seen", []string{"available"}},
	{"parted", []string{"resource leaves"}},
	{"bare", []string{"unavailable"}},
	{"overtaken", []string{"fence: now"}},
	{"mute", []string{"fence: unsupported"}},
	{"settling", []string{"fence: now", "available"}},
}

// events are what may happen in any state. A fence comes once.
var events = map[string]func(to, res jid.JID) step{
	"available":       func(_, res jid.JID) step { return presence(1, res, available, time.Time{}, "") },
	"resource leaves": func(_, res jid.JID) step { return presence(1, res, unavailable, time.Time{}, "") },
	"unavailable":     func(to, _ jid.JID) step { return presence(1, to, unavailable, time.Time{}, "") },
	"with details":    func(to, _ jid.JID) step { return presence(1, to, unavailable, hourAgo, "Bye.") },
	"unsubscribed":    func(to, _ jid.JID) step { return presence(1, to, unsubscribed, time.Time{}, "") },
	"subscribe":       func(to, _ jid.JID) step { return presence(1, to, stanza.SubscribePresence, time.Time{}, "") },
	"refused":         func(jid.JID, jid.JID) step { return presenceError(1, "pr1", stanza.Forbidden) },
	"returned":        func(jid.JID, jid.JID) step { return presenceError(1, "pr1", stanza.RemoteServerNotFound) },
	"foreign error":   func(jid.JID, jid.JID) step { return presenceError(1, "other", stanza.Forbidden) },
	"fence: ago":      func(jid.JID, jid.JID) step { return fence(1, 3600, "") },
	"fence: now":      func(jid.JID, jid.JID) step { return fence(1, 0, "") },
	"fence: garbled":  func(jid.JID, jid.JID) step { return fenceUnreadable(1) },
	"fence: refused":  func(jid.JID, jid.JID) step { return fenceError(1, stanza.SubscriptionRequired) },
	"fence: returned": func(jid.JID, jid.JID) step { return fenceError(1, stanza.RemoteServerTimeout) },
	"fence: unsupported": func(jid.JID, jid.JID) step {
		return fenceError(1, stanza.ServiceUnavailable)
	},
	"time passes": func(jid.JID, jid.JID) step { return tick(2000) },
}

// state names the state that an exchange is in; =outcome is its end.
func state(x *exchange) string {
	switch {
	case x.done:
		return "=" + x.answer().Outcome.String()
	case x.hasFence() && x.hasAvailable():
		return "settling"
	case x.hasFence() && x.activity.Told:
		return "overtaken"
	case x.hasFence():
		return "mute"
	case x.hasAvailable():
		return "seen"
	case x.hasPresence():
		return "bare"
	case len(x.presences) > 0:
		return "parted"
	}
	return "waiting"
}

// The tables have a row for each event and a column for each state. A dash is
// an event that cannot happen, or a state that cannot be.
const contactTable = `
available          | seen          | seen          | seen          | seen          | settling      | settling      | settling
resource leaves    | parted        | parted        | parted        | bare          | overtaken     | mute          | overtaken
unavailable        | bare          | seen          | bare          | bare          | =unavailable  | =unavailable  | =available
with details       | =unavailable  | =available    | =unavailable  | =unavailable  | =unavailable  | =unavailable  | =available
unsubscribed       | =unauthorized | =available    | =unauthorized | =unauthorized | =unauthorized | =unauthorized | =available
subscribe          | waiting       | seen          | parted        | bare          | overtaken     | mute          | settling
refused            | =unauthorized | =available    | =unauthorized | =unauthorized | =unauthorized | =unauthorized | =available
returned           | =error        | =available    | =error        | =error        | =error        | =error        | =available
foreign error      | waiting       | seen          | parted        | bare          | overtaken     | mute          | settling
fence: ago         | =unavailable  | =available    | =unavailable  | =unavailable  | -             | -             | -
fence: now         | overtaken     | settling      | overtaken     | =unavailable  | -             | -             | -
fence: garbled     | mute          | =available    | mute          | =unavailable  | -             | -             | -
fence: refused     | =unauthorized | =available    | =unavailable  | =unavailable  | -             | -             | -
fence: returned    | =error        | =available    | =unavailable  | =unavailable  | -             | -             | -
fence: unsupported | mute          | =available    | mute          | =unavailable  | -             | -             | -
time passes        | waiting       | =available    | parted        | =unavailable  | =unavailable  | =unanswered   | =available
`

const hostTable = `
available          | seen          | seen          | seen          | seen          | -             | settling      | -
resource leaves    | parted        | parted        | parted        | bare          | -             | mute          | -
unavailable        | bare          | seen          | bare          | bare          | -             | =unavailable  | -
with details       | =unavailable  | =available    | =unavailable  | =unavailable  | -             | =unavailable  | -
unsubscribed       | =unauthorized | =available    | =unauthorized | =unauthorized | -             | =unauthorized | -
subscribe          | waiting       | seen          | parted        | bare          | -             | mute          | -
refused            | =unauthorized | =available    | =unauthorized | =unauthorized | -             | =unauthorized | -
returned           | =error        | =available    | =error        | =error        | -             | =error        | -
foreign error      | waiting       | seen          | parted        | bare          | -             | mute          | -
fence: ago         | =available    | =available    | =available    | =available    | -             | -             | -
fence: now         | =available    | =available    | =available    | =available    | -             | -             | -
fence: garbled     | mute          | =available    | mute          | =unavailable  | -             | -             | -
fence: refused     | =unauthorized | =available    | =unavailable  | =unavailable  | -             | -             | -
fence: returned    | =error        | =available    | =unavailable  | =unavailable  | -             | -             | -
fence: unsupported | mute          | =available    | mute          | =unavailable  | -             | -             | -
time passes        | waiting       | =available    | parted        | =unavailable  | -             | =unanswered   | -
`

const selfTable = `
available          | seen          | seen          | seen          | seen          | -             | settling      | -
resource leaves    | parted        | parted        | parted        | bare          | -             | mute          | -
unavailable        | bare          | seen          | bare          | bare          | -             | =available    | -
with details       | =unavailable  | =available    | =unavailable  | =unavailable  | -             | =available    | -
unsubscribed       | =unauthorized | =available    | =unauthorized | =unauthorized | -             | =unauthorized | -
subscribe          | waiting       | seen          | parted        | bare          | -             | mute          | -
refused            | waiting       | seen          | parted        | bare          | -             | mute          | -
returned           | waiting       | seen          | parted        | bare          | -             | mute          | -
foreign error      | waiting       | seen          | parted        | bare          | -             | mute          | -
fence: ago         | =available    | =available    | =available    | =available    | -             | -             | -
fence: now         | =available    | =available    | =available    | =available    | -             | -             | -
fence: garbled     | =available    | =available    | =available    | =available    | -             | -             | -
fence: refused     | =available    | =available    | =available    | =available    | -             | -             | -
fence: returned    | =available    | =available    | =available    | =available    | -             | -             | -
fence: unsupported | mute          | =available    | mute          | =available    | -             | -             | -
time passes        | waiting       | =available    | parted        | =unavailable  | -             | =available    | -
`

func TestEveryTransition(t *testing.T) {
	for _, tc := range []struct {
		name, to, table string
		self            bool
	}{
		{"a contact", "romeo@montague.lit", contactTable, false},
		{"a host", "montague.lit", hostTable, false},
		{"the own account", "romeo@montague.lit", selfTable, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			to := jid.MustParse(tc.to)
			res := jid.MustParse(tc.to + "/orchard")
			rows := make(map[string][]string)
			for line := range strings.Lines(strings.TrimSpace(tc.table)) {
				cells := strings.Split(line, "|")
				for i := range cells {
					cells[i] = strings.TrimSpace(cells[i])
				}
				rows[cells[0]] = cells[1:]
			}
			for event, make := range events {
				if len(rows[event]) != len(states) {
					t.Errorf("the table has %d states for the event %q, want %d", len(rows[event]), event, len(states))
					continue
				}
				for i, st := range states {
					x := exchange{target: to, self: tc.self, probeID: "pr1", sent: t0}
					for _, earlier := range st.reach {
						events[earlier](to, res).do(&x, t0.Add(time.Millisecond))
					}
					got := "-"
					if state(&x) == st.name && !(x.hasFence() && strings.HasPrefix(event, "fence")) {
						s := make(to, res)
						s.do(&x, t0.Add(time.Duration(s.ms)*time.Millisecond))
						got = state(&x)
					}
					if got != rows[event][i] {
						t.Errorf("%s, then %s: %s, want %s", st.name, event, got, rows[event][i])
					}
				}
			}
			if len(rows) != len(events) {
				t.Errorf("%d rows for %d events", len(rows), len(events))
			}
		})
	}
}
