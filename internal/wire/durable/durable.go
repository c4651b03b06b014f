// Package durable writes files that are there as a whole, before or after, on
// the disk. Packages roster/filestore and probe/responder use it.
package durable

import (
	"os"
	"path/filepath"
)

// Write replaces the file at path, which only its owner may read. A process that
// is killed leaves the old file or the new one, and perhaps one whose name ends
// in .new, which the next call uses. Two calls for one file must not be under
// way at once.
func Write(path string, data []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}
