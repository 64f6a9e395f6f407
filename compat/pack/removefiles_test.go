package pack

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// TestRemoveFiles checks that pack --remove-files removes the packed files, and none of them if
// packing fails.
func TestRemoveFiles(t *testing.T) {
	base := tools.Dir(t)
	dir, archive := filepath.Join(base, "tree"), filepath.Join(base, "a.tar.gz")
	tree := trees.Tree{trees.File("a", "a"), trees.File("same", "a"), trees.Hardlink("d/hard", "a"),
		trees.Dir("d/ro").Perm(0o500), trees.Symlink("d/l", "a"),
		trees.Socket("d/e/socket"), trees.File("d/e/keep.log", "excluded"),
		trees.Sparse("big", 9<<20, "x")}
	want := fixture.WriteTree(t, tree, dir)
	w := strings.Repeat("x", 300)
	if r := fixture.Run(t, "pack", "--remove-files", dir, filepath.Join(base, w)); r.Code != 1 {
		t.Errorf("a name of 300 bytes: %v", r)
	}
	if r := fixture.Run(t, "pack", "--remove-files", dir,
		filepath.Join(base, "no/such/dir/a.tar.gz")); r.Code != 1 {
		t.Error(r)
	}
	fixture.Diff(t, want, dir, trees.Rules{})
	r := fixture.Run(t, "pack", "--remove-files", "--exclude", "*.log", dir, archive)
	if r.Code != 0 {
		t.Fatal(r)
	}
	left := fixture.ReadTree(t, dir).Paths()
	if got := strings.Join(left, " "); got != "d d/e d/e/keep.log d/e/socket" {
		t.Errorf("left: %s", got)
	}
	x := filepath.Join(base, "x")
	tools.Must(t, exec.Command(tools.TPK(t), "extract", "-C", x, archive))
	gone := func(p string, st trees.State) bool {
		return st.Kind == trees.KindSocket ||
			p == "d/e/keep.log"
	}
	fixture.Diff(t, want.Without(gone), x, trees.Rules{IgnoreLinks: true, IgnoreDirTime: true})
}
