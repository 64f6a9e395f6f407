package tree

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
)

// write creates files in a new directory. A name that ends in "/" is a directory.
func write(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		full := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(full), 0o755)
		if strings.HasSuffix(name, "/") {
			err = os.MkdirAll(full, 0o755)
		} else if err == nil {
			err = os.WriteFile(full, []byte(name), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// walk returns the paths that a walk of tr gives, with "|" for each EndDir, and its notices.
func walk(t *testing.T, w *Walker, tr *Tree) (paths, notices []string) {
	t.Helper()
	w.Notice = func(err error) { notices = append(notices, err.Error()) }
	w.Entry = func(e Entry) error {
		defer e.Dir.Release()
		paths = append(paths, e.Path())
		return nil
	}
	w.EndDir = func() error {
		paths = append(paths, "|")
		return nil
	}
	if err := w.Walk(context.Background(), tr); err != nil {
		t.Fatal(err)
	}
	return paths, notices
}

func open(t *testing.T, dir string) *Tree {
	t.Helper()
	tr, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Close)
	return tr
}

// Files come first, then links, then subdirectories, each sorted by bytes. Into is where they go,
// and Only selects one.
func TestWalkOrder(t *testing.T) {
	dir := write(t, "b", "a", "a.d/z", "a-", "B", "d/x/y", "d/x-", "c/")
	filetest.NeedSymlinks(t)
	if err := os.Symlink("a", filepath.Join(dir, "0link")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ into, only, want string }{
		{"", "", "B a a- b 0link | a.d a.d/z | c | d d/x- | d/x d/x/y |"},
		{"p/q", "",
			"p/q/B p/q/a p/q/a- p/q/b p/q/0link | p/q/a.d p/q/a.d/z | p/q/c | " +
				"p/q/d p/q/d/x- | p/q/d/x p/q/d/x/y |"},
		{"", "d", "| d d/x- | d/x d/x/y |"},
		{"p", "a", "p/a |"},
	} {
		tr := open(t, dir)
		tr.Into, tr.Only = c.into, c.only
		got, notices := walk(t, &Walker{}, tr)
		if s := strings.Join(got, " "); s != c.want || notices != nil {
			t.Errorf(
				"into %q, only %q: %s, want %s, notices %q",
				c.into,
				c.only,
				s,
				c.want,
				notices,
			)
		}
	}
}

// What is left out is reported, except for what was excluded and temporary files.
func TestWalkLeavesOut(t *testing.T) {
	dir := write(t, "keep", "out.tar.gz", ".out.tar.gz.tpk-tmp", "x.o", "sub/x.o", "skipped/f")
	if err := filetest.Mkfifo(filepath.Join(dir, "pipe")); err != nil && filetest.HasFIFOs {
		t.Fatal(err)
	}
	var patterns exclude.Patterns
	for _, glob := range []string{"*.o", "skipped/"} {
		if err := patterns.Add(glob); err != nil {
			t.Fatal(err)
		}
	}
	var skip []os.FileInfo
	for _, name := range []string{"out.tar.gz", ".out.tar.gz.tpk-tmp"} {
		fi, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		skip = append(skip, fi)
	}
	for _, special := range []bool{false, true} {
		got, notices := walk(
			t,
			&Walker{Exclude: &patterns, Skip: skip, Special: special},
			open(t, dir),
		)
		want, lines := []string{"keep", "|", "sub", "|"}, 2
		if special {
			want, lines = slices.Insert(want, 1, "pipe"), 1
		}
		if !slices.Equal(got, want) || len(notices) != lines ||
			!strings.HasPrefix(notices[0], "out.tar.gz: ") {
			t.Errorf("special %v: %q, %q", special, got, notices)
		}
	}
}

// A directory of many names is looked at by several goroutines, and gives the same list.
func TestListMany(t *testing.T) {
	var names []string
	for i := range 10 * lstatRun {
		names = append(names, fmt.Sprintf("f%04d", i))
	}
	tr := open(t, write(t, names...))
	d, err := tr.Top()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Root.Close()
	entries, err := (&Walker{}).List(d)
	if err != nil || len(entries) != len(names) {
		t.Fatal(len(entries), err)
	}
	for i, e := range entries {
		if e.Name != names[i] || e.Info.Name() != names[i] || e.Typ != sidecar.TypeFile {
			t.Fatalf("entry %d is %s, %s, want %s", i, e.Name, e.Info.Name(), names[i])
		}
	}
	// A name that is missing is in its error, whichever goroutine met it.
	names[70], names[500] = "gone1", "gone2"
	for i, f := range d.lstat(names) {
		isGone := strings.HasPrefix(names[i], "gone")
		if errors.Is(f.err, os.ErrNotExist) != isGone ||
			isGone && !strings.HasPrefix(f.err.Error(), names[i]+": ") {
			t.Errorf("%s: %v", names[i], f.err)
		}
	}
}

// A directory that was replaced since lstat is not entered.
func TestOpenDirReplaced(t *testing.T) {
	dir := write(t, "d/f", "other/f")
	tr := open(t, dir)
	top, err := tr.Top()
	if err != nil {
		t.Fatal(err)
	}
	defer top.Root.Close()
	entries, err := (&Walker{}).List(top)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(os.Rename(filepath.Join(dir, "d"), filepath.Join(dir, "was")),
		os.Rename(filepath.Join(dir, "other"), filepath.Join(dir, "d")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDir(top, entries[0]); !errors.Is(err, format.ErrChanged) {
		t.Error(err)
	}
}

// A mode without x for the owner closes a directory, and all below it.
func TestClosed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can enter such a directory")
	}
	dir := write(t, "shut/below/f", "open/f")
	if err := os.Chmod(filepath.Join(dir, "shut"), 0o600); err != nil {
		t.Fatal(err)
	}
	closed := map[string]bool{}
	w := &Walker{
		Entry: func(e Entry) error {
			closed[e.Path()] = e.Dir.Closed
			e.Dir.Release()
			return nil
		},
		EndDir: func() error { return nil },
	}
	if err := w.Walk(context.Background(), open(t, dir)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"shut": false, "shut/below": true, "shut/below/f": true, "open": false, "open/f": false,
	} {
		if closed[path] != want {
			t.Errorf("%s: %v, want %v", path, closed[path], want)
		}
	}
}

// Only names inside the trees make a file one of several names.
func TestInodes(t *testing.T) {
	dir, second := write(t, "a", "b", "alone", "outside"), write(t, "x/")
	for _, l := range [][2]string{
		{filepath.Join(dir, "a"), filepath.Join(dir, "a2")},
		{filepath.Join(dir, "b"), filepath.Join(second, "x/b2")},
		{filepath.Join(dir, "outside"), filepath.Join(t.TempDir(), "o")},
	} {
		if err := os.Link(l[0], l[1]); err != nil {
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	trees := []*Tree{open(t, dir), open(t, second)}
	var inodes Inodes
	got := map[string]string{}
	for _, tr := range trees {
		w := &Walker{
			Entry: func(e Entry) error {
				defer e.Dir.Release()
				if e.Typ != sidecar.TypeFile {
					return nil
				}
				ino, again, err := inodes.Of(ctx, &e, &Walker{}, trees...)
				got[e.Name] = fmt.Sprint(ino.Ino != 0, again)
				return err
			},
			EndDir: func() error { return nil },
		}
		if err := w.Walk(ctx, tr); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"a": "true false", "a2": "true true", "b": "true false", "b2": "true true",
		"alone": "false false", "outside": "false false",
	} {
		if got[name] != want {
			t.Errorf("%s: %s, want %s", name, got[name], want)
		}
	}
}

// A file is opened by its path in the archive, wherever the tree stands in it.
func TestTreeOpen(t *testing.T) {
	tr := open(t, write(t, "d/f"))
	for _, into := range []string{"", "p", "p/q"} {
		tr.Into = into
		f, err := tr.Open(strings.TrimPrefix(into+"/d/f", "/"))
		if err != nil {
			t.Errorf("in %q: %v", into, err)
			continue
		}
		f.Close()
	}
}
