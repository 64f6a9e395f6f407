package compat

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// shared is a directory for what several tests use.
var shared string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if shared, err = os.MkdirTemp("", "compat-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(shared)
		if err := os.Chmod(shared, 0o755); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return tools.Main(m)
	}())
}

// A fixture is a tree on disk and the archive that tpk made of it.
type fixture struct {
	dir     string
	archive string
	snap    trees.Snapshot
}

var fixtures = struct {
	sync.Mutex
	made map[string]*fixture
}{made: map[string]*fixture{}}

// packed writes and packs a tree once, however many tests ask for it.
func packed(t *testing.T, c trees.Named) *fixture {
	t.Helper()
	fixtures.Lock()
	defer fixtures.Unlock()
	if f := fixtures.made[c.Name]; f != nil {
		return f
	}
	f := &fixture{dir: filepath.Join(shared, c.Name), archive: filepath.Join(shared, c.Name+".tar.gz")}
	if err := os.RemoveAll(f.dir); err != nil { // of a test that failed
		t.Fatal(err)
	}
	f.snap = writeTree(t, c.Tree, f.dir)
	pack(t, f.dir, f.archive)
	fixtures.made[c.Name] = f
	return f
}

func writeTree(t testing.TB, tree trees.Tree, dir string) trees.Snapshot {
	t.Helper()
	if err := tree.Write(dir); err != nil {
		t.Fatal(err)
	}
	return readTree(t, dir)
}

func readTree(t testing.TB, dir string) trees.Snapshot {
	t.Helper()
	snap, err := trees.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// pack runs tpk pack, which must succeed without a word.
func pack(t testing.TB, dir, archive string, flags ...string) {
	t.Helper()
	r := tpk(t, append(append([]string{"pack"}, flags...), dir, archive)...)
	if r.Code != 0 || len(r.Out) > 0 || len(r.Err) > 0 {
		t.Fatal(r)
	}
}

// tpk runs the command.
func tpk(t testing.TB, args ...string) tools.Result {
	t.Helper()
	return tools.Run(t, exec.Command(tools.TPK(t), args...))
}

// lean runs the command, which must not take more than 100 MiB of memory.
func lean(t testing.TB, args ...string) tools.Result {
	t.Helper()
	r, mib := tools.Memory(t, exec.Command(tools.TPK(t), args...))
	if mib > 100 {
		t.Errorf("%d MiB of memory: %v", mib, r)
	}
	return r
}

// diff fails the test for each difference of the tree in dir from want.
func diff(t testing.TB, want trees.Snapshot, dir string, rules trees.Rules) {
	t.Helper()
	for _, line := range trees.Diff(want, readTree(t, dir), rules) {
		t.Error(line)
	}
}
