package integration_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../../.."

var documents = []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "docs/PROMISES.md", "docs/SPEED.md"}

func document(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var (
	declared = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark|Example)\w*)\(`)
	cited    = regexp.MustCompile("`((?:Test|Fuzz|Benchmark|Example)\\w*)`")
	link     = regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)
	goBlock  = regexp.MustCompile("(?s)```go\n(.*?)```")
	assigned = regexp.MustCompile(`(?m)^([\w, ]+) :=`)
)

// Every test that a document names is there, and so is every file.
func TestDocumentsNameWhatThereIs(t *testing.T) {
	tests := make(map[string]bool)
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		for _, m := range declared.FindAllStringSubmatch(string(b), -1) {
			tests[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range documents {
		text := document(t, name)
		for _, m := range cited.FindAllStringSubmatch(text, -1) {
			if !tests[m[1]] {
				t.Errorf("%s names %s, which is not there", name, m[1])
			}
		}
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(name), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", name, m[1], err)
			}
		}
	}
}

// Every block of Go in a document compiles: programs as they are, other blocks
// with the variables that a reader has at that point.
func TestBlocksOfGoCompile(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp(".", "blocks")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	n := 0
	for _, name := range documents {
		for _, m := range goBlock.FindAllStringSubmatch(document(t, name), -1) {
			n++
			part := filepath.Join(dir, fmt.Sprintf("block%d", n))
			if err := os.Mkdir(part, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(part, "block.go"), []byte(fileOf(m[1])), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n < 6 {
		t.Errorf("%d blocks were found", n)
	}
	if out, err := exec.Command("go", "vet", "-copylocks", "./"+dir+"/...").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// fileOf returns the file of Go that a block stands for.
func fileOf(block string) string {
	switch {
	case strings.HasPrefix(block, "package "):
		return block
	case strings.HasPrefix(block, "import ("):
		return "package blocks\n\n" + block + "\nvar (\n\t_ melliumroster.Item\n\t_ roster.Contact\n)\n"
	}
	return fmt.Sprintf(blockFile, block, use(block))
}

// use returns statements that use what a block declares.
func use(block string) string {
	var b strings.Builder
	for _, m := range assigned.FindAllStringSubmatch(block, -1) {
		if strings.HasPrefix(m[1], "for ") {
			continue
		}
		for name := range strings.SplitSeq(m[1], ",") {
			fmt.Fprintf(&b, "\t_ = %s\n", strings.TrimSpace(name))
		}
	}
	return b.String()
}

const blockFile = `package blocks

import (
	"context"
	"fmt"
	"log"
	"slices"
	"time"

	"golang.org/x/text/language"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/probe"
	"example.org/lastpresence/probe/responder"
	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/ago"
	"example.org/lastpresence/roster/filestore"
)

var (
	_ = fmt.Println
	_ = log.Print
	_ = slices.Sort[[]int]
	_ language.Tag
	_ stanza.Presence
	_ ago.Language
	_ time.Time
	_ probe.Answer
	_ responder.Buddy
	_ filestore.Store
	_ jid.JID
)

func block(ctx context.Context, session *xmpp.Session, contacts *roster.Cache, mux xmpp.Handler, account, romeo jid.JID) {
	{
%s%s
	}
}
`
