package testbed_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	module = "example.org/lastpresence"
	root   = "../.."
)

// A floor is a part of the house and what it may import of ours. The first
// floor that a package's path begins with is its own, so the more special ones
// come first.
type floor struct {
	path string
	may  []string // path prefixes, besides the floor's own packages
}

var house = []floor{
	{"internal/wire", nil},
	{"delay", []string{"internal/wire"}},
	{"probe/responder", []string{"probe", "delay", "internal/wire"}},
	{"probe", []string{"delay", "internal/wire"}},
	{"roster/ago", nil},
	{"roster/filestore", []string{"roster", "internal/wire"}},
	{"roster/sqlstore", []string{"roster", "internal/wire"}},
	{"roster/internal", []string{"probe", "delay", "internal/wire"}},
	{"roster", []string{"roster/internal", "probe", "delay", "internal/wire"}},
	{"internal/testbed", []string{"roster", "probe", "delay", "internal/wire"}},
	{"", []string{"roster", "probe", "delay"}},
}

func below(path, prefix string) bool {
	return path == prefix || prefix == "" || strings.HasPrefix(path, prefix+"/")
}

func floorOf(path string) floor {
	return house[slices.IndexFunc(house, func(f floor) bool { return below(path, f.path) })]
}

// allowed reports whether the package at path may import another one of ours.
func allowed(path, imported string) bool {
	own, other := floorOf(path), floorOf(imported)
	return own.path == other.path || slices.Contains(own.may, other.path)
}

func TestImportsRunDownwardOnly(t *testing.T) {
	out, err := exec.Command("go", "list", "-C", root, "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		seen++
		path := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		for _, imported := range p.Imports {
			other, ours := strings.CutPrefix(imported, module)
			if ours && !allowed(path, strings.TrimPrefix(other, "/")) {
				t.Errorf("%q imports %q, which its floor may not", path, strings.TrimPrefix(other, "/"))
			}
		}
	}
	if seen < 20 {
		t.Errorf("go list found %d packages", seen)
	}
}

// Package leak finds what is left behind only in packages whose tests ask it to.
func TestEveryPackageLooksForGoroutines(t *testing.T) {
	looks := make(map[string]bool)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != root {
				return filepath.SkipDir // a module of its own
			}
			return nil
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		code, err := os.ReadFile(path)
		dir := filepath.Dir(path)
		looks[dir] = looks[dir] || strings.Contains(string(code), "leak.Main(m)") && filepath.Base(path) == "main_test.go"
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, does := range looks {
		if !does && filepath.Base(dir) != "leak" {
			t.Errorf("the tests of %s look for no goroutines", dir)
		}
	}
	if len(looks) < 20 {
		t.Errorf("%d folders have tests", len(looks))
	}
}

func TestTheRuleForbidsArrowsThatRunUp(t *testing.T) {
	for _, tc := range []struct {
		path, imported string
		want           bool
	}{
		{"roster", "probe", true},
		{"probe", "roster", false},
		{"delay", "probe", false},
		{"delay/melliumdelay", "delay", true},
		{"probe", "probe/responder", false},
		{"internal/wire/request", "delay", false},
		{"roster", "roster/filestore", false},
		{"roster", "internal/testbed/server", false},
		{"internal/testbed/server", "delay", true},
		{"internal/testbed/server", "roster/filestore", false},
		{"roster/ago", "roster", false},
	} {
		if got := allowed(tc.path, tc.imported); got != tc.want {
			t.Errorf("may %q import %q: %v, want %v", tc.path, tc.imported, got, tc.want)
		}
	}
}

// treeLine is a line of the tree in ARCHITECTURE.md: a folder, indented by two
// spaces for each folder above it, and what it is.
var treeLine = regexp.MustCompile(`^((?:  )*)([a-z]+/)(?: {2,}|$)`)

func TestArchitectureShowsTheFoldersThatExist(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, tree, _ := strings.Cut(string(text), "```\n")
	tree, _, _ = strings.Cut(tree, "```")
	var drawn, above []string
	for line := range strings.Lines(tree) {
		m := treeLine.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			t.Fatalf("a line of the tree is no folder: %q", line)
		}
		above = append(above[:len(m[1])/2], strings.TrimSuffix(m[2], "/"))
		drawn = append(drawn, strings.Join(above, "/"))
	}
	var there []string
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		switch name := d.Name(); {
		case rel == ".":
			return nil
		case strings.HasPrefix(name, ".") || name == "testdata":
			return filepath.SkipDir
		case holdsFiles(path):
			there = append(there, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range drawn {
		if _, err := os.Stat(filepath.Join(root, d)); err != nil {
			t.Errorf("the tree shows %s, which is not there", d)
		}
	}
	for _, d := range there {
		if !slices.Contains(drawn, d) {
			t.Errorf("the tree does not show %s", d)
		}
	}
}

func holdsFiles(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !e.IsDir() })
}

// testName is how a document names a test.
var testName = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`")

func TestTheTestsThatShowPromisesExist(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "PROMISES.md"))
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	err = filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		code, err := os.ReadFile(path)
		tests.Write(code)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := testName.FindAllStringSubmatch(string(text), -1)
	for _, m := range named {
		if !strings.Contains(tests.String(), "func "+m[1]+"(") {
			t.Errorf("there is no %s", m[1])
		}
	}
	if len(named) < 50 {
		t.Errorf("only %d tests are named", len(named))
	}
}
