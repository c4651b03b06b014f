package judge

import "strings"

// Cause is why a contact left. The values are those of roster.Cause.
type Cause uint8

// The causes.
const (
	CauseUnknown Cause = iota
	Goodbye
	ConnectionLost
	TimedOut
	ServerStopped
	AccountDeleted
	NeverLoggedIn
)

// A composition is the beginning of a text that a server writes where the
// contact's status belongs. A reason follows it.
type composition struct {
	server string
	text   string
	whole  bool // nothing comes behind it
	live   bool // in the live unavailable presence, too; else in last activity alone
	means  Cause
}

// compositions are what servers were seen to write.
var compositions = []composition{
	{"ejabberd 23.01", "Registered but didn't login", true, false, NeverLoggedIn},
	{"ejabberd 23.01", "Stream reset by peer", true, false, ConnectionLost},
	{"ejabberd 23.01", "Stream closed by peer", false, false, ConnectionLost},
	{"ejabberd 23.01", "Connection failed: ", false, false, ConnectionLost},
	{"ejabberd 23.01", "Stream closed by local host: ", false, false, CauseUnknown},
	{"ejabberd 23.01", "Stream failed: ", false, false, ConnectionLost},
	{"Prosody 0.12", "Disconnected: ", false, true, ConnectionLost},
	{"Prosody 0.12", "Stream error: ", false, true, ConnectionLost},
	{"Metronome 3.14", "Logged out", true, false, CauseUnknown},
}

// reasons are what servers write after the beginning of their text. The first
// one that the text contains counts.
var reasons = []struct {
	part  string
	means Cause
}{
	{"Replaced by new connection", CauseUnknown},
	{"stream resumption", TimedOut},
	{"Hibernating too long", TimedOut},
	{"connection-timeout", TimedOut},
	{"timeout", TimedOut},
	{"timed out", TimedOut},
	{"Account deleted", AccountDeleted},
	{"User removed", AccountDeleted},
	{"Received SIG", ServerStopped},
	{"system-shutdown", ServerStopped},
	{"shutting down", ServerStopped},
	{"connection closed", ConnectionLost},
}

// causeOf reports whether a text that came as a status is a server's own, and
// what it means.
func causeOf(s string, source Source) (Cause, bool) {
	for _, c := range compositions {
		reason, found := strings.CutPrefix(s, c.text)
		if !found || c.whole && reason != "" || source != LastActivity && !c.live {
			continue
		}
		for _, r := range reasons {
			if strings.Contains(reason, r.part) {
				return r.means, true
			}
		}
		return c.means, true
	}
	return CauseUnknown, false
}
