package probe

import (
	"fmt"
	"time"

	"mellium.im/xmpp/jid"
)

// silence is the error of a wait that only time has ended. It is an
// ErrNoAnswer.
type silence struct {
	to     jid.JID
	what   string // what was waited for
	waited time.Duration
	ever   bool // a stanza has passed the handler
	since  bool // one has since the probe was sent
}

// silence returns what a flight has waited for in vain. It is called with the
// lock held.
func (c *Client) silence(f *flight, now time.Time) error {
	heard := c.heard.Load()
	s := &silence{to: f.x.target, what: "presence and last activity", waited: now.Sub(f.x.sent), ever: heard > 0, since: heard > f.heard}
	switch {
	case f.x.hasFence():
		s.what = "presence"
	case f.x.hasBare() || f.x.hasAvailable():
		s.what = "last activity"
	}
	return s
}

// Error implements error.
func (s *silence) Error() string {
	text := fmt.Sprintf("probe: waited %v for the %s of %s", s.waited.Round(time.Millisecond), s.what, s.to)
	switch {
	case !s.ever:
		return text + ": no stanza has passed the handler: is the session served with Client.Handler?"
	case !s.since:
		return text + ": nothing has come since it was asked for"
	}
	return text + ": other stanzas have come"
}

// Is reports that there was no answer.
func (s *silence) Is(target error) bool { return target == ErrNoAnswer }
