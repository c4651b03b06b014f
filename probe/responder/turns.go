package responder

import "sync"

// turns keeps the answers to one prober about one contact in the order of the
// questions. The answer to a query that was sent behind a probe then shows that
// the probe's answer has arrived. The zero value is ready to use.
type turns struct {
	mu   sync.Mutex
	last map[string]chan struct{} // closed when the last in line is done
}

type turn struct {
	*turns
	key   string
	after chan struct{} // nil for the first
	over  chan struct{}
}

func (t *turns) take(key string) turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil {
		t.last = make(map[string]chan struct{})
	}
	n := turn{turns: t, key: key, after: t.last[key], over: make(chan struct{})}
	t.last[key] = n.over
	return n
}

// wait returns when those before it are done. They end with the calls that they
// wait for.
func (n turn) wait() {
	if n.after != nil {
		<-n.after
	}
}

func (n turn) done() {
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.over)
	if n.last[n.key] == n.over {
		delete(n.last, n.key)
	}
}
