package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// No file system has hard links to folders, so one stands for a file on a file
// system without them.
func TestWithoutHardLinksAFileIsRenamed(t *testing.T) {
	dir := t.TempDir()
	from, to, there := filepath.Join(dir, "from"), filepath.Join(dir, "to"), filepath.Join(dir, "there")
	for _, path := range []string{from, there} {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := link(from, there); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over what is there: %v", err)
	}
	if err := link(from, to); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(to); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(from); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still where it was: %v", err)
	}
}
