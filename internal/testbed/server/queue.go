package server

import (
	"io"
	"slices"
	"sync"
	"time"
)

// backlog is how many bytes may wait for a slow client before the next stanza
// drops its connection, so that it does not hold up the others.
const backlog = 8 << 20

// queue is what waits to be written to a connection. Many put into it, and one
// goroutine runs it; nobody waits for the other side while holding its lock.
type queue struct {
	wake chan struct{} // of capacity 1

	mu    sync.Mutex
	ready []byte
	timed []timed
	ended bool
}

// timed is a stanza that waits for its time, or, held, for release.
type timed struct {
	stanza string
	due    time.Time
	held   bool
}

func newQueue() *queue {
	return &queue{wake: make(chan struct{}, 1)}
}

// put queues a stanza, and reports whether there was room.
func (q *queue) put(stanza string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.ready) > backlog {
		return false
	}
	if !q.ended {
		q.ready = append(q.ready, stanza...)
		q.signal()
	}
	return true
}

// putLater queues a stanza for a time, or for the next release if that comes
// earlier and the stanza is held.
func (q *queue) putLater(stanza string, due time.Time, held bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.timed = append(q.timed, timed{stanza, due, held})
	q.signal()
}

// release has what is held go out now.
func (q *queue) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.timed {
		if q.timed[i].held {
			q.timed[i].due = time.Time{}
			q.signal()
		}
	}
}

// end lets the queue run out; what waits for its time is forgotten.
func (q *queue) end(last string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ready = append(q.ready, last...)
	q.ended, q.timed = true, nil
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// run writes what is queued, in one piece what has gathered, until the queue
// ends or writing fails.
func (q *queue) run(w io.Writer) error {
	var spare []byte
	for {
		batch, next, ended := q.take(spare[:0])
		spare = batch
		if len(batch) > 0 {
			if _, err := w.Write(batch); err != nil {
				return err
			}
			continue
		}
		if ended {
			return nil
		}
		var due <-chan time.Time
		if !next.IsZero() {
			due = time.After(time.Until(next))
		}
		select {
		case <-q.wake:
		case <-due:
		}
	}
}

// take returns what is ready and puts another buffer in its place; if nothing
// is, it returns when something will be.
func (q *queue) take(spare []byte) (batch []byte, next time.Time, ended bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	slices.SortStableFunc(q.timed, func(a, b timed) int { return a.due.Compare(b.due) })
	now := time.Now()
	for len(q.timed) > 0 && !q.timed[0].due.After(now) {
		q.ready = append(q.ready, q.timed[0].stanza...)
		q.timed = slices.Delete(q.timed, 0, 1)
	}
	if len(q.timed) > 0 {
		next = q.timed[0].due
	}
	batch, q.ready = q.ready, spare
	return batch, next, q.ended
}
