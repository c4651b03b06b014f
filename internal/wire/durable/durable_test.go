package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"example.org/lastpresence/internal/wire/durable"
)

// only fails the test unless the folder has one file, which holds want.
func only(t *testing.T, path, want string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want || len(entries) != 1 {
		t.Errorf("the folder has %v, the file %q, %v; want only %q", entries, got, err, want)
	}
}

func TestWriteReplacesTheWholeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, content := range []string{"one", "", "three"} {
		if err := durable.Write(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		only(t, path, content)
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("the mode is %v, %v", info.Mode(), err)
		}
	}
}

func TestConcurrentWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if err := durable.Write(path, []byte("content")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	only(t, path, "content")
}

func TestOneOfManyCallersCreatesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	var wg sync.WaitGroup
	var created atomic.Int32
	for range 8 {
		wg.Go(func() {
			switch err := durable.Create(path, []byte("content")); {
			case err == nil:
				created.Add(1)
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := created.Load(); n != 1 {
		t.Errorf("%d created the file, want 1", n)
	}
	only(t, path, "content")
}

func TestTemporaryNames(t *testing.T) {
	for name, want := range map[string]string{
		"a.roster.123.new": "a.roster",
		"a.roster.new":     "a.roster",
		"a.roster.x1.new":  "a.roster.x1",
		"a.roster.1x.new":  "a.roster.1x",
		"a..new":           "a",
		"a.new":            "a",
		"a.roster":         "",
		"new":              "",
		"a.roster.123":     "",
	} {
		if got, ok := durable.Temporary(name); ok != (want != "") || ok && got != want {
			t.Errorf("Temporary(%q) = %q, %v, want %q", name, got, ok, want)
		}
	}
}

func TestAMissingFolderIsAnError(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for name, err := range map[string]error{
		"Write":  durable.Write(filepath.Join(none, "file"), nil),
		"Create": durable.Create(filepath.Join(none, "file"), nil),
		"Append": durable.Append(filepath.Join(none, "file"), 0, nil),
	} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s = %v", name, err)
		}
	}
	if file, ok := durable.Temporary(".5.new"); file != "" || !ok {
		t.Errorf("Temporary = %q, %v", file, ok)
	}
}
