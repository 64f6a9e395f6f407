package osfile_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/internal/osfile"
)

func write(t *testing.T, name, content string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func open(t *testing.T, name string, flag int) *os.File {
	t.Helper()
	f, err := osfile.OpenFile(name, flag, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func content(t *testing.T, r io.ReaderAt) string {
	t.Helper()
	b := make([]byte, 10)
	n, err := r.ReadAt(b, 0)
	if err != io.EOF {
		t.Fatal(err)
	}
	return string(b[:n])
}

// TestOpenFileIsReplaced: an open file can be replaced by its name, by one that is open too, and
// can be removed. It keeps its content, also where it can be mapped.
func TestOpenFileIsReplaced(t *testing.T) {
	dir := t.TempDir()
	name, next := write(t, filepath.Join(dir, "a"), "old"), write(t, filepath.Join(dir, "b"), "new")
	old := open(t, name, os.O_RDONLY)
	m, mapErr := osfile.Map(old, 3, 0)
	if mapErr != nil && !errors.Is(mapErr, errors.ErrUnsupported) {
		t.Fatal(mapErr)
	}
	source := open(t, next, os.O_RDWR)
	if err := osfile.Rename(next, name); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(name); string(b) != "new" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := os.Lstat(next); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
	if got := content(t, old) + content(t, source); got != "oldnew" {
		t.Errorf("%q", got)
	}
	if err := os.Remove(name); err != nil {
		t.Error(err)
	}
	if mapErr == nil {
		if string(m) != "old" {
			t.Errorf("%q", m)
		}
		if err := m.Unmap(); err != nil {
			t.Error(err)
		}
	}
}

// TestOpenFileFlags: the flags mean what they do in package os.
func TestOpenFileFlags(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	if _, err := osfile.OpenFile(name, os.O_RDWR, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	f := open(t, name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if _, err := f.WriteString("text"); err != nil {
		t.Error(err)
	}
	_, err := osfile.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0)
	if !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	if got := content(t, open(t, name, os.O_RDWR|os.O_CREATE)); got != "text" {
		t.Errorf("%q", got)
	}
	if got := content(t, open(t, name, os.O_RDWR|os.O_TRUNC)); got != "" {
		t.Errorf("%q", got)
	}
	if _, err := open(t, name, os.O_RDONLY).WriteString("x"); err == nil {
		t.Error("written to a file that was opened for reading")
	}
}

// TestUnnamed: a temporary file is gone when it is closed.
func TestUnnamed(t *testing.T) {
	dir := t.TempDir()
	f, err := osfile.CreateUnnamed(dir, "x-*")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("text"); err != nil || content(t, f) != "text" {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if names, err := os.ReadDir(dir); len(names) > 0 || err != nil {
		t.Errorf("%v, %v", names, err)
	}
}

// TestLock: locks of two descriptors, and changing the kind of one.
func TestLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	a, b := open(t, name, os.O_RDWR|os.O_CREATE), open(t, name, os.O_RDWR)
	for _, step := range []struct {
		f    *os.File
		kind osfile.Lock
		want bool
	}{
		{a, osfile.Exclusive, true}, {b, osfile.Shared, false}, {b, osfile.Exclusive, false},
		{a, osfile.Shared, true}, {b, osfile.Shared, true}, {a, osfile.Exclusive, false},
	} {
		if ok, err := osfile.TryLock(step.f, step.kind); ok != step.want || err != nil {
			t.Errorf("%+v: %v, %v", step, ok, err)
		}
	}
	if err := errors.Join(osfile.Unlock(a), osfile.Unlock(b)); err != nil {
		t.Error(err)
	}
	if ok, err := osfile.TryLock(a, osfile.Exclusive); !ok || err != nil {
		t.Error(ok, err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if ok, err := osfile.TryLock(b, osfile.Exclusive); !ok || err != nil {
		t.Error(ok, err)
	}
}

// TestIdentify: two names of a file have one identity, other files and directories have others.
func TestIdentify(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	write(t, filepath.Join(dir, "a"), "x")
	write(t, filepath.Join(dir, "other"), "x")
	if err := errors.Join(os.Link(filepath.Join(dir, "a"), filepath.Join(dir, "b")),
		os.Mkdir(filepath.Join(dir, "d"), 0o700)); err != nil {
		t.Fatal(err)
	}
	id := map[string]osfile.Identity{}
	for _, name := range []string{"a", "b", "other", "d", "."} {
		fi, err := root.Lstat(name)
		if err != nil {
			t.Fatal(err)
		}
		id[name], err = osfile.Identify(root, name, fi)
		if err != nil || id[name] == (osfile.Identity{}) {
			t.Errorf("%s: %v, %v", name, id[name], err)
		}
	}
	if id["a"] != id["b"] || id["a"] == id["other"] || id["d"] == id["."] {
		t.Error(id)
	}
	f := open(t, filepath.Join(dir, "a"), os.O_RDONLY)
	fi, err := f.Stat()
	if n := osfile.Links(f, fi); n != 2 || err != nil {
		t.Errorf("%d links, %v", n, err)
	}
}

// TestPending: the file appears when it is complete, or not at all.
func TestPending(t *testing.T) {
	dir := t.TempDir()
	name := write(t, filepath.Join(dir, "f"), "old")
	for _, replace := range []bool{false, true} {
		p, err := osfile.NewPending(dir, ".new-")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.WriteString("new"); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(name); string(b) != "old" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		if replace {
			err = p.Replace(name)
		}
		if err := errors.Join(err, p.Cleanup()); err != nil {
			t.Error(err)
		}
		if names, err := os.ReadDir(dir); len(names) != 1 || err != nil {
			t.Errorf("%v, %v", names, err)
		}
	}
	if b, err := os.ReadFile(name); string(b) != "new" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

// TestSpace: a file system has a size, and no more room than that.
func TestSpace(t *testing.T) {
	size, free, ok := osfile.Space(t.TempDir())
	if !ok || size <= 0 || free < 0 || free > size {
		t.Error(size, free, ok)
	}
	if _, _, ok := osfile.Space(filepath.Join(t.TempDir(), "none")); ok {
		t.Error("the size of what isn't there")
	}
	if err := osfile.SyncDir(t.TempDir()); err != nil {
		t.Error(err)
	}
}
