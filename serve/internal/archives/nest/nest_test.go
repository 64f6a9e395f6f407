package nest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/plain"
)

// TestNest: packs are found, changed and lost as folders are looked into, and what was opened for
// one is released once.
func TestNest(t *testing.T) {
	dir := t.TempDir()
	write := func(path, content string) {
		t.Helper()
		name := filepath.Join(dir, path, paths.PackName)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("a/b", "1")
	write("hidden", "1")
	tree, err := plain.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Release()
	released := 0
	n := New(dir, tree, func(path string) bool { return path == "hidden/" },
		func(*int) { released++ })
	now := time.Now()
	look := func(exists bool, changes int64, path string, packs ...string) {
		t.Helper()
		now = now.Add(Recheck)
		if got := n.Look(path, now); got != exists || n.Changes() != changes {
			t.Errorf("%s: %v, %d changes", path, got, n.Changes())
		}
		var found []string
		for _, p := range n.Packs() {
			found = append(found, p.Dir)
			if p.Name != filepath.Join(dir, p.Dir, paths.PackName) {
				t.Errorf("%+v", p)
			}
		}
		if !slices.Equal(found, packs) {
			t.Errorf("%s: %q", path, found)
		}
	}
	look(true, 0, "")
	look(true, 0, "a")
	look(false, 0, "none")
	look(true, 0, "hidden")
	look(true, 1, "a/b", "a/b")
	look(true, 1, "a/b", "a/b")
	if !n.Begin("a/b") || n.Begin("a/b") || n.Begin("a/none") {
		t.Error("it is not made once")
	}
	n.End("a/b", new(int), false)
	if n.TakeReady("a/b") == nil || n.TakeReady("a/b") != nil || released != 0 {
		t.Error("it is not taken once")
	}
	n.SetBad("a/b")
	look(true, 1, "a/b")
	write("a/b", "changed")
	look(true, 2, "a/b", "a/b")
	n.End("a/b", new(int), false)
	n.End("gone", new(int), false)
	n.Close()
	n.Close()
	if released != 2 {
		t.Errorf("%d were released", released)
	}
	if err := os.RemoveAll(filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	look(false, 3, "a/b")
	if n.Follow(2); n.Followed() != 2 {
		t.Error(n.Followed())
	}
}
