package responder

import (
	"context"
	"sync"
)

// maxWaiting limits how many functions wait in a line.
const maxWaiting = 256

// line runs functions one after the other, in a goroutine that ends when none is
// left. Its zero value is ready for use.
type line struct {
	mu      sync.Mutex
	waiting []func()
	idle    chan struct{} // closed when the line becomes empty; nil while it is
	closed  bool
}

// add runs f after those that wait. It returns false if too many wait.
func (l *line) add(f func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.waiting) >= maxWaiting {
		return false
	}
	l.waiting = append(l.waiting, f)
	if l.idle == nil {
		l.idle = make(chan struct{})
		go l.run()
	}
	return true
}

func (l *line) run() {
	for {
		l.mu.Lock()
		if len(l.waiting) == 0 {
			close(l.idle)
			l.idle = nil
			l.mu.Unlock()
			return
		}
		f := l.waiting[0]
		l.waiting = l.waiting[1:]
		l.mu.Unlock()
		f()
	}
}

// wait returns when the line is empty, or the context ends.
func (l *line) wait(ctx context.Context) error {
	for {
		l.mu.Lock()
		idle := l.idle
		l.mu.Unlock()
		if idle == nil {
			return nil
		}
		select {
		case <-idle:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// close makes the line end after the function that is running, and returns those
// that wait.
func (l *line) close() []func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	left := l.waiting
	l.waiting, l.closed = nil, true
	return left
}
