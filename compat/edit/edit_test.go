package edit

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// tpk runs the command.
func tpk(t testing.TB, args ...string) tools.Result {
	t.Helper()
	return tools.Run(t, exec.Command(tools.TPK(t), args...))
}

// must runs the command, which must succeed and print nothing on standard error.
func must(t testing.TB, args ...string) {
	t.Helper()
	if r := tpk(t, args...); r.Code != 0 || len(r.Err) > 0 {
		t.Fatal(r)
	}
}

// treesIn returns a function that writes a tree to a named directory below base and returns its
// path.
func treesIn(t testing.TB, base string) (write func(name string, tree trees.Tree) string) {
	return func(name string, tree trees.Tree) string {
		t.Helper()
		dir := filepath.Join(base, name)
		if err := tree.Write(dir); err != nil {
			t.Fatal(err)
		}
		return dir
	}
}

// extracted returns the tree that GNU tar extracts from archives, one after the other.
func extracted(t testing.TB, archives ...string) trees.Snapshot {
	t.Helper()
	dir := tools.Dir(t)
	for _, archive := range archives {
		if r := tools.Run(t, exec.Command(tools.Path(t, "tar"), "-xpzf", archive, "-C",
			dir)); r.Code != 0 {
			t.Fatal(r)
		}
	}
	snap, err := trees.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// wantOnly checks that a directory holds the named files, hidden ones included, and no others.
func wantOnly(t testing.TB, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, filepath.Base(e.Name()))
	}
	slices.Sort(names)
	if !slices.Equal(got, names) {
		t.Errorf("there are %q, want %q", got, names)
	}
}
