package server

import (
	"slices"
	"strings"
	"sync"
	"time"

	"mellium.im/xmpp/jid"
)

// filter is what keeps presence from a resource. It has a lock of its own,
// which is taken after the server's; the zero value keeps nothing.
type filter struct {
	mu sync.Mutex

	sifted string // the recipient of the rule; "" is no rule

	state    ClientState // while inactive
	stamp    Replay
	by       jid.JID
	held     []heldPresence
	flushing time.Time // until when nothing is held
}

// heldPresence is a presence that waits for the client.
type heldPresence struct {
	from, stanza string
	overtaken    bool // the next stanza of its sender does not release it
}

// pass sends a stanza on, or keeps it, or sends what was held before it.
// account tells that presence is addressed to the account.
func (f *filter) pass(c *conn, stanza string, account bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if notification(stanza) && f.takes(c, stanza, account, false) {
		return
	}
	f.release(c, stanza)
	c.queueNow(stanza)
}

// keeps does the same with presence that takes its time on the way, but leaves
// the sending to the caller.
func (f *filter) keeps(c *conn, stanza string, overtaken bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return notification(stanza) && f.takes(c, stanza, false, overtaken)
}

func (f *filter) takes(c *conn, stanza string, account, overtaken bool) bool {
	switch {
	case f.sifted == "all", f.sifted == "bare" && account, f.sifted == "full" && !account:
		return true
	case f.state == NoClientState, time.Now().Before(f.flushing):
		return false
	}
	held := heldPresence{from: attribute(stanza, "from"), stanza: f.stamped(c, stanza), overtaken: overtaken}
	if f.state == HoldLatest && !overtaken {
		f.held = slices.DeleteFunc(f.held, func(other heldPresence) bool { return other.from == held.from })
	}
	f.held = append(f.held, held)
	return true
}

// notification tells presence that is about availability from all else.
func notification(stanza string) bool {
	typ := attribute(stanza, "type")
	return strings.HasPrefix(stanza, "<presence") && (typ == "" || typ == "unavailable")
}

// attribute returns an attribute of a stanza's start element as it is written.
func attribute(stanza, name string) string {
	start, _, _ := strings.Cut(stanza, ">")
	_, value, _ := strings.Cut(start, " "+name+"='")
	value, _, _ = strings.Cut(value, "'")
	return value
}
