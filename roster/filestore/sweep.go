package filestore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"example.org/lastpresence/internal/wire/durable"
)

// The names of files: of an account, and of what was set aside.
const (
	extension = ".roster"
	asideMark = ".damaged-"
	asideTime = "20060102T150405.000000000"
)

// abandoned is the age after which a temporary file belongs to no running
// process.
const abandoned = time.Hour

// sweep deletes the files beside the one at path that belong to it: those set
// aside, temporary files, and the lock file of earlier versions.
func sweep(path string) error {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !beside(e.Name(), filepath.Base(path)) {
			continue
		}
		err := os.Remove(filepath.Join(filepath.Dir(path), e.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// beside reports whether the file called name belongs to the other file, whose
// name may also be the beginning of other accounts' names.
func beside(name, other string) bool {
	if file, ok := durable.Temporary(name); ok {
		return file == other
	}
	rest, ok := strings.CutPrefix(name, other)
	if !ok {
		return false
	}
	at, aside := strings.CutPrefix(rest, asideMark)
	return rest == "."+oldLock || aside && strings.Trim(at, "0123456789T.") == ""
}

// sweepOld deletes abandoned temporary files. What it cannot delete stays.
func sweepOld(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		file, ok := durable.Temporary(e.Name())
		if !ok || !strings.HasSuffix(file, extension) {
			continue
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > abandoned {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}
