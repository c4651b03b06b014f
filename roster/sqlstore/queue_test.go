package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.org/lastpresence/roster"
)

// recorder is what a queue writes to: each transaction takes a second.
type recorder struct {
	mu     sync.Mutex
	groups [][]string                 // the accounts of each transaction
	fails  func(group []string) error // may be nil
}

func (r *recorder) write(ctx context.Context, group []*save) error {
	var names []string
	for _, s := range group {
		names = append(names, s.account)
	}
	slices.Sort(names)
	r.mu.Lock()
	r.groups = append(r.groups, names)
	r.mu.Unlock()
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return ctx.Err()
	}
	if r.fails != nil {
		return r.fails(names)
	}
	return nil
}

func TestChangesThatArriveDuringAWriteAreWrittenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := new(recorder)
		q := &queue{write: r.write}
		var wg sync.WaitGroup
		for i := range 1001 {
			wg.Go(func() {
				if err := q.do(t.Context(), fmt.Sprint("account", i), roster.Saved{Records: make([]roster.Record, 2)}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		sum := 0
		for _, g := range r.groups {
			sum += len(g)
			if len(g) > most/2 {
				t.Errorf("a transaction of %d accounts with two records each", len(g))
			}
		}
		if len(r.groups) > 4 || sum != 1001 {
			t.Errorf("%d accounts in %d transactions, want 1001 in 4 at most", sum, len(r.groups))
		}
	})
}

func TestOneAccountIsWrittenInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := new(recorder)
		q := &queue{write: r.write}
		var wg sync.WaitGroup
		var mu sync.Mutex
		var order []int
		for i := range 5 {
			wg.Go(func() {
				if err := q.do(t.Context(), "juliet", roster.Saved{}); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
			})
			synctest.Wait()
		}
		wg.Wait()
		if !slices.Equal(order, []int{0, 1, 2, 3, 4}) || len(r.groups) != 5 {
			t.Errorf("written in the order %v, in %v", order, r.groups)
		}
	})
}

func TestAFailedSaveDoesNotHinderOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		poison := errors.New("poison")
		r := &recorder{fails: func(group []string) error {
			if slices.Contains(group, "tybalt") {
				return poison
			}
			return nil
		}}
		q := &queue{write: r.write}
		var wg sync.WaitGroup
		for _, name := range []string{"first", "juliet", "tybalt", "romeo"} {
			wg.Go(func() {
				want := error(nil)
				if name == "tybalt" {
					want = poison
				}
				if err := q.do(t.Context(), name, roster.Saved{}); !errors.Is(err, want) || want == nil && err != nil {
					t.Errorf("%s: %v, want %v", name, err, want)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
	})
}

// TestWritingEndsWhenNobodyWaits has some give up before others, while their
// changes are written and before.
func TestWritingEndsWhenNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := new(recorder)
		q := &queue{write: r.write}
		var wg sync.WaitGroup
		do := func(name string, patience time.Duration, want error) {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				if err := q.do(ctx, name, roster.Saved{}); !errors.Is(err, want) || want == nil && err != nil {
					t.Errorf("%s: %v, want %v", name, err, want)
				}
			})
			synctest.Wait()
		}
		do("alone", 500*time.Millisecond, context.DeadlineExceeded) // being written
		do("gone", 100*time.Millisecond, context.DeadlineExceeded)  // never begun
		do("short", 700*time.Millisecond, context.DeadlineExceeded) // written for another's sake
		do("long", time.Minute, nil)
		began := time.Now()
		wg.Wait()
		if took := time.Since(began); took != 1500*time.Millisecond {
			t.Errorf("all took %v, want 1.5 s", took)
		}
		if want := [][]string{{"alone"}, {"long", "short"}}; !slices.EqualFunc(r.groups, want, slices.Equal) {
			t.Errorf("written: %v, want %v", r.groups, want)
		}
	})
}
