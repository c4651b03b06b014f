package filestore_test

import (
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"example.org/lastpresence/internal/testbed/alone"
	"example.org/lastpresence/internal/testbed/storetest"
	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/filestore"
)

// asNobody runs f as a user whom folders can refuse, which root is not.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocks it: the thread ends with f
		if os.Geteuid() == 0 {
			if _, _, err := syscall.RawSyscall(syscall.SYS_SETFSUID, 65534, 0, 0); err != 0 {
				t.Error(err)
				return
			}
		}
		f()
	}()
	<-done
}

func TestAFolderThatCannotBeWrittenIsRead(t *testing.T) {
	_, file, _ := saved(t)
	dir := filepath.Dir(file)
	for name, mode := range map[string]os.FileMode{filepath.Dir(dir): 0o755, dir: 0o555, file: 0o444} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	defer os.Chmod(dir, 0o755)
	asNobody(t, func() {
		s, err := filestore.New(dir)
		if err != nil {
			t.Error(err)
			return
		}
		if got, err := s.Load(t.Context(), storetest.Account); err != nil || len(got.Records) != 1 {
			t.Errorf("Load = %+v, %v", got, err)
		}
		if err := s.Save(t.Context(), storetest.Account, roster.Saved{Version: "v2", Synced: at(10)}); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("Save = %v, want that it is not permitted", err)
		}
	})
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("the folder has %q", got)
	}
	if err := os.WriteFile(file, []byte("damaged"), 0o444); err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() {
		s, err := filestore.New(dir)
		if err != nil {
			t.Error(err)
			return
		}
		for range 2 {
			if _, err := s.Load(t.Context(), storetest.Account); err == nil || errors.As(err, new(*filestore.DamagedError)) ||
				!strings.Contains(err.Error(), " is damaged: ") || !strings.Contains(err.Error(), ", and was not set aside: ") {
				t.Errorf("Load of a damaged file that cannot be set aside = %v", err)
			}
		}
	})
}

// TestAFullDiskKeepsTheOldFile has the system refuse long files.
func TestAFullDiskKeepsTheOldFile(t *testing.T) {
	if !alone.Run(t) {
		return
	}
	s, file, content := saved(t)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(len(content)), Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	more := romeo
	more.Seen.At, more.Seen.Status = at(30), string(make([]byte, 100))
	err := s.Save(t.Context(), storetest.Account, roster.Saved{Records: []roster.Record{more}})
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, syscall.EFBIG) {
		t.Errorf("Save = %v, want the system's error", err)
	}
	if now, err := os.ReadFile(file); err != nil || string(now) != string(content) {
		t.Errorf("the file has changed: %v", err)
	}
	if got := names(t, filepath.Dir(file)); len(got) != 1 {
		t.Errorf("the folder has %q", got)
	}
}
