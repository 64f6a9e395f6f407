// Command longtests lists the tests that do more without -short, a line a package: a pattern for
// -run, and the package's folder. The long test run takes only these, as the short run has already
// taken all others in the same way.
//
//	go run ./compat/longtests [FOLDER]
//
// A test belongs to the list if it, or a function of its package's tests that it names, directly or
// through others, asks for testing.Short, or for one of the functions of package compat that do.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// asking has the functions outside a package's own tests whose result depends on -short.
var asking = []string{"testing.Short", "sweep.Takes", "fixture.Catalogue"}

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	lines, err := list(root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "longtests:", err)
		os.Exit(1)
	}
	for _, line := range lines {
		fmt.Println(line)
	}
}

// list returns a line for each folder below root that has a long test, in order.
func list(root string) ([]string, error) {
	files := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root && (name[0] == '.' || name == "node_modules" || name == "testdata") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(name, "_test.go") {
			dir := filepath.Dir(path)
			files[dir] = append(files[dir], path)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var lines []string
	for dir, paths := range files {
		tests, err := long(paths)
		if err != nil {
			return nil, err
		}
		if len(tests) > 0 {
			lines = append(lines, "^("+strings.Join(tests, "|")+")$ ./"+filepath.ToSlash(dir))
		}
	}
	slices.Sort(lines)
	return lines, nil
}

// long returns the names of the long tests in the test files of one package, in order.
func long(paths []string) ([]string, error) {
	names := map[string][]string{} // what each function names
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				names[f.Name.Name] = append(names[f.Name.Name], named(f)...)
			}
		}
	}
	found := map[string]bool{}
	for _, name := range asking {
		found[name] = true
	}
	for grown := true; grown; {
		grown = false
		for name, mentions := range names {
			if !found[name] && slices.ContainsFunc(mentions, func(m string) bool { return found[m] }) {
				found[name], grown = true, true
			}
		}
	}
	var tests []string
	for name := range names {
		if found[name] && (strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz")) {
			tests = append(tests, name)
		}
	}
	slices.Sort(tests)
	return tests, nil
}

// named returns the identifiers in a function, and those of other packages as package.Name.
func named(f *ast.FuncDecl) []string {
	var names []string
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			names = append(names, n.Name)
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				names = append(names, x.Name+"."+n.Sel.Name)
			}
		}
		return true
	})
	return names
}
