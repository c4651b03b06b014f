package responder

import "sync"

// maxWaiting limits what waits in a line.
const maxWaiting = 256

// line runs functions one after the other, in order, in a goroutine that lives
// while there is something to do. The zero value is ready to use.
type line struct {
	mu      sync.Mutex
	waiting []func()
	running bool
	closed  bool
	wg      sync.WaitGroup
}

// add queues f, and reports whether there was room.
func (l *line) add(f func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.waiting) >= maxWaiting {
		return false
	}
	l.waiting = append(l.waiting, f)
	if !l.running {
		l.running = true
		l.wg.Go(l.run)
	}
	return true
}

func (l *line) run() {
	for {
		l.mu.Lock()
		if len(l.waiting) == 0 {
			l.running = false
			l.mu.Unlock()
			return
		}
		f := l.waiting[0]
		l.waiting = l.waiting[1:]
		l.mu.Unlock()
		f()
	}
}

// close drops what waits, and waits for what is running.
func (l *line) close() {
	l.mu.Lock()
	l.waiting, l.closed = nil, true
	l.mu.Unlock()
	l.wg.Wait()
}
