package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestEveryChangeOfAFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.go")
	const source = `package a

func f(x int, y string) bool {
	if x < 1 {
		x = 2
		println(x)
	}
	return y == "a"+"b" && true
}
`
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := mutants(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range all {
		got = append(got, m.what)
		if string(m.code) == source || !strings.HasPrefix(string(m.code), "package a") {
			t.Errorf("%s: the code is\n%s", m.what, m.code)
		}
	}
	want := []string{
		"&& to ||", "1 to 2", "2 to 3", "< to <=", "== to !=", "assignment left out", "if negated", "statement left out", "true to false",
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("changes %q\nwant    %q", got, want)
	}
	if again, err := os.ReadFile(file); err != nil || string(again) != source {
		t.Errorf("the file was changed: %v\n%s", err, again)
	}
}

func TestAChangeThatIsListedIsEquivalent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "a.go")
	if err := os.WriteFile(file, []byte("package a\n\nvar x = true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	defer func(old string) { equivalents = old }(equivalents)
	equivalents = "a/a.go: true to false: var x = true\tnobody reads it\n"
	if !equivalent(mutant{file: file, line: 3, what: "true to false"}) || equivalent(mutant{file: file, line: 3, what: "false to true"}) {
		t.Error("what is listed is not what is equivalent")
	}
}
