// Package durable writes files that are there as a whole, before or after, on
// the disk. Packages roster/filestore and probe/responder use it.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Write replaces the file at path, which only its owner may read. A process that
// is killed leaves the old file or the new one, and perhaps a temporary file
// beside it, see [Temporary]. An error leaves none.
func Write(path string, data []byte) error {
	return write(path, data, os.Rename)
}

// Create is Write for a file that does not exist yet. Where it does, the error
// is [fs.ErrExist], and the file stays as it is.
func Create(path string, data []byte) error {
	return write(path, data, link)
}

// suffix ends the names of temporary files.
const suffix = ".new"

// Temporary returns the name of the file for which a file of the given name is
// a temporary one, and whether it is a temporary one at all.
func Temporary(name string) (file string, ok bool) {
	file, ok = strings.CutSuffix(name, suffix)
	// Between the two there is a number, except in what older versions wrote.
	if end := strings.LastIndexByte(file, '.'); ok && end >= 0 && strings.Trim(file[end+1:], "0123456789") == "" {
		file = file[:end]
	}
	return file, ok
}

// write gives data to a file that nobody else knows, and has name give it the
// name that it is to have.
func write(path string, data []byte, name func(from, to string) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+suffix)
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
	if err == nil {
		err = name(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// link renames a file unless that replaced another. Some file systems have no
// hard links; there it looks first.
func link(from, to string) error {
	err := os.Link(from, to)
	switch {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, fs.ErrExist):
		return err
	}
	if _, err := os.Lstat(to); err == nil {
		return &fs.PathError{Op: "create", Path: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}
