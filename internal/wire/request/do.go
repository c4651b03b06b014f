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

// Ended tells whether the session has ended, or is being closed against a peer
// that reads no more: mellium holds the lock of its state while it writes, so
// that asking for it may take as long. It says no when the context ends.
func Ended(ctx context.Context, s *xmpp.Session) bool {
	state := make(chan xmpp.SessionState, 1)
	go func() { state <- s.State() }()
	timer := time.NewTimer(Poll)
	defer timer.Stop()
	select {
	case now := <-state:
		return now&xmpp.InputStreamClosed != 0
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Do sends the request that build makes with its id to the address to, and
// waits until read has read the answer, the context ends, or the session or the
// Table is closed. An answer that has begun to be read when the context ends is
// read to its end nevertheless, in the session's goroutine. An empty address is
// the own account.
func (t *Table) Do(ctx context.Context, s *xmpp.Session, to jid.JID, build func(id string) xml.TokenReader, read func(start *xml.StartElement, r xml.TokenReader)) error {
	done := make(chan struct{})
	id := t.Add(to, func(start *xml.StartElement, r xml.TokenReader) {
		defer close(done)
		read(start, r)
	})
	defer t.Remove(id)
	written := make(chan error, 1)
	go func() { written <- Write(s, build(id)) }()
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
			if Ended(ctx, s) {
				return ErrClosed
			}
		}
	}
}
