package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/storetest"
	"example.org/lastpresence/roster"
)

// The errors of drivers: pgx and lib/pq have SQLState, modernc.org/sqlite has
// Code, mattn's driver only a text.
type (
	stateError string
	codeError  int
)

func (e stateError) Error() string    { return "SQLSTATE " + string(e) }
func (e stateError) SQLState() string { return string(e) }
func (e codeError) Error() string     { return fmt.Sprintf("code %d", int(e)) }
func (e codeError) Code() int         { return int(e) }

// nurse is a change of one contact.
var nurse = roster.Saved{Records: []roster.Record{{JID: jid.MustParse("nurse@capulet.lit"), Name: "Nurse", Subscription: "both"}}}

// TestTransactionsAreRetriedWhenTheDatabaseAsks has a statement fail so and so often.
func TestTransactionsAreRetriedWhenTheDatabaseAsks(t *testing.T) {
	for _, tc := range []struct {
		err   error
		times int
		tries int // transactions
	}{
		{stateError("40001"), 3, 4},
		{stateError("40P01"), 1, 2},
		{stateError("55P03"), 1, 2},
		{codeError(5), 2, 3},
		{codeError(5 | 2<<8), 2, 3},
		{codeError(6), 1, 2},
		{errors.New("database is locked"), 1, 2},
		{errors.New("database table is locked: x"), 1, 2},
		{stateError("40001"), 1000, tries},
		{stateError("23505"), 1, 1},
		{codeError(13), 1, 1},
		{errors.New("no space left on device"), 1, 1},
	} {
		for _, at := range []string{"BEGIN", "INSERT INTO " + accounts, "INSERT INTO " + contacts, "COMMIT"} {
			t.Run(fmt.Sprintf("%v, %d times at %s", tc.err, tc.times, at), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					left := tc.times
					answer := tables(version)
					f := &fake{}
					f.answer = func(statement string) (driver.Value, error) {
						if strings.HasPrefix(statement, at) && left > 0 {
							left--
							return nil, fmt.Errorf("wrapped: %w", tc.err)
						}
						return answer(statement)
					}
					s, err := New(t.Context(), f.open(t))
					if err != nil {
						t.Fatal(err)
					}
					began := time.Now()
					err = s.Save(t.Context(), storetest.Account, nurse)
					if fails := tc.times >= tc.tries; fails != (err != nil) || fails && !errors.Is(err, tc.err) {
						t.Errorf("Save = %v", err)
					}
					if n := f.count("BEGIN"); n != tc.tries {
						t.Errorf("%d transactions, want %d", n, tc.tries)
					}
					if took := time.Since(began); took > 3*time.Second || tc.tries > 1 && took == 0 {
						t.Errorf("Save took %v", took)
					}
				})
			})
		}
	}
}

func TestRetryingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := tables(version)
		f := &fake{}
		f.answer = func(statement string) (driver.Value, error) {
			if statement == "COMMIT" {
				return nil, stateError("40001")
			}
			return answer(statement)
		}
		s, err := New(t.Context(), f.open(t))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Millisecond)
		defer cancel()
		if err := s.Save(ctx, storetest.Account, nurse); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Save = %v", err)
		}
		synctest.Wait()
		n := f.count("BEGIN")
		time.Sleep(time.Minute)
		if later := f.count("BEGIN"); n > 3 || later != n {
			t.Errorf("%d transactions, and %d afterwards", n, later-n)
		}
	})
}

// TestTheIsolationDoesNotDependOnTheDatabase: what a transaction reads once it
// holds its locks must be what others left.
func TestTheIsolationDoesNotDependOnTheDatabase(t *testing.T) {
	f := &fake{answer: tables(version)}
	s, err := New(t.Context(), f.open(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Save(t.Context(), storetest.Account, nurse); err != nil || f.isolation != sql.LevelReadCommitted {
		t.Errorf("Save used %v, %v", f.isolation, err)
	}
}
