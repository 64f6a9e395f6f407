package pack

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// A rewrite is a directory in which a new archive replaces an old one. After a failure one of them
// must be there, whole, and nothing else.
type rewrite struct {
	source  string // of the new archive
	dir     string
	archive string
	old     fixture.Pair
	new     fixture.Pair
}

// newRewrite packs an old tree in dir, and a new one elsewhere for comparison. The new one takes
// several writes.
func newRewrite(t testing.TB, dir string) *rewrite {
	t.Helper()
	base := tools.Dir(t)
	w := &rewrite{source: filepath.Join(base, "new"), dir: dir,
		archive: filepath.Join(dir, "a.tar.gz")}
	fixture.WriteTree(t, trees.Tree{trees.File("old", "what was here before")},
		filepath.Join(base, "old"))
	fixture.WriteTree(t, trees.Tree{
		trees.Text("text", 3<<20), trees.Noise("noise", 3<<20), trees.File("small", "x"), trees.Dir("d"),
		trees.Symlink("d/l", "x"),
		trees.Noise("d/more", 600_000),
	}, w.source)
	elsewhere := filepath.Join(base, "a.tar.gz")
	fixture.Pack(t, w.source, elsewhere)
	w.new = fixture.ReadPair(t, elsewhere)
	fixture.Pack(t, filepath.Join(base, "old"), w.archive)
	w.old = fixture.ReadPair(t, w.archive)
	return w
}

// outcome returns which archive is there, "old", "new" or "new with a stale sidecar", and fails the
// test for any other. A killed program may leave the new archive with the old sidecar, and
// temporary files.
func (w *rewrite) outcome(t testing.TB, killed bool) string {
	t.Helper()
	got := fixture.ReadPair(t, w.archive)
	state := ""
	switch {
	case bytes.Equal(got.Archive, w.old.Archive):
		state = "old"
		if !bytes.Equal(got.Sidecar, w.old.Sidecar) {
			t.Error("the archive is the old one, the sidecar is not")
		}
	case bytes.Equal(got.Archive, w.new.Archive):
		state = "new"
		if !bytes.Equal(got.Sidecar, w.new.Sidecar) {
			state = "new with a stale sidecar"
			if !bytes.Equal(got.Sidecar, w.old.Sidecar) {
				t.Error("the sidecar is neither the old nor the new one")
			}
		}
	default:
		t.Fatalf("the archive is neither the old nor the new one: %d bytes", len(got.Archive))
	}
	for _, cmd := range []string{"ls", "verify"} {
		if r := fixture.Run(t, cmd, w.archive); r.Code != 0 &&
			!(cmd == "verify" && state == "new with a stale sidecar") {
			t.Error(r)
		}
	}
	names, err := filepath.Glob(filepath.Join(w.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	hidden, _ := filepath.Glob(filepath.Join(w.dir, ".*")) // the pattern is valid
	for _, name := range append(names, hidden...) {
		if base := filepath.Base(name); base != "a.tar.gz" && base != "a.tar.gz.tpi" &&
			base != "lost+found" && !killed {
			t.Errorf("%s was left behind", base)
		}
	}
	return state
}

// restore puts the old archive back.
func (w *rewrite) restore(t testing.TB) {
	t.Helper()
	for name, b := range map[string][]byte{w.archive: w.old.Archive,
		w.archive + ".tpi": w.old.Sidecar} {
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
