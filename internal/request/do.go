package request

import (
	"context"
	"encoding/xml"
	"errors"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
)

// ErrClosed means that the session ended before there was an answer.
var ErrClosed = errors.New("session closed")

// Poll is how often those who wait for an answer look whether the session has
// ended, which mellium tells nobody.
const Poll = 100 * time.Millisecond

// Do sends the request that build makes with its id to the address to, and
// waits until read has read the answer, the context ends, or the session does.
// An empty address is the own account.
func (t *Table) Do(ctx context.Context, s *xmpp.Session, to jid.JID, build func(id string) xml.TokenReader, read func(start *xml.StartElement, r xml.TokenReader)) error {
	done := make(chan struct{})
	id := t.Add(to, func(start *xml.StartElement, r xml.TokenReader) {
		defer close(done)
		read(start, r)
	})
	defer t.Remove(id)
	if err := Send(ctx, s, build(id)); err != nil {
		return err
	}
	ticker := time.NewTicker(Poll)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
			if s.State()&xmpp.InputStreamClosed != 0 {
				return ErrClosed
			}
		}
	}
}
