package probe

import (
	"fmt"
	"time"

	"mellium.im/xmpp/jid"
)

// noAnswerError is the error of a wait that ran out of time. It is an ErrNoAnswer.
type noAnswerError struct {
	to     jid.JID
	what   string // what was waited for
	waited time.Duration
	ever   bool // a stanza has passed the handler at some time
	since  bool // a stanza has passed it since the probe was sent
}

// noAnswer returns the error that says what a probe has waited for in vain. It is
// called with the lock held.
func (c *Client) noAnswer(pd *pending, now time.Time) error {
	heard := c.heard.Load()
	s := &noAnswerError{to: pd.x.target, what: "presence and last activity", waited: now.Sub(pd.x.sent), ever: heard > 0, since: heard > pd.heard}
	switch {
	case pd.x.hasFence():
		s.what = "presence"
	case pd.x.hasBare() || pd.x.hasAvailable():
		s.what = "last activity"
	}
	return s
}

// Error implements error.
func (s *noAnswerError) Error() string {
	text := fmt.Sprintf("probe: waited %v for the %s of %s", s.waited.Round(time.Millisecond), s.what, s.to)
	switch {
	case !s.ever:
		return text + ": no stanza has passed the handler: is the session served with Client.Handler?"
	case !s.since:
		return text + ": no stanza has arrived since the probe was sent"
	}
	return text + ": other stanzas have arrived"
}

// Is reports whether target is ErrNoAnswer.
func (s *noAnswerError) Is(target error) bool { return target == ErrNoAnswer }
