//go:build aix || darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package filestore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// patience is how long to wait before trying again.
const patience = 5 * time.Millisecond

// oldLock ends the name of the lock files of earlier versions.
const oldLock = "lock"

// lock waits for the lock on the file at path, which ends with the process at
// the latest. A writer gives the name to another file, so the lock counts only
// if the name still belongs to the file that was locked. A file that does not
// exist cannot be locked: exists is then false.
func lock(ctx context.Context, path string) (exists bool, unlock func(), err error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			return false, func() {}, nil
		}
		if err != nil {
			return false, nil, err
		}
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil && named(f, path) {
			return true, func() { _ = f.Close() }, nil
		}
		_ = f.Close()
		switch {
		case err == nil, errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil, err
		}
		select {
		case <-ctx.Done():
			return false, nil, ctx.Err()
		case <-time.After(patience):
		}
	}
}

// named reports whether path is the name of f.
func named(f *os.File, path string) bool {
	locked, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(locked, there)
}

// readFile reads a file, which needs no lock: nobody changes one.
func readFile(ctx context.Context, path string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
