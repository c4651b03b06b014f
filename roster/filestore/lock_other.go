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

// lock waits until it can make a file. One that is older than any reading and
// writing lasts is of a process that was killed.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	for {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			return func() { _ = os.Remove(path) }, f.Close()
		}
		info, gone := os.Stat(path)
		if !errors.Is(err, fs.ErrExist) && gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			return nil, err
		}
		if gone == nil && time.Since(info.ModTime()) > stale {
			_ = os.Remove(path)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(patience):
		}
	}
}
