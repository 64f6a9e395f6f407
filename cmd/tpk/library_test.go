package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestLibraryMessages finds string literals of the library packages that name a command or a flag.
// They belong in the table of hints: a program that embeds the libraries has neither.
func TestLibraryMessages(t *testing.T) {
	var names []string
	for _, cmd := range newApp(io.Discard, io.Discard).VisibleCommands() {
		names = append(names, regexp.QuoteMeta(cmd.Name))
	}
	words := regexp.MustCompile(`\btpk (` + strings.Join(names, "|") + `)\b|(^|[^-\w])--[a-z]`)
	allowed := []string{
		"tpk export",             // hashed into an ETag, not shown
		" --strip-components=%d", // of tar
	}
	for _, library := range []string{"gzmember", "sidecar", "tarpack", "serve"} {
		found := 0
		dir := filepath.Join("../..", library)
		err := filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
				return err
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			found++
			ast.Inspect(file, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(lit.Value)
				if err != nil || !slices.Contains(allowed, text) && words.MatchString(text) {
					t.Errorf("%s: %s", set.Position(lit.Pos()), lit.Value)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if found == 0 {
			t.Errorf("%s: no Go files", library)
		}
	}
}
