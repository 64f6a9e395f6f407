package extract

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
)

// TestExtractWindowsNames: names that Windows does not allow are refused one by one, and of names
// that differ in case only one is extracted. What was there keeps its content, unless an entry has
// its very name.
func TestExtractWindowsNames(t *testing.T) {
	a := tartest.OpenForged(t, tartest.AFile(`..\escaped`, "x"), tartest.AFile("CASE", "x"),
		tartest.AFile("NUL.txt", "x"), tartest.AFile("a:b", "x"), tartest.AFile("case", "x"),
		tartest.AFile("dot.", "x"), tartest.AFile("ok", "new"))
	for _, there := range []bool{false, true} { // extraction into an old directory works differently
		base := t.TempDir()
		dir := filepath.Join(base, "target")
		if there {
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"a", "dot", "ok"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte("old"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		got := map[error]int{}
		for _, p := range mustExtract(t, a, dir, Options{}).Problems {
			for _, e := range []error{format.ErrName, format.ErrCollision} {
				if errors.Is(p, e) {
					got[e]++
				}
			}
		}
		if len(got) != 2 || got[format.ErrName] != 4 || got[format.ErrCollision] != 1 {
			t.Errorf("%v: problems: %v", there, got)
		}
		want := map[string]string{"ok": "new"}
		if there {
			want["a"], want["dot"] = "old", "old"
		}
		for name, content := range want {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if string(b) != content || err != nil {
				t.Errorf("%v: %s: %q, %v", there, name, b, err)
			}
		}
		list, err := os.ReadDir(dir)
		if len(list) != len(want)+1 || err != nil { // and one of CASE and case
			t.Errorf("%v: %v, %v", there, list, err)
		}
		if list, err := os.ReadDir(base); len(list) != 1 || err != nil {
			t.Errorf("%v: outside: %v, %v", there, list, err)
		}
	}
}

// TestExtractIdentity: a directory that two paths lead to is the same one.
func TestExtractIdentity(t *testing.T) {
	a := tartest.OpenForged(t, tartest.AGroup(tartest.DirHeader("D")), tartest.AFile("D/f", "1"),
		tartest.AGroup(tartest.DirHeader("d")), tartest.AFile("d/g", "2"))
	dir := t.TempDir()
	res := mustExtract(t, a, dir, Options{})
	if len(res.Problems) != 1 || !errors.Is(res.Problems[0], format.ErrCollision) {
		t.Errorf("%v", res.Problems)
	}
	if found := tartest.Found(t, dir); len(found) != 2 || slices.Contains(found, "d/g") {
		t.Errorf("%q", found)
	}
}
