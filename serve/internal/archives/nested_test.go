package archives

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives/nest"
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/tarpack/pack"
)

// nested returns a Library of a tree with a pack without an index in the folder a/b, and the tree.
func nested(t *testing.T, notice func(string)) (*Library, string) {
	t.Helper()
	tree, from := t.TempDir(), t.TempDir()
	for name, content := range map[string]string{
		filepath.Join(tree, "plain"): "p", filepath.Join(tree, "a/b/plain"): "p",
		filepath.Join(from, "f"): "f",
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755),
			os.WriteFile(name, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(tree, "a/b", paths.PackName)
	if _, err := pack.Dir(t.Context(), from, name, pack.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(name + ".tpi"); err != nil {
		t.Fatal(err)
	}
	l, err := NewLibrary(Options{Fallback: tree, Nested: true, Notice: notice,
		CacheDir: filepath.Join(t.TempDir(), "cache")})
	if err != nil {
		t.Fatal(err)
	}
	return l, tree
}

// lookup looks a path up as a server does: again if another goroutine has found packs meanwhile.
func lookup(t *testing.T, l *Library, path string) (n plan.Node, err error) {
	t.Helper()
	for again := true; again; again = errors.Is(err, guard.ErrDoubtful) {
		var v View
		if !l.View(&v) {
			t.Fatal("nothing is served")
		}
		n, err = v.Lookup(path)
		v.Release()
	}
	return n, err
}

// takeTurn keeps the packs of a Library from being made until done is called.
func takeTurn(t *testing.T, l *Library) (done func()) {
	t.Helper()
	done, err := l.turn.Take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// While a pack is made, everything below its folder is pending, but neither the pack, which is
// never there, nor what is elsewhere.
func TestPending(t *testing.T) {
	l, _ := nested(t, nil)
	done := takeTurn(t, l) // another pack is made
	if err := l.Load(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{
		"plain": nil, "a": nil, "a/other": nil, "a/b/f": ErrPending, "a/b/plain": ErrPending,
		"a/b/missing": ErrPending, "a/b/pack.tar.gz": nil, "a/b/pack.tar.gz.tpi": nil,
	} {
		n, err := lookup(t, l, path)
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
		if paths.IsPackName(path) && n.Kind != plan.Missing {
			t.Errorf("%s: %v", path, n.Kind)
		}
	}
	var v View
	l.View(&v)
	if _, err := v.Directories("a/b"); !errors.Is(err, ErrPending) {
		t.Error(err)
	}
	if _, err := v.Download("a/b", "zip", ""); !errors.Is(err, ErrPending) {
		t.Error(err)
	}
	v.Release()
	done()
	l.jobs.Wait()
	if n, err := lookup(t, l, "a/b/f"); err != nil || n.Kind != plan.File {
		t.Error(n.Kind, err)
	}
	if n, err := lookup(t, l, "a/b/pack.tar.gz"); err != nil || n.Kind != plan.Missing {
		t.Error(n.Kind, err)
	}
	l.Close()
}

// Close stops what is being made.
func TestCloseWhilePending(t *testing.T) {
	l, tree := nested(t, func(m string) { t.Error(m) })
	takeTurn(t, l)
	if err := l.Load(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := lookup(t, l, "a/b/f"); !errors.Is(err, ErrPending) {
		t.Error(err)
	}
	l.Close()
	if d, err := os.ReadDir(filepath.Join(tree, "a/b")); err != nil || len(d) != 2 {
		t.Error(d, err)
	}
	if d, err := os.ReadDir(l.cache.Dir); err == nil && len(d) > 0 {
		t.Error(d)
	}
}

// A request that comes while another one, which has found a pack first, opens it, must not be
// answered without the pack.
func TestFoundByAnother(t *testing.T) {
	l, tree := nested(t, nil)
	defer l.Close()
	name := filepath.Join(tree, "a/b", paths.PackName)
	aside := filepath.Join(t.TempDir(), paths.PackName)
	if err := os.Rename(name, aside); err != nil {
		t.Fatal(err)
	}
	if err := l.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	l.jobs.Wait()
	if err := os.Rename(aside, name); err != nil {
		t.Fatal(err)
	}
	var before View
	if !l.View(&before) {
		t.Fatal("nothing is served")
	}
	defer before.Release()
	done := takeTurn(t, l)
	l.nest.Look("a/b", time.Now())
	if _, err := lookup(t, l, "a/b/f"); !errors.Is(err, ErrPending) {
		t.Error("found and not opened:", err)
	}
	if _, err := before.Lookup("a/b/f"); !errors.Is(err, ErrPending) {
		t.Error("opened since the request came:", err)
	}
	done()
}

// A View that goes over to a Set with fewer archives no longer depends on those of the Set before.
func TestRenewedWithFewerArchives(t *testing.T) {
	l, tree := nested(t, nil)
	defer l.Close()
	if err := l.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	var v View
	for {
		if !l.View(&v) {
			t.Fatal("nothing is served")
		}
		n, err := v.Lookup("a/b/f")
		if err == nil && n.Kind == plan.File {
			break
		}
		if !errors.Is(err, ErrPending) && !errors.Is(err, guard.ErrDoubtful) {
			t.Fatal(n.Kind, err)
		}
		v.Release()
		time.Sleep(time.Millisecond)
	}
	defer v.Release()
	if err := os.Remove(filepath.Join(tree, "a/b", paths.PackName)); err != nil {
		t.Fatal(err)
	}
	l.nest.Look("a/b", time.Now().Add(nest.Recheck))
	if !l.heed() {
		t.Fatal("the Set is the same")
	}
	v.renew()
	if err := v.Check(); err != nil {
		t.Error(err)
	}
}
