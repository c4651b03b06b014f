package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// mutant is one small change of one file.
type mutant struct {
	file string // as the compiler knows it
	line int
	what string // what was changed into what
	code []byte // the file with the change
}

// swaps are operators, and what they become.
var swaps = map[token.Token]token.Token{
	token.EQL: token.NEQ, token.NEQ: token.EQL,
	token.LSS: token.LEQ, token.LEQ: token.LSS,
	token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.LAND: token.LOR, token.LOR: token.LAND,
	token.ADD: token.SUB, token.SUB: token.ADD,
}

// mutants returns every mutant of a package's files.
func mutants(dir string) (all []mutant, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		// What is not compiled here is not tested here, either.
		if here, err := build.Default.MatchFile(dir, filepath.Base(file)); err != nil {
			return nil, err
		} else if !here || strings.HasSuffix(file, "_test.go") {
			continue
		}
		of, err := ofFile(file)
		if err != nil {
			return nil, err
		}
		all = append(all, of...)
	}
	return all, nil
}

// change is a way to change a node, and to change it back.
type change struct {
	pos        token.Pos
	what       string
	make, undo func()
}

func ofFile(file string) (all []mutant, err error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, file, source, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var changes []change
	ast.Inspect(tree, func(n ast.Node) bool {
		changes = append(changes, of(n)...)
		_, values := n.(*ast.GenDecl)
		return !values || n.(*ast.GenDecl).Tok != token.IMPORT
	})
	for _, c := range changes {
		c.make()
		var b bytes.Buffer
		err := format.Node(&b, fset, tree)
		c.undo()
		if err != nil {
			return nil, err
		}
		all = append(all, mutant{file: file, line: fset.Position(c.pos).Line, what: c.what, code: slices.Clone(b.Bytes())})
	}
	return all, nil
}

// of returns the changes of one node, without those inside of it.
func of(n ast.Node) []change {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		old := n.Op
		if swap, ok := swaps[old]; ok && !text(n.X) && !text(n.Y) {
			return []change{{n.OpPos, fmt.Sprintf("%s to %s", old, swap), func() { n.Op = swap }, func() { n.Op = old }}}
		}
	case *ast.IfStmt:
		old := n.Cond
		return []change{{n.If, "if negated", func() { n.Cond = &ast.UnaryExpr{Op: token.NOT, X: &ast.ParenExpr{X: old}} }, func() { n.Cond = old }}}
	case *ast.Ident:
		if other := map[string]string{"true": "false", "false": "true"}[n.Name]; other != "" {
			old := n.Name
			return []change{{n.NamePos, old + " to " + other, func() { n.Name = other }, func() { n.Name = old }}}
		}
	case *ast.BasicLit:
		if i, err := strconv.Atoi(n.Value); err == nil && n.Kind == token.INT && i != 0 {
			old := n.Value
			return []change{{n.ValuePos, fmt.Sprintf("%d to %d", i, i+1), func() { n.Value = strconv.Itoa(i + 1) }, func() { n.Value = old }}}
		}
	case *ast.BlockStmt:
		return without(n, &n.List)
	case *ast.CaseClause:
		return without(n, &n.Body)
	}
	return nil
}

// text reports whether an operand is certainly a text, which cannot be subtracted.
func text(e ast.Expr) bool {
	lit, ok := e.(*ast.BasicLit)
	return ok && lit.Kind == token.STRING
}

// without returns the changes that leave out one statement of a list.
func without(_ ast.Node, list *[]ast.Stmt) (changes []change) {
	for i, s := range *list {
		what := ""
		switch s := s.(type) {
		case *ast.ExprStmt, *ast.DeferStmt, *ast.IncDecStmt:
			what = "statement left out"
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE {
				what = "assignment left out"
			}
		}
		if what == "" {
			continue
		}
		old := *list
		changes = append(changes, change{s.Pos(), what,
			func() { *list = slices.Delete(slices.Clone(old), i, i+1) }, func() { *list = old }})
	}
	return changes
}
