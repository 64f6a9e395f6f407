package cache_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"

	"github.com/tarpack/tpk/tarpack/cache"
)

// Where nothing can be kept, files are converted all the same, and nothing is left.
func TestUnusableDirectory(t *testing.T) {
	dir := t.TempDir()
	temp := filepath.Join(dir, "temp")
	filetest.SetTempDir(t, temp)
	name := zipOf(t, filepath.Join(dir, "x.zip"), "a")
	file := filepath.Join(dir, "file")
	open777 := filepath.Join(dir, "open")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Mkdir(temp, 0o700),
		os.Mkdir(open777, 0o700), os.Chmod(open777, 0o777)); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"", file, filepath.Join(file, "below"), open777} {
		c := &cache.Cache{Dir: d}
		for range 2 {
			paths, n, err := open(t, c, name, cache.Options{})
			if err != nil || !slices.Equal(paths, []string{"a"}) || len(n) != 1 ||
				!strings.Contains(n[0], "can't be used") {
				t.Errorf("%q: %q, %q, %v", d, paths, n, err)
			}
		}
		if l := append(left(t, temp), left(t, open777)...); len(l) > 0 {
			t.Errorf("%q: left %q", d, l)
		}
	}
}

// What a killed process has left is not used, and is removed.
func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	c := &cache.Cache{Dir: filepath.Join(dir, "cache")}
	name := zipOf(t, filepath.Join(dir, "x.zip"), "a")
	if _, _, err := open(t, c, name, cache.Options{}); err != nil {
		t.Fatal(err)
	}
	notes, err := filepath.Glob(filepath.Join(c.Dir, "*", "entry.json"))
	if err != nil || len(notes) != 1 {
		t.Fatal(notes, err)
	}
	other := filepath.Join(c.Dir, strings.Repeat("ab", 32))
	foreign := filepath.Join(c.Dir, "project.lock") // not an entry
	if err := errors.Join(os.Remove(notes[0]), os.Mkdir(other, 0o700),
		os.WriteFile(other+".lock", nil, 0o600),
		os.WriteFile(filepath.Join(other, "x"), nil, 0o600), os.WriteFile(foreign, nil, 0o600),
		os.Mkdir(filepath.Join(c.Dir, "project"), 0o700)); err != nil {
		t.Fatal(err)
	}
	paths, n, err := open(t, c, name, cache.Options{})
	if err != nil || len(paths) != 1 || len(n) != 1 {
		t.Errorf("%q, %q, %v", paths, n, err)
	}
	if _, err := os.Stat(other + ".lock"); err == nil {
		t.Error("the other one is there")
	}
	if _, err := os.Stat(other); err == nil {
		t.Error("the other one is there")
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Error(err)
	}
	// A damaged entry is made again by the next.
	archives, err := filepath.Glob(filepath.Join(c.Dir, "*", "archive.tar.gz"))
	if err != nil || len(archives) != 1 {
		t.Fatal(archives, err)
	}
	if err := os.Truncate(archives[0], 10); err != nil {
		t.Fatal(err)
	}
	paths, n, err = open(t, c, name, cache.Options{})
	if err != nil || len(paths) != 1 || len(n) != 1 {
		t.Errorf("%q, %q, %v", paths, n, err)
	}
}

// Entries go when they take more than the limit, the least recently used first, and not while they
// are used.
func TestLimit(t *testing.T) {
	dir := t.TempDir()
	c := &cache.Cache{Dir: filepath.Join(dir, "cache"), Limit: 1}
	held := zipOf(t, filepath.Join(dir, "held.zip"), "h")
	a, err := c.Open(t.Context(), held, cache.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for _, n := range []string{"1", "2", "3"} {
		if _, _, err := open(t, c, zipOf(t, filepath.Join(dir, n), n), cache.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	kept := func() int {
		notes, err := filepath.Glob(filepath.Join(c.Dir, "*", "entry.json"))
		if err != nil {
			t.Fatal(err)
		}
		return len(notes)
	}
	if n := kept(); n != 2 {
		t.Errorf("%d entries, want the one in use and the last", n)
	}
	if _, n, err := open(t, c, held, cache.Options{}); err != nil || len(n) > 0 {
		t.Errorf("the one in use was removed: %q, %v", n, err)
	}
	c.Limit = 1 << 20
	for _, n := range []string{"1", "2", "3"} {
		if _, _, err := open(t, c, filepath.Join(dir, n), cache.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := kept(); n != 4 {
		t.Errorf("%d entries, want all", n)
	}
}
