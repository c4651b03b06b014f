package filestore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/durable"
	"example.org/lastpresence/roster"
)

// longestName is that of a file, in bytes, without what is behind it.
const longestName = 200

// Store is a [roster.Store] in a folder. Make one with New. It is safe for
// concurrent use, also by several processes.
type Store struct {
	dir string
}

// New returns a Store in the folder dir, which it makes where there is none.
// Only its owner may read what it makes.
func New(dir string) (*Store, error) {
	if dir == "" {
		return nil, errors.New("filestore: the folder's name is empty")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	return &Store{dir: dir}, nil
}

// DamagedError says that a file could not be read, and was set aside. What it
// had is lost to the Store, which goes on without.
type DamagedError struct {
	Path  string // the file
	Aside string // where it is now
	Err   error  // what is wrong with it
}

// Error implements error.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("filestore: %s is damaged and was set aside as %s: %v", e.Path, filepath.Base(e.Aside), e.Err)
}

// Unwrap returns Err.
func (e *DamagedError) Unwrap() error { return e.Err }

// Is tells that it is a [roster.ErrLost].
func (e *DamagedError) Is(target error) bool { return target == roster.ErrLost }

// Load implements [roster.Store]. It returns a [*DamagedError] once for each
// file that cannot be read; the next call finds nothing.
func (s *Store) Load(ctx context.Context, account jid.JID) (saved roster.Saved, err error) {
	err = s.locked(ctx, account, func(path string) error {
		return read(path, func(data []byte) (err error) {
			saved, err = decode(account, data)
			return err
		})
	})
	return saved, err
}

// Save implements [roster.Store]. It returns a [*DamagedError], and has written
// nothing, where the file cannot be read; the next call writes a new one.
func (s *Store) Save(ctx context.Context, account jid.JID, changes roster.Saved) error {
	return s.locked(ctx, account, func(path string) error {
		content := encode(account, roster.Saved{}.Merge(changes))
		err := read(path, func(data []byte) (err error) {
			content, err = merge(account, data, changes)
			return err
		})
		if err != nil {
			return err
		}
		if err := durable.Write(path, content); err != nil {
			return fmt.Errorf("filestore: %w", err)
		}
		return nil
	})
}

// Remove implements [roster.Store]. Files that were set aside stay.
func (s *Store) Remove(ctx context.Context, account jid.JID) error {
	return s.locked(ctx, account, func(path string) error {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("filestore: %w", err)
		}
		return durable.SyncDir(s.dir)
	})
}

// locked runs f while no other process, nor any other call, has the account.
func (s *Store) locked(ctx context.Context, account jid.JID, f func(path string) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("filestore: %w", err)
	}
	path := filepath.Join(s.dir, fileName(account)+".roster")
	unlock, err := lock(ctx, path+".lock")
	if err != nil {
		return fmt.Errorf("filestore: lock %s: %w", path, err)
	}
	defer unlock()
	return f(path)
}

// fileName makes a name of an address that every file system takes.
func fileName(account jid.JID) string {
	address := account.Bare().String()
	var b strings.Builder
	for _, c := range []byte(address) {
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("@._-", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	if b.Len() > longestName {
		sum := sha256.Sum256([]byte(address))
		return hex.EncodeToString(sum[:])
	}
	return b.String()
}

// read has f read a file, unless there is none. It sets aside what f cannot
// read.
func read(path string, f func(data []byte) error) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("filestore: %w", err)
	}
	err = f(data)
	if err == nil || errors.Is(err, errNewer) {
		return err
	}
	aside := path + ".damaged-" + time.Now().UTC().Format("20060102T150405.000000000")
	if moved := os.Rename(path, aside); moved != nil {
		return fmt.Errorf("filestore: %s is damaged: %w, and cannot be set aside: %w", path, err, moved)
	}
	return &DamagedError{Path: path, Aside: aside, Err: err}
}
