package filestore

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
)

// TestALockBelongsToTheFileThatHasTheNameNow has many count in a file that each of
// them replaces.
func TestALockBelongsToTheFileThatHasTheNameNow(t *testing.T) {
	const counters, each = 8, 500
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("0"), 0o600); err != nil {
		t.Fatal(err)
	}
	count := func(temporary string) error {
		exists, unlock, err := lock(t.Context(), path)
		if err != nil || !exists {
			return fmt.Errorf("lock: %v, %w", exists, err)
		}
		defer unlock()
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(data))
		if err != nil {
			return err
		}
		if err := os.WriteFile(temporary, []byte(strconv.Itoa(n+1)), 0o600); err != nil {
			return err
		}
		return os.Rename(temporary, path)
	}
	var wg sync.WaitGroup
	for i := range counters {
		wg.Go(func() {
			for range each {
				if err := count(fmt.Sprint(path, i)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if data, err := os.ReadFile(path); err != nil || string(data) != strconv.Itoa(counters*each) {
		t.Errorf("counted %s, %v, want %d", data, err, counters*each)
	}
}
