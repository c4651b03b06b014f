package request

import (
	"context"
	"sync"
	"time"

	"mellium.im/xmpp"
)

// Poll is how often those who wait for an answer look whether the session has
// ended, which mellium tells nobody, and how long they wait to be told.
const Poll = 100 * time.Millisecond

// Look looks whether a session has ended. Its zero value is ready for use, with
// one session, and it is safe for concurrent use.
//
// Asking a session for its state may take long: mellium holds the lock of the
// state while it says goodbye to a peer that reads no more, and a machine may be
// too busy. So a Look asks on a goroutine of its own, at most one at a time, which
// ends when the session tells.
type Look struct {
	mu    sync.Mutex
	asked *told
}

// told is a question to the session; state counts once done is closed.
type told struct {
	done  chan struct{}
	state xmpp.SessionState
}

// Ended reports whether the session is known to have ended. It waits for the
// session to tell for as long as Poll, or until the context ends. That it does not
// tell says nothing.
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

// ask returns the question that is open, or a new one.
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

// Ended is [Look.Ended] for who looks once.
func Ended(ctx context.Context, s *xmpp.Session) bool {
	return new(Look).Ended(ctx, s)
}
