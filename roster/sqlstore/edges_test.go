package sqlstore

import (
	"database/sql/driver"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.org/lastpresence/internal/testbed/storetest"
	"example.org/lastpresence/roster"
)

func TestOfTwoThatFailTogetherEachIsTriedAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{fails: func(group []string) error {
			if len(group) > 1 {
				return errors.New("too many")
			}
			return nil
		}}
		q := &queue{write: r.write}
		var wg sync.WaitGroup
		for _, name := range []string{"first", "juliet", "romeo"} {
			wg.Go(func() {
				if err := q.do(t.Context(), name, roster.Saved{}); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		if len(r.groups) != 4 || len(r.groups[1]) != 2 {
			t.Errorf("written: %q", r.groups)
		}
	})
}

// broken returns a store whose every commit, of so many, is to be tried again.
func broken(t *testing.T, times int) (*Store, *fake) {
	t.Helper()
	answer := tables(version)
	f := &fake{}
	f.answer = func(statement string) (driver.Value, error) {
		if statement == "COMMIT" && times > 0 {
			times--
			return nil, stateError("40001")
		}
		return answer(statement)
	}
	s, err := New(t.Context(), f.open(t))
	if err != nil {
		t.Fatal(err)
	}
	return s, f
}

func TestATransactionIsTriedEightTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := broken(t, 1000)
		if err := s.Save(t.Context(), storetest.Account, nurse); err == nil {
			t.Error("it was saved")
		}
		if n := f.count("BEGIN"); n != 8 {
			t.Errorf("it was tried %d times", n)
		}
	})
}

// The first wait is between five and ten milliseconds, by chance.
func TestHowLongToWaitBeforeTryingAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		least, most := time.Hour, time.Duration(0)
		for range 200 {
			s, _ := broken(t, 1)
			began := time.Now()
			if err := s.Save(t.Context(), storetest.Account, nurse); err != nil {
				t.Fatal(err)
			}
			took := time.Since(began)
			least, most = min(least, took), max(most, took)
		}
		if least < 5*time.Millisecond || least > 6*time.Millisecond || most >= 10*time.Millisecond || most < 9*time.Millisecond {
			t.Errorf("it waits %v to %v", least, most)
		}
	})
}

func TestTablesAreUpgradedByOneProcessAtATime(t *testing.T) {
	f := &fake{answer: tables(1)}
	if _, err := New(t.Context(), f.open(t)); err != nil {
		t.Fatal(err)
	}
	began := slices.Index(f.statements, "BEGIN")
	if began < 0 || f.statements[began+1] != postgres.lock || f.count(postgres.lock) != 1 {
		t.Errorf("New told the database %q", f.statements)
	}
}
