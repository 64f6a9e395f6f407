package compat

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// A rewrite is a directory in which one archive is about to be replaced by another one. After a failure there must
// be either of them, whole, and nothing else.
type rewrite struct {
	source  string // of the new archive
	dir     string
	archive string
	old     pair
	new     pair
}

// A pair is the bytes of an archive and its sidecar.
type pair struct{ archive, sidecar []byte }

func readPair(t testing.TB, archive string) pair {
	t.Helper()
	var p pair
	for name, dst := range map[string]*[]byte{archive: &p.archive, archive + ".tpi": &p.sidecar} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		*dst = b
	}
	return p
}

// newRewrite packs an old tree in place and a new one elsewhere, for comparison. The new one takes several writes.
func newRewrite(t testing.TB, dir string) *rewrite {
	t.Helper()
	base := tools.Dir(t)
	w := &rewrite{source: filepath.Join(base, "new"), dir: dir, archive: filepath.Join(dir, "a.tar.gz")}
	writeTree(t, trees.Tree{trees.File("old", "what was here before")}, filepath.Join(base, "old"))
	writeTree(t, trees.Tree{
		trees.Text("text", 3<<20), trees.Noise("noise", 3<<20), trees.File("small", "x"), trees.Dir("d"), trees.Symlink("d/l", "x"),
		trees.Noise("d/more", 600_000),
	}, w.source)
	elsewhere := filepath.Join(base, "a.tar.gz")
	pack(t, w.source, elsewhere)
	w.new = readPair(t, elsewhere)
	pack(t, filepath.Join(base, "old"), w.archive)
	w.old = readPair(t, w.archive)
	return w
}

// outcome says which of the two archives stands there now, and fails the test for anything else. A killed program
// may leave the new archive with the old sidecar, which readers notice, and temporary files.
func (w *rewrite) outcome(t testing.TB, killed bool) string {
	t.Helper()
	got := readPair(t, w.archive)
	state := ""
	switch {
	case bytes.Equal(got.archive, w.old.archive):
		state = "old"
		if !bytes.Equal(got.sidecar, w.old.sidecar) {
			t.Error("the archive is the old one, the sidecar is not")
		}
	case bytes.Equal(got.archive, w.new.archive):
		state = "new"
		if !bytes.Equal(got.sidecar, w.new.sidecar) {
			state = "new with a stale sidecar"
			if !bytes.Equal(got.sidecar, w.old.sidecar) {
				t.Error("the sidecar is neither the old nor the new one")
			}
		}
	default:
		t.Fatalf("the archive is neither the old nor the new one: %d bytes", len(got.archive))
	}
	for _, cmd := range []string{"ls", "verify"} {
		if r := tpk(t, cmd, w.archive); r.Code != 0 && !(cmd == "verify" && state == "new with a stale sidecar") {
			t.Error(r)
		}
	}
	names, err := filepath.Glob(filepath.Join(w.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	hidden, _ := filepath.Glob(filepath.Join(w.dir, ".*")) // the pattern is valid
	for _, name := range append(names, hidden...) {
		if base := filepath.Base(name); base != "a.tar.gz" && base != "a.tar.gz.tpi" && base != "lost+found" && !killed {
			t.Errorf("%s was left behind", base)
		}
	}
	return state
}

// failed checks that a command ended with code 1 and one line about an archive and a reason.
func failed(t testing.TB, r tools.Result, words ...string) {
	t.Helper()
	if r.Code != 1 {
		t.Errorf("want exit status 1: %v", r)
	}
	oneLine(t, r, words...)
}

// oneLine checks that standard error has one line, which has the words in it, and standard output has nothing. That an
// archive without an index is indexed in memory may be said before.
func oneLine(t testing.TB, r tools.Result, words ...string) {
	t.Helper()
	line := string(r.Err)
	if first, rest, ok := strings.Cut(line, "\n"); ok && strings.Contains(first, "indexing it in memory") {
		line = rest
	}
	if strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "tpk: ") || strings.Contains(line, "goroutine ") || len(r.Out) > 0 {
		t.Errorf("want one line on standard error: %v", r)
	}
	for _, w := range words {
		if !strings.Contains(line, w) {
			t.Errorf("want %q in the error: %v", w, r)
		}
	}
}

// restore puts the old archive back.
func (w *rewrite) restore(t testing.TB) {
	t.Helper()
	for name, b := range map[string][]byte{w.archive: w.old.archive, w.archive + ".tpi": w.old.sidecar} {
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
