package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"strings"
	"time"
)

// How often to try a transaction that the database asks to try again, and how
// long to wait before the second attempt. Each further wait is twice as long,
// shortened at random.
const (
	tries     = 8
	firstWait = 10 * time.Millisecond
)

// transact runs f in a transaction: all of it takes effect, or nothing. It may
// run f several times.
func (s *Store) transact(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	for try := 1; ; try++ {
		err := s.try(ctx, f)
		if err == nil || try == tries || !transient(err) {
			return err
		}
		wait := firstWait << (try - 1)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait/2 + rand.N(wait/2)):
		}
	}
}

func (s *Store) try(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: s.d.isolation})
	if err != nil {
		return err
	}
	if err := f(ctx, tx); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

// transient reports whether the same transaction may succeed when it is tried
// again: PostgreSQL could not serialize it, or chose it to end a deadlock or a
// wait for a lock; SQLite's file was busy. Drivers are recognised by the
// methods of their errors, and by their texts where there are none.
func transient(err error) bool {
	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		switch state.SQLState() {
		case "40001", "40P01", "55P03":
			return true
		}
		return false
	}
	var code interface{ Code() int }
	if errors.As(err, &code) {
		const busy, locked = 5, 6
		primary := code.Code() & 0xff
		return primary == busy || primary == locked
	}
	text := err.Error()
	return strings.Contains(text, "database is locked") || strings.Contains(text, "database table is locked")
}
