package durable_test

import (
	"os"
	"testing"

	"example.org/lastpresence/internal/wire/durable"
)

// Linux refuses to sync these, so who reports success did not try.
func TestWhatCannotBeSyncedIsReported(t *testing.T) {
	if err := durable.SyncDir("/proc"); err == nil {
		t.Error("SyncDir succeeded")
	}
	if err := durable.Append(os.DevNull, 0, []byte("data")); err == nil {
		t.Error("Append succeeded")
	}
	if err := durable.Append("/dev/full", 0, []byte("data")); err == nil {
		t.Error("Append to a full disk succeeded")
	}
}
