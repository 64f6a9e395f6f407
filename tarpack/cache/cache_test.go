package cache_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/internal/filetest"

	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/signature"
)

// zipOf writes a zip with these names, each a file with its name as content.
func zipOf(t *testing.T, name string, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, n := range names {
		f, err := w.Create(n)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// notices is a Notice that keeps the texts.
type notices struct {
	mu   sync.Mutex
	list []string
}

func (n *notices) add(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, err.Error())
}

// open opens a file and returns its paths, and what was said.
func open(
	t *testing.T, c *cache.Cache, name string, o cache.Options,
) (paths, said []string, err error) {
	t.Helper()
	var n notices
	o.Notice = n.add
	a, err := c.Open(context.Background(), name, o)
	if err != nil {
		return nil, n.list, err
	}
	defer a.Close()
	for row, err := range a.Index().All(0, a.Index().Len()) {
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, string(row.Path))
	}
	if a.Name() != name {
		t.Errorf("the name is %s", a.Name())
	}
	return paths, n.list, nil
}

// left returns the names in a directory, of any depth, that are files.
func left(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			names = append(names, d.Name())
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return names
}

// A file is converted once, and again when it has changed: also if size and modification time are
// the same.
func TestConvertsOnce(t *testing.T) {
	dir := t.TempDir()
	c := &cache.Cache{Dir: filepath.Join(dir, "cache")}
	name := zipOf(t, filepath.Join(dir, "x.zip"), "a", "b")
	mtime := time.Unix(1_700_000_000, 0)
	if err := os.Chtimes(name, mtime, mtime); err != nil {
		t.Fatal(err)
	}
	for i, said := range []int{1, 0, 0} {
		paths, n, err := open(t, c, name, cache.Options{})
		if err != nil || !slices.Equal(paths, []string{"a", "b"}) || len(n) != said {
			t.Errorf("%d: %q, %q, %v", i, paths, n, err)
		}
	}
	zipOf(t, name, "c", "d")
	if err := os.Chtimes(name, mtime, mtime); err != nil {
		t.Fatal(err)
	}
	paths, n, err := open(t, c, name, cache.Options{})
	if err != nil || !slices.Equal(paths, []string{"c", "d"}) || len(n) != 1 {
		t.Errorf("changed: %q, %q, %v", paths, n, err)
	}
	err = filepath.WalkDir(c.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := d.Info()
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if fi.Mode().Perm() != want {
			t.Errorf("%s: %v", path, fi.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Several that need the same file at once convert it once.
func TestAtOnce(t *testing.T) {
	dir := t.TempDir()
	name := zipOf(t, filepath.Join(dir, "x.zip"), "a", "b")
	var n notices
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			c := &cache.Cache{Dir: filepath.Join(dir, "cache")}
			a, err := c.Open(t.Context(), name, cache.Options{Notice: n.add})
			if err != nil {
				t.Error(err)
				return
			}
			defer a.Close()
			if a.Index().Len() != 2 || !a.Converted {
				t.Error("another archive")
			}
		})
	}
	all.Wait()
	if len(n.list) != 1 {
		t.Errorf("%q", n.list)
	}
}

// A conversion that fails or is stopped leaves nothing.
func TestFails(t *testing.T) {
	dir := t.TempDir()
	c := &cache.Cache{Dir: filepath.Join(dir, "cache")}
	name := zipOf(t, filepath.Join(dir, "x.zip"), "a", "b")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	short := filepath.Join(dir, "short.zip")
	if err := os.WriteFile(short, b[:len(b)-4], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := open(t, c, short, cache.Options{}); err == nil ||
		!strings.HasPrefix(err.Error(), short+": ") {
		t.Error(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	_, err = c.Open(ctx, name, cache.Options{Notice: func(error) { stop() }})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	// A file that changes while it is read.
	_, err = c.Open(context.Background(), name, cache.Options{Notice: func(error) {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(" "); err != nil {
			t.Fatal(err)
		}
	}})
	if err == nil {
		t.Error("a file that changed was converted")
	}
	if l := left(t, c.Dir); len(l) > 0 {
		t.Errorf("left %q", l)
	}
}

// Entries that are refused are named once, and then counted.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	c := &cache.Cache{Dir: filepath.Join(dir, "cache")}
	names := []string{"good"}
	for range 12 {
		names = append(names, "../"+strings.Repeat("x", len(names)))
	}
	name := zipOf(t, filepath.Join(dir, "x.zip"), names...)
	_, said, err := open(t, c, name, cache.Options{})
	if err != nil || len(said) != 12 ||
		!strings.HasSuffix(said[11], ": 2 entries were left out or changed as well") {
		t.Errorf("%q, %v", said, err)
	}
	_, said, err = open(t, c, name, cache.Options{})
	if err != nil || len(said) != 1 ||
		said[0] != name+": 12 entries were left out or changed when it was converted" {
		t.Errorf("%q, %v", said, err)
	}
	name = zipOf(t, filepath.Join(dir, "y.zip"), "good", "../\xff", "../b")
	for range 2 { // converted, and from the cache
		a, err := c.Open(context.Background(), name, cache.Options{})
		if err != nil || !slices.Equal(a.RefusedPaths, []string{"../\xff", "../b"}) {
			t.Fatalf("%q, %v", a.RefusedPaths, err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}

// What is no archive, and can't be or must not be converted, leaves nothing behind.
func TestNotArchive(t *testing.T) {
	dir := t.TempDir()
	c := &cache.Cache{Dir: filepath.Join(dir, "cache")}
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	zipped := zipOf(t, filepath.Join(dir, "x.zip"), "a")
	for _, test := range []struct {
		name      string
		noConvert bool
	}{{text, false}, {text, true}, {zipped, true}, {dir, false}} {
		_, said, err := open(t, c, test.name, cache.Options{NoConvert: test.noConvert})
		if !errors.Is(err, format.ErrNotArchive) || len(said) > 0 {
			t.Errorf("%+v: %v, %q", test, err, said)
		}
	}
	if l := left(t, c.Dir); len(l) > 0 {
		t.Errorf("left %q", l)
	}
}

// The index of an archive without one is kept, and nothing is written beside the archive.
func TestKeepIndex(t *testing.T) {
	name := tartest.Pack(t, tartest.OptionsTree(t), pack.Options{})
	other := tartest.Pack(t, t.TempDir(), pack.Options{})
	c := &cache.Cache{Dir: filepath.Join(t.TempDir(), "cache")}
	good := tartest.Read(t, name+format.SidecarSuffix)
	for _, state := range []string{"missing", "stale"} {
		if err := os.Remove(name + format.SidecarSuffix); err != nil {
			t.Fatal(err)
		}
		if state == "stale" {
			tartest.WriteFile(t, name+format.SidecarSuffix, tartest.Read(t, other+format.SidecarSuffix))
		}
		before := left(t, filepath.Dir(name))
		for i := range 2 {
			a, err := c.Open(t.Context(), name, cache.Options{KeepIndex: true})
			if err != nil {
				t.Fatal(err)
			}
			if a.IndexRebuilt() || a.Sidecar == nil || a.Converted {
				t.Errorf("%s, %d: rebuilt %v", state, i, a.IndexRebuilt())
			}
			if got := tartest.Read(t, a.Sidecar.Name()); !bytes.Equal(got, good) {
				t.Errorf("%s: another index", state)
			}
			a.Close()
		}
		if after := left(t, filepath.Dir(name)); !slices.Equal(before, after) {
			t.Errorf("%q, before %q", after, before)
		}
		tartest.WriteFile(t, name+format.SidecarSuffix, good)
	}
}

// checkTrust requires that files without a signature are refused, and not converted.
func checkTrust(t *testing.T, names ...string) {
	t.Helper()
	trust := &signature.Trust{Key: tartest.NewKey(t).Public()}
	c := &cache.Cache{Dir: filepath.Join(t.TempDir(), "cache")}
	for _, name := range names {
		_, err := c.Open(t.Context(), name, cache.Options{Trust: trust, KeepIndex: true})
		if kept := left(t, c.Dir); !errors.Is(err, signature.ErrUnsigned) || len(kept) > 0 {
			t.Error(kept, err)
		}
	}
}

// A tar with the modification time of a file that did not change since is used from the cache under
// any of its names.
func TestNames(t *testing.T) {
	dir := t.TempDir()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := errors.Join(w.WriteHeader(&tar.Header{Name: "a", Mode: 0o644}), w.Close()); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "x.tar")
	link := filepath.Join(dir, "link.tar")
	filetest.NeedSymlinks(t)
	if err := errors.Join(os.WriteFile(name, b.Bytes(), 0o600), os.Symlink(name, link)); err != nil {
		t.Fatal(err)
	}
	c := &cache.Cache{Dir: filepath.Join(dir, "cache")}
	if _, n, err := open(t, c, name, cache.Options{}); err != nil || len(n) != 1 {
		t.Error(n, err)
	}
	if _, n, err := open(t, c, link, cache.Options{}); err != nil || len(n) != 0 {
		t.Error(n, err)
	}
}
