package filestore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"
	"time"
)

// openFiles counts the descriptors of the process.
func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestWaitingForALockKeepsNoFileOpen(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which closes files, too
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	before := openFiles(t)
	exists, unlock, err := lock(t.Context(), path)
	if err != nil || !exists {
		t.Fatal(exists, err)
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 10*patience)
	defer cancel()
	if _, _, err := lock(ctx, path); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) < 10*patience {
		t.Errorf("the second lock: %v after %v", err, time.Since(began))
	}
	unlock()
	if n := openFiles(t); n != before {
		t.Errorf("%d files are open, %d were", n, before)
	}
}

func TestNewMakesAFolderForItsOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	if _, err := New(dir); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if info, err := os.Stat(d); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", d, info.Mode(), err)
		}
	}
}
