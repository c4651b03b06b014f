package filestore

import (
	"os"
	"path/filepath"
	"testing"

	"mellium.im/xmpp/jid"
)

// What is written leaves out what is empty, and so does what is read.
func TestEmptyListsAreNone(t *testing.T) {
	l := &lines{line: []byte(`{"jid":"romeo@montague.lit","groups":[],"words":[]}` + "\n"), address: "romeo@montague.lit", version: 2}
	if r := l.record(); l.err != nil || r.Groups != nil || r.Words != nil {
		t.Errorf("%+v, %v", r, l.err)
	}
}

func TestRemoveReportsWhatItCannotDelete(t *testing.T) {
	dir := t.TempDir()
	s, err := New(dir)
	if err != nil {
		t.Fatal(err)
	}
	// A folder that is not empty cannot be deleted as a file.
	if err := os.MkdirAll(filepath.Join(dir, "juliet@capulet.lit.roster.1234567.new", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(t.Context(), jid.MustParse("juliet@capulet.lit")); err == nil {
		t.Error("there is no error")
	}
}
