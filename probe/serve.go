package probe

import (
	"errors"

	"mellium.im/xmpp"
)

// ErrBlocked means that we block the contact (XEP-0191).
var ErrBlocked = errors.New("probe: the contact is blocked")

// Serve serves the session with the Client's handler around next, which may be
// nil, and returns what [xmpp.Session.Serve] returns. Every call ends with
// ErrClosed then.
func (c *Client) Serve(next xmpp.Handler) error {
	err := c.s.Serve(c.Handler(next))
	_ = c.Close()
	return err
}
