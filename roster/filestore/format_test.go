package filestore

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"

	"example.org/lastpresence/internal/testbed/mutate"
	"example.org/lastpresence/internal/testbed/storetest"
	"example.org/lastpresence/roster"
)

// FuzzDecode reads any file, also one whose foot fits it: it is damaged, or it
// reads as it was written, with nothing merged into it as well.
func FuzzDecode(f *testing.F) {
	golden, err := os.ReadFile("testdata/version2.roster")
	if err != nil {
		f.Fatal(err)
	}
	old, err := os.ReadFile("testdata/version1-facts.roster")
	if err != nil {
		f.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(golden), "\n")
	contact, _, _ := strings.Cut(rest, "\n")
	oldLines, _, _ := strings.Cut(string(old), `{"sha256"`)
	mutate.Strings(f, []string{string(golden), head + "\n", head + "\n" + contact + "\n", oldLines}, func(t testing.TB, text string) {
		again(t, []byte(text))
		again(t, fmt.Appendf(nil, "%s{\"sha256\":\"%x\"}\n", text, sha256.Sum256([]byte(text))))
	})
}

func again(t testing.TB, data []byte) {
	t.Helper()
	saved, err := decode(storetest.Account, data)
	if err != nil {
		return
	}
	written := encode(storetest.Account, saved)
	if got, err := decode(storetest.Account, written); err != nil || !storetest.Equal(got, saved) {
		t.Errorf("%q:\nread %+v\nread again %+v, %v", data, saved, got, err)
	}
	merged, err := merge(storetest.Account, written, roster.Saved{})
	if err != nil || !bytes.Equal(merged, written) {
		t.Errorf("%q:\nwritten %q\nmerged  %q, %v", data, written, merged, err)
	}
}
