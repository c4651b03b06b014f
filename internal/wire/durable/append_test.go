package durable_test

import (
	"os"
	"path/filepath"
	"testing"

	"example.org/lastpresence/internal/wire/durable"
)

func TestAppendTruncatesToTheSize(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for name, tc := range map[string]struct {
		size int64
		want string
		fail bool
	}{
		"at the end":         {12, "one\ntwo\nthr\nnew\n", false},
		"before the end":     {4, "one\nnew\n", false},
		"at the beginning":   {0, "new\n", false},
		"behind what is not": {13, "one\ntwo\nthr\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte("one\ntwo\nthr\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := durable.Append(path, tc.size, []byte("new\n")); (err != nil) != tc.fail {
				t.Errorf("Append = %v", err)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != tc.want {
				t.Errorf("%q, %v, want %q", got, err, tc.want)
			}
		})
	}
	if err := durable.Append(filepath.Join(t.TempDir(), "none"), 0, nil); err == nil {
		t.Error("Append made a file")
	}
}
