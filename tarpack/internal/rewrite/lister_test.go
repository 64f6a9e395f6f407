package rewrite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// manyDirs is a tree of more directories than a lister lists ahead, and more files in one than it
// lists ahead.
func manyDirs(t *testing.T) string {
	var files [][2]string
	for i := range 3 * rewrite.LevelsAhead {
		files = append(files, [2]string{fmt.Sprintf("d%03d/e/f", i), fmt.Sprint(i)})
	}
	for i := range rewrite.PathsAhead + 100 {
		files = append(files, [2]string{fmt.Sprintf("d100/many/%05d", i), ""})
	}
	return tartest.Tree(t, files...)
}

// A walk that is stopped anywhere leaves no file open and no goroutine behind.
func TestListerStops(t *testing.T) {
	dir := manyDirs(t)
	name := tartest.Pack(t, dir, pack.Options{})
	was := tartest.Read(t, name)
	tartest.WriteFile(t, filepath.Join(dir, "z"), []byte("something to change"))
	stop := errors.New("stop")
	before := openUnder(t, dir)
	for _, n := range []int64{1, 2, 50, 300, rewrite.PathsAhead, rewrite.PathsAhead + 400} {
		ctx, cancel := context.WithCancelCause(context.Background())
		o := edit.UpdateOptions{Checksum: true}
		o.Progress = func(p format.Progress) {
			if p.Entries == n {
				cancel(stop)
			}
		}
		if _, err := edit.Update(ctx, name, dir, o); !errors.Is(err, stop) {
			t.Errorf("canceled after %d entries: %v", n, err)
		}
		cancel(nil)
		if got := openUnder(t, dir); got != before {
			t.Errorf("canceled after %d entries: %d files and directories are open, before %d", n,
				got, before)
		}
		if !bytes.Equal(tartest.Read(t, name), was) {
			t.Fatalf("canceled after %d entries: the archive is another", n)
		}
	}
	res, err := edit.Update(context.Background(), name, dir, edit.UpdateOptions{})
	if err != nil || res.Added != 1 || res.Changed != 0 {
		t.Errorf("%+v, %v", res.Changes, err)
	}
	if got := openUnder(t, dir); got != before {
		t.Errorf("%d files and directories are open, before %d", got, before)
	}
}

// openUnder counts the open files below a directory, if the system lists them.
func openUnder(t *testing.T, dir string) (n int) {
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("needs /proc/self/fd")
	}
	for _, fd := range fds {
		if target, _ := os.Readlink("/proc/self/fd/" + fd.Name()); strings.HasPrefix(target, dir) {
			n++
		}
	}
	return n
}

// What can't be listed fails the update with its path, and the archive stays.
func TestListerFails(t *testing.T) {
	dir := manyDirs(t)
	name := tartest.Pack(t, dir, pack.Options{})
	was := tartest.Read(t, name)
	tartest.WriteFile(t, filepath.Join(dir, "a"), []byte("something to change"))
	before := openUnder(t, dir)
	o := edit.UpdateOptions{}
	o.Progress = func(p format.Progress) {
		if p.Entries == 1 { // it is far from there yet
			if err := os.RemoveAll(filepath.Join(dir, "d150")); err != nil {
				t.Error(err)
			}
		}
	}
	_, err := edit.Update(context.Background(), name, dir, o)
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "d150: ") {
		t.Errorf("a directory that has gone: %v", err)
	}
	if !bytes.Equal(tartest.Read(t, name), was) {
		t.Error("the archive is another")
	}
	if got := openUnder(t, dir); got != before {
		t.Errorf("%d files and directories are open, before %d", got, before)
	}
}

// However many trees there are, few of their directories are open at a time.
func TestListerManyTrees(t *testing.T) {
	dir := t.TempDir()
	var trees []string
	for i := range 40 {
		tr := filepath.Join(dir, fmt.Sprint(i))
		trees = append(trees, tr)
		for j := range 30 {
			d := filepath.Join(tr, fmt.Sprintf("d%02d", j))
			if err := os.MkdirAll(d, 0o755); err != nil {
				t.Fatal(err)
			}
			tartest.WriteFile(t, filepath.Join(d, fmt.Sprint(i)), nil)
		}
	}
	name := tartest.Pack(t, tartest.Tree(t, [2]string{"x", "y"}), pack.Options{})
	o, most := edit.AddOptions{}, 0
	o.Progress = func(format.Progress) { most = max(most, openUnder(t, dir)) }
	if res, err := edit.Add(context.Background(), name, trees, o); err != nil ||
		res.Added != 40*30+30 {
		t.Errorf("%+v, %v", res.Changes, err)
	}
	// At most four directories of each tree are open: the tree itself, its top, the current
	// directory and the one that is listed. Levels that wait and entries in progress add to them.
	if most > 4*40+rewrite.DirsAhead+packer.Lookahead {
		t.Errorf("%d directories were open", most)
	}
	if n := openUnder(t, dir); n > 0 {
		t.Errorf("%d are still open", n)
	}

	// One of them goes away meanwhile.
	name = tartest.Pack(t, tartest.Tree(t, [2]string{"x", "y"}), pack.Options{})
	o.Progress = func(p format.Progress) {
		if p.Entries == 1 {
			if err := os.RemoveAll(filepath.Join(trees[20], "d29")); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := edit.Add(context.Background(), name, trees, o); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if n := openUnder(t, dir); n > 0 {
		t.Errorf("%d are still open after an error", n)
	}
}
