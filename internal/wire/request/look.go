package request

import (
	"context"
	"sync"
	"time"

	"mellium.im/xmpp"
)

// Poll is how often those who wait for an answer check whether the session has
// ended, which mellium does not report. A check takes at most as long.
const Poll = 100 * time.Millisecond

// Look checks whether one session has ended. Its zero value is ready for use, and
// it is safe for concurrent use.
//
// Reading the state of a session may block: mellium holds its lock while it closes
// the stream to a peer that no longer reads, and a machine may be too busy. So a
// Look reads the state in a goroutine of its own, at most one at a time, which ends
// when the session has returned it.
type Look struct {
	mu    sync.Mutex
	asked *told
}

// told is a reading of the session's state, which is valid once done is closed.
type told struct {
	done  chan struct{}
	state xmpp.SessionState
}

// Ended reports whether the session is known to have ended. It waits for the state
// for at most Poll, or until ctx ends. False may mean that the state is not known.
func (l *Look) Ended(ctx context.Context, s *xmpp.Session) bool {
	question := l.ask(s)
	timer := time.NewTimer(Poll)
	defer timer.Stop()
	select {
	case <-question.done:
		return question.state&xmpp.InputStreamClosed != 0
	case <-ctx.Done():
	case <-timer.C:
	}
	return false
}

// ask returns the reading that is under way, or starts one.
func (l *Look) ask(s *xmpp.Session) *told {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked != nil {
		return l.asked
	}
	question := &told{done: make(chan struct{})}
	l.asked = question
	go func() {
		question.state = s.State()
		l.mu.Lock()
		l.asked = nil
		l.mu.Unlock()
		close(question.done)
	}()
	return question
}

// Ended is [Look.Ended] of a new Look, for a single check.
func Ended(ctx context.Context, s *xmpp.Session) bool {
	return new(Look).Ended(ctx, s)
}
