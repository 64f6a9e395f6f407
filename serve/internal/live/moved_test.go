package live

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestMoved: what is saved in folders that were moved, exchanged, or made again under the same name
// is noticed, at every depth.
func TestMoved(t *testing.T) {
	for _, x := range []struct {
		name  string
		moves func(dir string) error
		at    string // where a file is saved afterwards
	}{
		{"moved", func(dir string) error {
			return os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "z"))
		}, "z/b/c"},
		{"into another folder", func(dir string) error {
			return os.Rename(filepath.Join(dir, "k/l"), filepath.Join(dir, "a/l"))
		}, "a/l/m"},
		{"away and back", func(dir string) error {
			a := filepath.Join(dir, "a")
			return errors.Join(os.Rename(a, a+"2"), os.Rename(a+"2", a))
		}, "a"},
		{"away and back, deeper", func(dir string) error {
			b := filepath.Join(dir, "a/b")
			return errors.Join(os.Rename(b, dir+"2"), os.Rename(dir+"2", b))
		}, "a/b"},
		{"exchanged", func(dir string) error {
			a, k := filepath.Join(dir, "a/b"), filepath.Join(dir, "k/l")
			return errors.Join(os.Rename(a, dir+"2"), os.Rename(k, a), os.Rename(dir+"2", k))
		}, "k/l/c"},
		{"made again", func(dir string) error {
			a := filepath.Join(dir, "a")
			return errors.Join(os.RemoveAll(a), os.MkdirAll(filepath.Join(a, "b/c"), 0o755))
		}, "a/b/c"},
	} {
		t.Run(x.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "doc")
			save(t, filepath.Join(dir, "a/b/c/x"), "x")
			save(t, filepath.Join(dir, "k/l/m/y"), "y")
			d, _ := newDir(t, Config{Path: dir})
			d.Start()
			defer d.Close()
			has := func(path string) func(Stats) bool {
				return func(Stats) bool {
					_, ok := d.catalog.find(path)
					return ok
				}
			}
			until(t, d, "read", has("a/b/c/x"))
			until(t, d, "read", has("k/l/m/y"))
			if !d.Stats().Events {
				t.Skip("the system sends no events")
			}
			if err := x.moves(dir); err != nil {
				t.Fatal(err)
			}
			save(t, filepath.Join(dir, "marker"), "")
			until(t, d, "the moves", has("marker"))
			for _, name := range []string{"one", "two"} {
				path := x.at + "/" + name
				save(t, filepath.Join(dir, path), "new")
				until(t, d, path, has(path))
			}
		})
	}
}
