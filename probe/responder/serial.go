package responder

import (
	"context"
	"sync"
)

// maxWaiting limits how many functions wait in a serial.
const maxWaiting = 256

// serial runs functions one after the other, in a goroutine that ends when none is
// left. Its zero value is ready for use.
type serial struct {
	mu      sync.Mutex
	waiting []func()
	idle    chan struct{} // closed when nothing is left to run; nil then
	closed  bool
}

// add runs f after those that wait. It returns false if too many wait.
func (s *serial) add(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.waiting) >= maxWaiting {
		return false
	}
	s.waiting = append(s.waiting, f)
	if s.idle == nil {
		s.idle = make(chan struct{})
		go s.run()
	}
	return true
}

func (s *serial) run() {
	for {
		s.mu.Lock()
		if len(s.waiting) == 0 {
			close(s.idle)
			s.idle = nil
			s.mu.Unlock()
			return
		}
		f := s.waiting[0]
		s.waiting = s.waiting[1:]
		s.mu.Unlock()
		f()
	}
}

// wait returns when nothing is left to run, or the context ends.
func (s *serial) wait(ctx context.Context) error {
	for {
		s.mu.Lock()
		idle := s.idle
		s.mu.Unlock()
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

// close ends the serial after the function that is running, and returns those
// that wait.
func (s *serial) close() []func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := s.waiting
	s.waiting, s.closed = nil, true
	return left
}
