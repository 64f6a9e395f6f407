package readers

import (
	"crypto/sha256"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// embeddedTrees are trees that every reader extracts without limits.
var embeddedTrees = []string{"duplicates", "many-links"}

// withIndex returns the archive of a tree with an index of 64 MiB in it, which is 4,113 members
// that inflate to nothing. To other programs, noise is as good an index as any.
func withIndex(t *testing.T, f *fixture.Tree) *fixture.Tree {
	t.Helper()
	const size = 64 << 20
	p := fixture.ReadPair(t, f.Archive)
	side := append(p.Sidecar[:512:512], trees.NoiseBytes("index", size-512)...)
	archive, _ := forge.Embed(p.Archive, side)
	name := filepath.Join(tools.Dir(t), "embedded.tar.gz")
	fixture.WriteFiles(t, map[string][]byte{name: archive})
	return &fixture.Tree{Dir: f.Dir, Archive: name, Snap: f.Snap}
}

// TestLargeEmbeddedIndex: every program extracts an archive with a large index in it as it does one
// without, and says no more about it.
func TestLargeEmbeddedIndex(t *testing.T) {
	seen := 0
	for _, c := range fixture.Catalogue() {
		if c.Name != embeddedTrees[0] && c.Name != embeddedTrees[1] {
			continue
		}
		seen++
		plain := fixture.Packed(t, c)
		with := withIndex(t, plain)
		for _, r := range readers {
			t.Run(c.Name+"/"+r.name, func(t *testing.T) {
				r.check(t, with, c.Name, nil)
				if r.command == nil {
					return
				}
				said := func(archive string) string {
					return string(tools.Run(t, r.command(t, archive, tools.Dir(t))).Err)
				}
				if without, got := said(plain.Archive), said(with.Archive); got != without {
					t.Errorf("it prints %q, without the index %q", got, without)
				}
			})
		}
		want := sumOf(t, memberByMember(t, plain.Archive))
		for _, g := range gunzips {
			t.Run(c.Name+"/"+fmt.Sprint(g[:min(2, len(g))]), func(t *testing.T) {
				cmd := exec.Command(tools.Path(t, g[0]), append(g[1:len(g):len(g)], with.Archive)...)
				h := sha256.New()
				cmd.Stdout = h
				if res := tools.Run(t, cmd); res.Code != 0 || len(res.Err) > 0 {
					t.Fatal(res)
				}
				if [sha256.Size]byte(h.Sum(nil)) != want {
					t.Error("another tar than without the index")
				}
			})
		}
		for _, test := range [][]string{{"gzip", "-t"}, {"pigz", "-t"}, {"7z", "t", "-tgzip"},
			{"tar", "-tzf"}, {"bsdtar", "-tf"}} {
			cmd := exec.Command(tools.Path(t, test[0]), append(test[1:], with.Archive)...)
			if res := tools.Run(t, cmd); res.Code != 0 || len(res.Err) > 0 {
				t.Error(res)
			}
		}
	}
	if seen != len(embeddedTrees) {
		t.Errorf("%d trees", seen)
	}
}

// TestGrownEmbeddedIndex extracts an archive with its index in it that has grown twice.
func TestGrownEmbeddedIndex(t *testing.T) {
	dir := tools.Dir(t)
	source, archive := filepath.Join(dir, "tree"), filepath.Join(dir, "a.tar.gz")
	tree := trees.Tree{trees.File("a", "1\n"), trees.Text("d/text", 100_000)}
	fixture.WriteTree(t, tree, source)
	fixture.Pack(t, source, archive, "--embed-index")
	for i := range 2 {
		fixture.WriteTree(t, trees.Tree{trees.Text(fmt.Sprintf("new-%d", i), 50_000)}, source)
		tools.Must(t, exec.Command(tools.TPK(t), "add", "-q", "--append", archive, source))
	}
	f := &fixture.Tree{Dir: source, Archive: archive, Snap: fixture.ReadTree(t, source)}
	for _, r := range append(readers[:len(readers):len(readers)], tpkReaders...) {
		t.Run(r.name, func(t *testing.T) {
			r.rules.IgnoreDirTime = true // an archive that has grown
			r.check(t, f, "", nil)
		})
	}
}
