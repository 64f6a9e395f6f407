package cache

import (
	"archive/zip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"
)

// A file that has no room in the directory is converted to a temporary file elsewhere. Nothing is
// left in either place.
func TestFullElsewhere(t *testing.T) {
	temp := t.TempDir()
	filetest.SetTempDir(t, temp)
	f, err := os.Create(filepath.Join(t.TempDir(), "a.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	if _, err := z.Create("a"); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	c := &Cache{Dir: filepath.Join(t.TempDir(), "cache")}
	if err := c.prepare(); err != nil {
		t.Fatal(err)
	}
	full, err := c.temporary(0)
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	o := &Options{Notice: func(err error) { said += err.Error() }}
	e, err := c.makeElsewhere(t.Context(), full, syscall.ENOSPC, f.Name(), f, o)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Dir(e.dir) != temp || !strings.Contains(said, "for this time only") ||
		!strings.Contains(said, "is full") {
		t.Errorf("%s, %q", e.dir, said)
	}
	a, err := e.open(t.Context(), f.Name(), o)
	if err != nil {
		t.Fatal(err)
	}
	if a.Index().Len() != 1 {
		t.Error(a.Index().Len())
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	// Without another place, the reason is the full directory.
	if full, err = c.temporary(0); err != nil {
		t.Fatal(err)
	}
	filetest.SetTempDir(t, filepath.Join(temp, "missing"))
	e, err = c.makeElsewhere(t.Context(), full, syscall.ENOSPC, f.Name(), f, o)
	if e != full || !errors.Is(err, syscall.ENOSPC) {
		t.Error(e, err)
	}
	if err := full.remove(); err != nil {
		t.Error(err)
	}
	for _, dir := range []string{temp, c.Dir} {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left in %s: %v %v", dir, left, err)
		}
	}
}

// A directory without room for a file gets nothing of it, and one notice gives the reason. What is
// not in use is removed only if that makes room enough.
func TestNoRoom(t *testing.T) {
	filetest.SetTempDir(t, t.TempDir())
	src := t.TempDir()
	c := &Cache{Dir: filepath.Join(t.TempDir(), "cache")}
	zipped := func(name string) (path string, size int64) {
		path = filepath.Join(src, name)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		z := zip.NewWriter(f)
		if _, err := z.Create(name); err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		if size, err = f.Seek(0, io.SeekCurrent); err != nil || f.Close() != nil {
			t.Fatal(err)
		}
		return path, size
	}
	entries := func() (names []string) {
		for _, k := range c.entries() {
			names = append(names, filepath.Base(k.dir))
		}
		return names
	}
	open := func(name string, notice string) {
		t.Helper()
		var said []string
		a, err := c.Open(t.Context(), name, Options{Notice: func(err error) {
			said = append(said, err.Error())
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		if a.Index().Len() != 1 || len(said) != 1 || !strings.Contains(said[0], notice) {
			t.Errorf("%s: %d entries, %q", name, a.Index().Len(), said)
		}
	}
	first, _ := zipped("first")
	open(first, "converting it once")
	kept := entries()
	second, size := zipped("second")
	c.available = func(string) int64 { return -1 << 30 } // more than the directory holds is missing
	open(second, c.Dir+" is full")
	if now := entries(); len(kept) != 1 || !slices.Equal(now, kept) {
		t.Errorf("kept %v, and then %v", kept, now)
	}
	c.available = func(dir string) int64 { // what the first takes is missing
		if slices.Equal(entries(), kept) || len(entries()) > 1 {
			return 2*size - 1
		}
		return 2 * size
	}
	open(second, "converting it once")
	if now := entries(); len(now) != 1 || slices.Equal(now, kept) {
		t.Errorf("kept %v, and then %v", kept, now)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left: %v %v", left, err)
	}
}
