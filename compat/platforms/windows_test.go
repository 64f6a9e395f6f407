package platforms

import (
	"bytes"
	"go/build"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// TestWindowsList: compat/windows.txt, which make test-windows reads, names each package that has
// tests for Windows, and no others.
func TestWindowsList(t *testing.T) {
	root := filepath.Join("..", "..")
	list, err := os.ReadFile(filepath.Join(root, "compat", "windows.txt"))
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for line := range bytes.Lines(list) {
		if name, _, _ := strings.Cut(strings.TrimSpace(string(line)), " "); name != "" && name != "#" {
			named[name] = true
		}
	}
	for _, name := range packages(t, root) {
		if !named[name] {
			t.Errorf("compat/windows.txt does not name %s", name)
		}
		delete(named, name)
	}
	for name := range named {
		t.Errorf("compat/windows.txt names %s, which has no tests for Windows", name)
	}
}

// packages returns the packages of the module that have tests for Windows, as ./dir.
func packages(t *testing.T, root string) []string {
	t.Helper()
	context := build.Default
	context.GOOS, context.GOARCH = "windows", "amd64"
	var names []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		_, noModule := os.Stat(filepath.Join(name, "go.mod"))
		base := d.Name()
		if name != root && (noModule == nil || strings.HasPrefix(base, ".") || base == "testdata" ||
			base == "node_modules") {
			return fs.SkipDir
		}
		p, err := context.ImportDir(name, 0)
		if _, none := err.(*build.NoGoError); err != nil && !none {
			return err
		}
		if len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 {
			rel, err := filepath.Rel(root, name)
			names = append(names, "./"+path.Clean(filepath.ToSlash(rel)))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
