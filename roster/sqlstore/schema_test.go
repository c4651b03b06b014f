package sqlstore

import (
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestOtherDatabasesAreRefused(t *testing.T) {
	refused := errors.New("connection refused")
	missing := errors.New("no such function")
	for name, tc := range map[string]struct {
		f    *fake
		want error
		says string
	}{
		"MySQL":                     {&fake{answer: func(string) (driver.Value, error) { return "8.0.36", nil }}, errors.ErrUnsupported, "8.0.36"},
		"CockroachDB":               {&fake{answer: func(string) (driver.Value, error) { return "CockroachDB CCL v23.1", nil }}, errors.ErrUnsupported, "CockroachDB"},
		"without any such function": {&fake{answer: func(string) (driver.Value, error) { return nil, missing }}, errors.ErrUnsupported, "no such function"},
		"none that can be reached":  {&fake{connect: refused}, refused, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(t.Context(), tc.f.open(t))
			if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) || !strings.HasPrefix(err.Error(), "sqlstore: ") {
				t.Errorf("New = %v, want %v, and %q in it", err, tc.want, tc.says)
			}
		})
	}
}

// changes returns the statements that write.
func changes(f *fake) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.statements), func(s string) bool { return strings.HasPrefix(s, "SELECT ") })
}

func TestTablesOfThisVersionAreNotTouched(t *testing.T) {
	f := &fake{answer: tables(version)}
	if _, err := New(t.Context(), f.open(t)); err != nil {
		t.Fatal(err)
	}
	if got := changes(f); len(got) > 0 {
		t.Errorf("New told the database %q", got)
	}
}

func TestTablesOfAnEarlierVersionAreUpgraded(t *testing.T) {
	f := &fake{answer: tables(1)}
	if _, err := New(t.Context(), f.open(t)); err != nil {
		t.Fatal(err)
	}
	got := changes(f)
	if len(got) < 3 || got[0] != "BEGIN" || got[len(got)-1] != "COMMIT" || strings.Contains(strings.Join(got, ";"), "CREATE TABLE") {
		t.Errorf("New told the database %q", got)
	}
}

func TestTablesOfALaterVersionAreRefused(t *testing.T) {
	f := &fake{answer: tables(version + 1)}
	if _, err := New(t.Context(), f.open(t)); err == nil || !strings.Contains(err.Error(), "version 3") {
		t.Errorf("New = %v", err)
	}
	if got := changes(f); len(got) > 0 {
		t.Errorf("New told the database %q", got)
	}
}
