package durable_test

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"example.org/lastpresence/internal/testbed/alone"
	"example.org/lastpresence/internal/wire/durable"
)

// TestAFullDiskLeavesNothingBehind has the system refuse what is longer than
// 1,000 bytes, as it refuses to write to a full disk: after the beginning.
func TestAFullDiskLeavesNothingBehind(t *testing.T) {
	if !alone.Run(t) {
		return
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := durable.Write(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1000, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Error(err)
		}
	}()
	long := []byte(strings.Repeat("x", 2000))
	if err := durable.Write(path, long); err == nil {
		t.Error("Write beyond the limit succeeded")
	}
	if err := durable.Create(path+"2", long); err == nil {
		t.Error("Create beyond the limit succeeded")
	}
	if _, err := os.Stat(path + "2"); err == nil {
		t.Error("a file that could not be written is there")
	}
	only(t, path, "old")
}
