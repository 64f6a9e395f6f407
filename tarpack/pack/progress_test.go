package pack_test

import (
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// Progress ends with all bytes of the files in the tree, as du --apparent-size --count-links has
// them: those of duplicates and of further names count.
func TestProgressCountsDuplicates(t *testing.T) {
	dir := tartest.Tree(t, [2]string{"a", "12345"}, [2]string{"b", "12345"}, [2]string{"d/e", "678"},
		[2]string{"d/c", "=> a"}, [2]string{"d/l", "-> e"}, [2]string{"d/z", ""}, [2]string{"e", "678"})
	want := format.Progress{Entries: 8, Bytes: 5 + 5 + 5 + 3 + 3}
	var got format.Progress
	progress := func(p format.Progress) { got = p }
	name := filepath.Join(t.TempDir(), "a.tar.gz")
	if _, err := pack.Dir(t.Context(), dir, name, pack.Options{Progress: progress}); err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("pack: %+v, want %+v", got, want)
	}
	out := filepath.Join(t.TempDir(), "b.tar.gz")
	o := edit.MergeOptions{Progress: progress}
	if _, err := edit.Merge(t.Context(), out, []string{name}, o); err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("merge: %+v, want %+v", got, want)
	}
}
