package sqlstore

import (
	"context"
	"sync"
	"sync/atomic"

	"example.org/lastpresence/roster"
)

// most is how many records are written in one transaction.
const most = 1000

// save is a call that waits until its changes are written.
type save struct {
	ctx     context.Context
	account string
	changes roster.Saved
	done    chan error // has room for one
}

// queue gathers changes that arrive while others are being written, so that
// those of many accounts go into one transaction. A goroutine writes while
// there are any.
type queue struct {
	write func(context.Context, []*save) error

	mu      sync.Mutex
	waiting []*save
	writing bool
}

// do waits until the changes are written. If it returns the error of ctx, they
// may be written nevertheless.
func (q *queue) do(ctx context.Context, account string, changes roster.Saved) error {
	s := &save{ctx, account, changes, make(chan error, 1)}
	q.mu.Lock()
	q.waiting = append(q.waiting, s)
	if !q.writing {
		q.writing = true
		go q.work()
	}
	q.mu.Unlock()
	select {
	case err := <-s.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (q *queue) work() {
	for {
		group := q.next()
		if len(group) == 0 {
			return
		}
		err := q.together(group)
		for _, s := range group {
			if err != nil && len(group) > 1 {
				// One of them may be why all of them failed.
				s.done <- q.together([]*save{s})
				continue
			}
			s.done <- err
		}
	}
}

// next takes what to write in one transaction: the first call of each account,
// as many as fit. It returns nothing if nothing waits.
func (q *queue) next() (group []*save) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var rest []*save
	records := 0
	taken := make(map[string]bool)
	for _, s := range q.waiting {
		switch {
		case s.ctx.Err() != nil: // nobody waits for it
		case taken[s.account], len(group) > 0 && records+len(s.changes.Records) > most:
			taken[s.account] = true // what is later must not overtake it
			rest = append(rest, s)
		default:
			taken[s.account] = true
			records += len(s.changes.Records)
			group = append(group, s)
		}
	}
	q.waiting = rest
	q.writing = len(group) > 0
	return group
}

// together writes changes until nobody waits for them any longer.
func (q *queue) together(group []*save) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var left atomic.Int64
	left.Store(int64(len(group)))
	for _, s := range group {
		stop := context.AfterFunc(s.ctx, func() {
			if left.Add(-1) == 0 {
				cancel()
			}
		})
		defer stop()
	}
	return q.write(ctx, group)
}
