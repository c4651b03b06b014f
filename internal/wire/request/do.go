package request

import (
	"context"
	"encoding/xml"
	"errors"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
)

// ErrClosed means that the session ended before an answer came.
var ErrClosed = errors.New("session closed")

// Do sends the request that build returns for an id to the address to, and
// waits until read has read the answer, ctx ends, or the session or the Table
// is closed. The empty address means the session's account. If ctx ends while
// the answer is being read, it is still read to its end, in the session's
// goroutine.
func (t *Table) Do(ctx context.Context, s *xmpp.Session, to jid.JID, build func(id string) xml.TokenReader, read func(start *xml.StartElement, r xml.TokenReader)) error {
	done := make(chan struct{})
	id := t.Add(to, func(start *xml.StartElement, r xml.TokenReader) {
		defer close(done)
		read(start, r)
	})
	defer t.Remove(id)
	written := make(chan error, 1)
	go func() { written <- Write(s, build(id)) }()
	var look Look
	ticker := time.NewTicker(Poll)
	defer ticker.Stop()
	for {
		select {
		case err := <-written:
			if err != nil {
				return err
			}
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-t.done():
			return ErrClosed
		case <-ticker.C:
			if look.Ended(ctx, s) {
				return ErrClosed
			}
		}
	}
}
