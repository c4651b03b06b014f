package responder

import "sync"

// maxWaiting bounds what waits in a line.
const maxWaiting = 256

// line carries out one thing after the other, in order, in a goroutine that
// lives while there is something to do. Its zero value is ready for use.
type line struct {
	mu      sync.Mutex
	waiting []func()
	running bool
	closed  bool
	wg      sync.WaitGroup
}

// add has f carried out, unless too much waits.
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

// close forgets what waits, and waits for what is carried out.
func (l *line) close() {
	l.mu.Lock()
	l.waiting, l.closed = nil, true
	l.mu.Unlock()
	l.wg.Wait()
}
