// Package request handles IQ requests (RFC 6120 section 8.2.3): those that we
// send, whose answers are read in the session's own goroutine, and those that
// pass a handler. Packages probe, probe/responder and roster use it; package
// csi sends its elements with it.
//
// Our requests differ from those of a mellium session in three ways. Several
// stanzas leave in one flush. An answer counts only if it comes from the
// address that was asked. A caller whose context ends returns at once, even if the
// peer has stopped reading or writing.
//
// A handler that reads part of an IQ before it passes it on uses [Replay], which
// returns that part again. [Watch] notices whether the next handler has answered,
// so that every request is answered exactly once.
package request

import (
	"context"
	"crypto/rand"
	"encoding/xml"
	"strconv"
	"strings"
	"sync"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/address"
)

// Table holds the requests that wait for an answer. The zero value is ready to
// use. A Table is safe for concurrent use.
type Table struct {
	mu      sync.Mutex
	prefix  string
	last    uint64
	pending map[string]request
	closed  chan struct{}
}

type request struct {
	to   jid.JID
	read func(start *xml.StartElement, r xml.TokenReader)
}

// Add registers a request to the address to, and returns the id to send it
// with. The first result or error from that address is passed to read, in the
// goroutine that calls Handle.
func (t *Table) Add(to jid.JID, read func(start *xml.StartElement, r xml.TokenReader)) (id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pending == nil {
		t.pending = make(map[string]request)
		t.prefix = rand.Text() + "-"
	}
	t.last++
	id = t.prefix + strconv.FormatUint(t.last, 36)
	t.pending[id] = request{to: to, read: read}
	return id
}

// Remove forgets a request. An answer that arrives later is still recognised,
// and dropped. An answer that is being read is read to its end.
func (t *Table) Remove(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.pending, id)
}

// Close makes all present and later calls of Do return ErrClosed.
func (t *Table) Close() {
	closed := t.done()
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-closed:
	default:
		close(closed)
	}
}

// done returns what Close closes.
func (t *Table) done() chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed == nil {
		t.closed = make(chan struct{})
	}
	return t.closed
}

// Len returns the number of requests that wait for an answer.
func (t *Table) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.pending)
}

// Handle reports whether the stanza that start begins answers one of the
// table's requests, and if so reads it. It ignores an answer whose sender is not
// the one that was asked, unless it is an error of our own server: see [Ours]. An
// empty sender means the session's account (RFC 6120 section 8.1.2.1), whose
// address is self.
func (t *Table) Handle(start *xml.StartElement, r xml.TokenReader, self jid.JID) bool {
	if start.Name.Local != "iq" {
		return false
	}
	var id, typ, from string
	for _, attr := range start.Attr {
		if attr.Name.Space != "" {
			continue
		}
		switch attr.Name.Local {
		case "id":
			id = attr.Value
		case "type":
			typ = attr.Value
		case "from":
			from = attr.Value
		}
	}
	if typ != "result" && typ != "error" {
		return false
	}
	t.mu.Lock()
	if t.prefix == "" || !strings.HasPrefix(id, t.prefix) {
		t.mu.Unlock()
		return false
	}
	req, waiting := t.pending[id]
	if waiting && !sentBy(from, req.to, self) && !(typ == "error" && Ours(from, self)) {
		t.mu.Unlock()
		return false
	}
	delete(t.pending, id)
	t.mu.Unlock()
	if waiting {
		req.read(start, r)
	}
	return true
}

// Ours reports whether from, the sender of a stanza, means our own server: it is
// empty, the server's domain, or the account of self, in whose name the server may
// answer. The server returns errors for requests that it did not pass on.
func Ours(from string, self jid.JID) bool {
	if from == "" {
		return true
	}
	sender, err := address.Parse(from)
	return err == nil && (sender.Bare().Equal(self.Bare()) || sender.Equal(self.Domain()))
}

func sentBy(from string, asked, self jid.JID) bool {
	account := self.Bare()
	ours := asked.Equal(jid.JID{}) || asked.Equal(account)
	if from == "" {
		return ours
	}
	sender, err := address.Parse(from)
	if err != nil {
		return false
	}
	// Older servers answer for the account as themselves or as the session.
	return sender.Equal(asked) || ours && (sender.Equal(account) || sender.Equal(self) || sender.Equal(self.Domain()))
}

// Send writes the stanzas to the session in order and in one flush. It returns
// when they are written or ctx ends.
//
// A goroutine goes on writing until the session has taken the stanzas or failed,
// because to stop in the middle of a stanza would break the stream.
func Send(ctx context.Context, s *xmpp.Session, stanzas ...xml.TokenReader) error {
	done := make(chan error, 1)
	go func() { done <- Write(s, stanzas...) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
