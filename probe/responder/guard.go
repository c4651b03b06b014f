package responder

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// closeTimeout is how long Close waits for functions to return.
const closeTimeout = 5 * time.Second

// guard calls a function of the application, and turns a panic into an error with
// the stack.
func guard(whose string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("responder: %s panicked: %v\n%s", whose, p, debug.Stack())
		}
	}()
	return f()
}

// fail passes an error to the function of Failed, if there is one, in a goroutine of
// its own because the function may block.
func (r *Responder) fail(err error) {
	if r.cfg.failed == nil {
		return
	}
	r.reports.add(func() {
		_ = guard("Failed", func() error { r.cfg.failed(err); return nil })
	})
}

// begin runs f in a goroutine that Close waits for. After Close it does nothing.
func (r *Responder) begin(f func()) {
	r.open.Lock()
	defer r.open.Unlock()
	if r.ctx.Err() == nil {
		r.wg.Go(f)
	}
}

// end makes begin, and everything that waits for the Responder, end.
func (r *Responder) end() {
	r.open.Lock()
	defer r.open.Unlock()
	r.cancel()
}

// Close ends everything that the Responder does, and waits up to 5 seconds for the
// functions that it has called. It returns an error if one has not returned by
// then. It sends nothing; see [Responder.Stop]. Subscription stanzas that were
// still queued are dropped and reported to the function of [Failed].
func (r *Responder) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return r.close(ctx)
}

func (r *Responder) close(ctx context.Context) error {
	r.end()
	lines := []*serial{&r.inbox.requests, &r.inbox.others}
	for _, l := range lines {
		for _, f := range l.close() {
			f() // says that it is too late
		}
	}
	returned := make(chan struct{})
	go func() {
		r.wg.Wait()
		close(returned)
	}()
	var err error
	select {
	case <-returned:
	case <-ctx.Done():
		err = ctx.Err()
	}
	for _, l := range append(lines, &r.reports) {
		err = errors.Join(err, l.wait(ctx))
	}
	if err != nil {
		return fmt.Errorf("responder: close: a function has not returned: %w", ctx.Err())
	}
	return nil
}
