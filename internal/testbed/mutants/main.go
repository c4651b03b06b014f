// Mutants tries tests: it makes small changes to a package, one at a time, and
// counts how many of them its tests notice. A change that they do not notice
// lived, and shows what no test asserts.
//
//	go run ./internal/testbed/mutants -n 150 ./delay ./probe
//
// Changes are drawn by a seed. Those that do not compile do not count. Changes
// that mean nothing are listed with the reason in equivalent.txt.
package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed equivalent.txt
var equivalents string

func main() {
	n := flag.Int("n", 150, "how many mutants of each package to try; 0 tries all")
	seed := flag.Uint64("seed", 1, "draws the mutants")
	least := flag.Float64("least", 0, "fail where fewer than so many percent are noticed")
	flag.Parse()
	failed := false
	for _, pkg := range flag.Args() {
		score, err := try(pkg, *n, *seed)
		if err != nil {
			fmt.Fprintln(os.Stderr, "mutants:", err)
			os.Exit(1)
		}
		failed = failed || score < *least
	}
	if failed {
		os.Exit(1)
	}
}

// try tries a package, and returns how many percent were noticed.
func try(pkg string, n int, seed uint64) (score float64, err error) {
	dir, err := list(pkg)
	if err != nil {
		return 0, err
	}
	all, err := mutants(dir)
	if err != nil {
		return 0, err
	}
	r := rand.New(rand.NewPCG(seed, 318))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	tried, noticed, equal := 0, 0, 0
	for _, m := range all {
		if n > 0 && tried == n {
			break
		}
		if equivalent(m) {
			equal++
			continue
		}
		switch lived, compiled, err := lives(pkg, m); {
		case err != nil:
			return 0, err
		case !compiled:
			continue
		case lived:
			fmt.Printf("lived: %s:%d: %s: %s\n", shortened(m.file), m.line, m.what, sourceLine(m))
		default:
			noticed++
		}
		tried++
	}
	if tried == 0 {
		return 0, fmt.Errorf("%s: there is nothing to change", pkg)
	}
	score = 100 * float64(noticed) / float64(tried)
	fmt.Printf("%s: %d of %d noticed, %.1f %%; %d equivalent\n", pkg, noticed, tried, score, equal)
	return score, nil
}

func list(pkg string) (dir string, err error) {
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", pkg).Output()
	if err != nil {
		return "", fmt.Errorf("go list %s: %w", pkg, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// lives reports whether the package's tests pass with the mutant, and whether it
// compiled.
func lives(pkg string, m mutant) (lived, compiled bool, err error) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return false, false, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	changed := filepath.Join(dir, "mutant.go")
	if err := os.WriteFile(changed, m.code, 0o600); err != nil {
		return false, false, err
	}
	overlay := filepath.Join(dir, "overlay.json")
	content, err := json.Marshal(map[string]any{"Replace": map[string]string{m.file: changed}})
	if err != nil {
		return false, false, err
	}
	if err := os.WriteFile(overlay, content, 0o600); err != nil {
		return false, false, err
	}
	out, err := exec.Command("go", "test", "-short", "-failfast", "-vet=off", "-count=1", "-ldflags=-s -w", "-timeout=60s", "-overlay="+overlay, pkg).CombinedOutput()
	return err == nil, !bytes.Contains(out, []byte("[build failed]")), nil
}

// equivalent reports whether a change means nothing: a line of equivalent.txt has
// its file, what was changed and the line of code, and behind a tab the reason.
func equivalent(m mutant) bool {
	want := shortened(m.file) + ": " + m.what + ": " + sourceLine(m)
	for line := range strings.Lines(equivalents) {
		if change, _, ok := strings.Cut(line, "\t"); ok && change == want {
			return true
		}
	}
	return false
}

// shortened returns the last two parts of a path.
func shortened(file string) string {
	return filepath.Base(filepath.Dir(file)) + "/" + filepath.Base(file)
}

// sourceLine returns the line that was changed, as it is without the change.
func sourceLine(m mutant) string {
	f, err := os.Open(m.file)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	s := bufio.NewScanner(f)
	for i := 1; s.Scan(); i++ {
		if i == m.line {
			return strings.TrimSpace(s.Text())
		}
	}
	return ""
}
