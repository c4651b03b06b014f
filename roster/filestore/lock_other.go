//go:build !(aix || darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package filestore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

const (
	patience = 5 * time.Millisecond // before trying again
	stale    = time.Minute          // the lock of a process that was killed
)

// oldLock ends no name here: lock files are in use.
const oldLock = "/"

// lock waits until it can make a file beside the one at path. One that is older
// than any reading and writing lasts is of a process that was killed.
func lock(ctx context.Context, path string) (exists bool, unlock func(), err error) {
	path, name := path+".lock", path
	for {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			_, missing := os.Stat(name)
			return missing == nil, func() { _ = os.Remove(path) }, f.Close()
		}
		info, gone := os.Stat(path)
		if !errors.Is(err, fs.ErrExist) && gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			return false, nil, err
		}
		if gone == nil && time.Since(info.ModTime()) > stale {
			_ = os.Remove(path)
		}
		select {
		case <-ctx.Done():
			return false, nil, ctx.Err()
		case <-time.After(patience):
		}
	}
}

// readFile reads a file under its lock, because some systems do not replace a
// file while it is being read. Where the lock cannot be made nobody can write.
func readFile(ctx context.Context, path string) ([]byte, error) {
	_, unlock, err := lock(ctx, path)
	switch {
	case err == nil:
		defer unlock()
	case !errors.Is(err, fs.ErrPermission):
		return nil, err
	}
	return os.ReadFile(path)
}
