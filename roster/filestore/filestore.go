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

// longestName is the longest name of a file, in bytes, without its ending.
const longestName = 200

// Store is a [roster.Store] in a folder. Make one with [New]. Any number of
// goroutines and processes may use it at once.
type Store struct {
	dir string
}

// New returns a Store in the folder dir, and creates the folder if it does not
// exist. Only the owner may read what it creates. New deletes temporary files
// that killed processes left behind at least an hour ago.
func New(dir string) (*Store, error) {
	if dir == "" {
		return nil, errors.New("filestore: the folder's name is empty")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	sweepOld(dir)
	return &Store{dir: dir}, nil
}

// DamagedError means that a file could not be read and was set aside. The Store
// goes on without its content.
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

// Is reports whether target is [roster.ErrLost].
func (e *DamagedError) Is(target error) bool { return target == roster.ErrLost }

// Load implements [roster.Store]. It returns a [*DamagedError] once for each
// file that cannot be read; the next call finds no file. It also works in a
// folder that cannot be written to.
func (s *Store) Load(ctx context.Context, account jid.JID) (saved roster.Saved, err error) {
	path := s.path(account)
	parse := func(data []byte) (err error) {
		saved, err = decode(account, data)
		return err
	}
	data, err := readFile(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return roster.Saved{}, nil
	}
	if err == nil {
		if err = parse(data); err == nil {
			return saved, nil
		}
	}
	if data == nil || errors.Is(err, errNewer) {
		return roster.Saved{}, fmt.Errorf("filestore: %w", err)
	}
	// Only the holder of the lock may set the file aside.
	damage := err
	err = s.locked(ctx, account, func(path string, exists bool) error {
		if !exists {
			return nil
		}
		return read(path, parse)
	})
	var damaged *DamagedError
	if err != nil && !errors.As(err, &damaged) {
		err = fmt.Errorf("filestore: %s is damaged: %w, and was not set aside: %w", path, damage, err)
	}
	return saved, err
}

// Save implements [roster.Store]. If the file cannot be read, Save writes
// nothing and returns a [*DamagedError]; the next call writes a new file.
func (s *Store) Save(ctx context.Context, account jid.JID, changes roster.Saved) error {
	return s.locked(ctx, account, func(path string, exists bool) (err error) {
		if !exists {
			return durable.Create(path, encode(account, roster.Saved{}.Merge(changes)))
		}
		var content []byte
		err = read(path, func(data []byte) (err error) {
			content, err = merge(account, data, changes)
			return err
		})
		if err != nil {
			return err
		}
		return durable.Write(path, content)
	})
}

// Edit implements [roster.Editor]. No earlier state of the account remains in
// another file: files that were set aside, or left by a killed process, are
// deleted.
func (s *Store) Edit(ctx context.Context, account jid.JID, edit func(roster.Record) (roster.Record, bool)) error {
	return s.locked(ctx, account, func(path string, exists bool) error {
		if exists {
			var saved roster.Saved
			err := read(path, func(data []byte) (err error) {
				saved, err = decode(account, data)
				return err
			})
			if err != nil {
				return err
			}
			kept := saved.Records[:0]
			for _, r := range saved.Records {
				if r, keep := edit(r); keep {
					kept = append(kept, r)
				}
			}
			saved.Records = kept
			if err := durable.Write(path, encode(account, saved)); err != nil {
				return err
			}
		}
		return sweep(path)
	})
}

// Remove implements [roster.Store]. It deletes every file of the account,
// including those that were set aside.
func (s *Store) Remove(ctx context.Context, account jid.JID) error {
	return s.locked(ctx, account, func(path string, exists bool) error {
		if exists {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if err := sweep(path); err != nil {
			return err
		}
		return durable.SyncDir(s.dir)
	})
}

// attempts is how often to start over if the file comes or goes meanwhile.
const attempts = 100

// locked runs f while no other process, and no other call, changes the file of
// the account. If the file does not exist, others may create it meanwhile; f
// then fails and runs again.
func (s *Store) locked(ctx context.Context, account jid.JID, f func(path string, exists bool) error) error {
	path := s.path(account)
	for attempt := 1; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("filestore: %w", err)
		}
		exists, unlock, err := lock(ctx, path)
		if err != nil {
			return fmt.Errorf("filestore: lock %s: %w", path, err)
		}
		err = f(path, exists)
		unlock()
		var damaged *DamagedError
		switch again := errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist); {
		case err == nil, errors.As(err, &damaged):
			return err
		case !again || attempt == attempts:
			return fmt.Errorf("filestore: %w", err)
		}
	}
}

// path returns the name of an account's file.
func (s *Store) path(account jid.JID) string {
	return filepath.Join(s.dir, fileName(account)+extension)
}

// fileName turns an address into a name that every file system accepts.
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

// read lets f read a file, and sets the file aside if f cannot read it.
func read(path string, f func(data []byte) error) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	err = f(data)
	if err == nil || errors.Is(err, errNewer) {
		return err
	}
	aside := path + asideMark + time.Now().UTC().Format(asideTime)
	if moved := os.Rename(path, aside); moved != nil {
		return fmt.Errorf("%s is damaged: %w, and was not set aside: %w", path, err, moved)
	}
	return &DamagedError{Path: path, Aside: aside, Err: err}
}
