package probe

import (
	"context"

	"mellium.im/xmpp"
)

// Serve serves the session with the Client's handler around next, which may be
// nil, and returns what [xmpp.Session.Serve] returns. The session is over then,
// and every call ends with [ErrClosed]. Call it once, on a goroutine of its own.
//
// A session that is served otherwise tells nobody that it has ended. The Client
// looks for that while a probe is under way, and so notices later.
func (c *Client) Serve(next xmpp.Handler) error {
	c.served.Store(true)
	err := c.s.Serve(c.Handler(next))
	_ = c.Close()
	return err
}

// ended reports whether the session is known to have ended.
func (c *Client) ended(ctx context.Context) bool {
	return !c.served.Load() && c.look.Ended(ctx, c.s)
}
