package pack

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// TestSame packs each tree again, with other numbers of workers, as a stream, and from a copy. The
// copy was written in another order, so inode numbers and the order of directories differ. The
// bytes must not.
func TestSame(t *testing.T) {
	for _, c := range fixture.Catalogue() {
		t.Run(c.Name, func(t *testing.T) {
			f := fixture.Packed(t, c)
			want := fixture.ReadPair(t, f.Archive)
			again := filepath.Join(tools.Dir(t), "other-name.tgz")
			check := func(what string, got fixture.Pair) {
				t.Helper()
				if !bytes.Equal(got.Archive, want.Archive) || got.Sidecar != nil &&
					!bytes.Equal(got.Sidecar, want.Sidecar) {
					t.Errorf("%s: other bytes", what)
				}
			}
			for _, workers := range []string{"1", "8"} {
				fixture.Pack(t, f.Dir, again, "--workers", workers)
				check(workers+" workers", fixture.ReadPair(t, again))
			}
			streamed := tools.Must(t, exec.Command(tools.TPK(t), "pack", f.Dir, "-"))
			check("streamed", fixture.Pair{Archive: streamed})

			copied := filepath.Join(tools.Dir(t), "copy")
			fixture.WriteTree(t, backwards(c.Tree), copied)
			fixture.Pack(t, copied, again)
			check("a copy written backwards", fixture.ReadPair(t, again))
		})
	}
}

// backwards returns the nodes of a tree in reverse, with directories first and hard links last.
func backwards(t trees.Tree) trees.Tree {
	var dirs, nodes, links trees.Tree
	for _, n := range t {
		switch n.Kind {
		case trees.KindDir:
			dirs = append(dirs, n)
		case trees.KindHardlink:
			links = append(links, n)
		default:
			nodes = append(nodes, n)
		}
	}
	slices.Reverse(nodes)
	slices.Reverse(links)
	return slices.Concat(dirs, nodes, links)
}

// TestSourceDateEpoch checks that SOURCE_DATE_EPOCH clamps later times and no others.
func TestSourceDateEpoch(t *testing.T) {
	base := tools.Dir(t)
	tree := trees.Tree{trees.File("early", "e").At(1000), trees.File("late", "l").At(3_000_000_000),
		trees.Dir("dir").At(2001),
		trees.Symlink("link", "x").At(2_000_000_000)}
	fixture.WriteTree(t, tree, filepath.Join(base, "tree"))
	archive := filepath.Join(base, "a.tar.gz")
	run := func(epoch string) tools.Result {
		cmd := exec.Command(tools.TPK(t), "pack", filepath.Join(base, "tree"), archive)
		cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH="+epoch)
		return tools.Run(t, cmd)
	}
	if r := run("2000"); r.Code != 0 {
		t.Fatal(r)
	}
	want := map[string]int64{"early": 1000, "late": 2000, "dir": 2000, "link": 2000}
	for _, l := range fixture.List(t, archive) {
		if l.ModTime.Unix() != want[l.Path] {
			t.Errorf("%s: time %d, want %d", l.Path, l.ModTime.Unix(), want[l.Path])
		}
	}
	for _, bad := range []string{"yesterday", "1.5", "99999999999999999999"} {
		if r := run(bad); r.Code == 0 || !bytes.Contains(r.Err, []byte("SOURCE_DATE_EPOCH")) {
			t.Errorf("SOURCE_DATE_EPOCH=%s: %v", bad, r)
		}
	}
}
