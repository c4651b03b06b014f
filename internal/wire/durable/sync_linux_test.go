package durable_test

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"example.org/lastpresence/internal/wire/durable"
)

// Linux refuses to sync these, so who reports success did not try.
func TestAFailedSyncIsReported(t *testing.T) {
	for _, dir := range []string{"/proc", filepath.Join(t.TempDir(), "none")} {
		if err := durable.SyncDir(dir); err == nil {
			t.Errorf("SyncDir of %s succeeded", dir)
		}
	}
	if err := durable.Append(os.DevNull, 0, []byte("data")); err == nil {
		t.Error("Append succeeded")
	}
	if err := durable.Append("/dev/full", 0, []byte("data")); err == nil {
		t.Error("Append to a full disk succeeded")
	}
}

func TestNoFileStaysOpen(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which closes files, too
	open := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	path := filepath.Join(t.TempDir(), "file")
	before := open()
	if err := durable.Write(path, nil); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int64{0, 9} {
		if err := durable.Append(path, size, nil); (err != nil) != (size > 0) {
			t.Error(err)
		}
	}
	if n := open(); n != before {
		t.Errorf("%d files are open, %d were", n, before)
	}
}
