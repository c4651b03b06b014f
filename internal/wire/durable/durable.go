// Package durable replaces files as a whole: after a crash the disk has the old
// file or the new one. Packages roster/filestore and probe/responder use it.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Write replaces the file at path with one that only its owner may read. A
// process that is killed leaves the old file or the new one, and possibly a
// temporary file beside it (see [Temporary]). After an error there is no
// temporary file.
func Write(path string, data []byte) error {
	return write(path, data, os.Rename)
}

// Create is Write for a file that does not exist yet. If it exists, Create
// leaves it alone and returns [fs.ErrExist].
func Create(path string, data []byte) error {
	return write(path, data, link)
}

// suffix ends the names of temporary files.
const suffix = ".new"

// Temporary reports whether name is that of a temporary file, and returns the
// name of the file that it was to replace.
func Temporary(name string) (file string, ok bool) {
	file, ok = strings.CutSuffix(name, suffix)
	// Between the two there is a number, except in what older versions wrote.
	if end := strings.LastIndexByte(file, '.'); ok && end >= 0 && strings.Trim(file[end+1:], "0123456789") == "" {
		file = file[:end]
	}
	return file, ok
}

// write writes data to a temporary file, and then calls name to give it its
// final name.
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

// link renames a file unless that would replace another one. On file systems
// without hard links it checks first.
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
