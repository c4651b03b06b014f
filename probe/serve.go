package probe

import (
	"context"

	"mellium.im/xmpp"
)

// Serve serves the session until it ends and returns what [xmpp.Session.Serve]
// returns. Stanzas pass through the Client and then to next, which may be nil.
// When the session has ended, every call ends with [ErrClosed]. Call Serve once,
// in a goroutine of its own.
//
// If you serve the session in another way, nothing tells the Client that it has
// ended. The Client then checks while a probe is under way, and notices later.
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
