//go:build linux

package pack

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
	"golang.org/x/sys/unix"
)

// TestUnreadable packs, as a user other than root, files and directories that this user may not
// read.
func TestUnreadable(t *testing.T) {
	tools.Root(t)
	for _, c := range []struct {
		name string
		tree trees.Tree
		bad  string // the path that the error must name
	}{
		{"file", trees.Tree{trees.File("a", "a"), trees.File("dir/secret", "s").Perm(0)}, "dir/secret"},
		{"big file", trees.Tree{trees.File("a", "a"), trees.Sparse("secret", 20<<20, "").Perm(0o200)},
			"secret"},
		{"directory to list", trees.Tree{trees.Dir("dir").Perm(0o311), trees.File("dir/a", "a")}, "dir"},
		{"directory to enter", trees.Tree{trees.Dir("dir").Perm(0o644), trees.File("dir/a", "a")}, "dir"},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := tools.Dir(t)
			dir, out := filepath.Join(base, "tree"), filepath.Join(base, "out")
			fixture.WriteTree(t, c.tree, dir)
			if err := errors.Join(os.Mkdir(out, 0o777), os.Chmod(out, 0o777)); err != nil {
				t.Fatal(err)
			}
			archive := filepath.Join(out, "a.tar.gz")
			r := tools.Run(t, tools.As(exec.Command(fixture.PublicTPK(t, base), "pack", dir, archive),
				tools.Nobody))
			fixture.Failed(t, r, c.bad, "permission denied")
			fixture.NothingIn(t, out)
		})
	}
}

// TestSourceChanges changes a large file when pack has begun to read it. Either the archive holds
// the file as it was, or pack names the file in an error and leaves nothing.
func TestSourceChanges(t *testing.T) {
	const size = 48 << 20
	for _, c := range []struct {
		name   string
		change func(name string) error
	}{
		{"grows", func(name string) error { return appendTo(name, "more") }},
		{"shrinks", func(name string) error { return os.Truncate(name, size/2) }},
		{"is emptied", func(name string) error { return os.Truncate(name, 0) }},
		{"is overwritten", func(name string) error { return writeAt(name, size-10, "other") }},
		{"is replaced", func(name string) error {
			return errors.Join(os.WriteFile(name+".new", []byte("another file"), 0o644),
				os.Rename(name+".new", name))
		}},
		{"vanishes", os.Remove},
		{"becomes a directory", func(name string) error {
			return errors.Join(os.Remove(name),
				os.Mkdir(name, 0o755))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := tools.Dir(t)
			dir, out := filepath.Join(base, "tree"), filepath.Join(base, "out")
			big := filepath.Join(dir, "big")
			was := fixture.WriteTree(t,
				trees.Tree{trees.File("a", "a"), trees.Sparse("big", size, "the end"),
					trees.File("sub/z", "z")}, dir)
			archive := filepath.Join(out, "a.tar.gz")
			if err := os.Mkdir(out, 0o755); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(tools.TPK(t), "pack", "--workers", "1", "--level", "9", dir, archive)
			r := whileReading(t, cmd, big, func() error { return c.change(big) })
			if r.Code == 0 {
				// pack had read the file already, or still had it open after it was unlinked.
				x := filepath.Join(base, "x")
				tools.Must(t, exec.Command(tools.TPK(t), "extract", "-C", x, archive))
				got := fixture.ReadTree(t, x)
				if got["big"].Sum != was["big"].Sum {
					t.Errorf("packed without an error, and is not what it was: %v", got["big"])
				}
				t.Log("packed as it was")
				return
			}
			fixture.Failed(t, r, "big")
			fixture.NothingIn(t, out)
		})
	}
}

// whileReading runs cmd, and calls change when cmd has read from file for the first time.
func whileReading(t *testing.T, cmd *exec.Cmd, file string, change func() error) tools.Result {
	t.Helper()
	reads := tools.NewWatch(t, file, tools.WatchRead)
	changed := make(chan error, 1)
	go func() {
		_, err := reads.Next()
		if err == nil {
			err = change()
		}
		changed <- err
	}()
	r := tools.Run(t, cmd)
	reads.Stop()
	if err := <-changed; err != nil {
		t.Fatalf("%s was not read, or not changed: %v: %v", file, err, r)
	}
	return r
}

func appendTo(name, text string) error {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

func writeAt(name string, off int64, text string) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(text), off)
	return errors.Join(err, f.Close())
}

// TestBusyTree packs a tree while its files are created, rewritten and removed. If pack succeeds
// the archive is valid; if it fails it names one path and leaves nothing.
func TestBusyTree(t *testing.T) {
	base := tools.Dir(t)
	dir, out := filepath.Join(base, "tree"), filepath.Join(base, "out")
	fixture.WriteTree(t, trees.Crowd(500), dir)
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	reads := tools.NewWatch(t, filepath.Join(dir, "crowd"), tools.WatchRead)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for n := 0; ; n++ {
			if _, err := reads.Next(); err != nil {
				return
			}
			if n%40 != 0 { // a pack reads some 500 times
				continue
			}
			i := n / 40
			name := filepath.Join(dir, "crowd", fmt.Sprintf("%05d", i%700))
			os.WriteFile(name, bytes.Repeat([]byte{byte(i)}, i%3000), 0o644) // fails for a directory
			if i%3 == 0 {
				os.Remove(name)
			}
		}
	}()
	archive := filepath.Join(out, "a.tar.gz")
	ok := 0
	for range 20 {
		if r := fixture.Run(t, "pack", dir, archive); r.Code != 0 {
			fixture.Failed(t, r, "crowd/")
			if ok == 0 {
				fixture.NothingIn(t, out)
			}
			continue
		}
		ok++
		if r := fixture.Run(t, "verify", archive); r.Code != 0 {
			t.Error(r)
		}
		tools.Must(t, exec.Command("tar", "tzf", archive))
	}
	reads.Stop()
	<-stopped
	t.Logf("%d of 20 packs found a tree at rest", ok)
}

// TestSpecial packs FIFOs, sockets and a device. They are left out with a warning. With --special
// only the sockets are.
func TestSpecial(t *testing.T) {
	tools.Root(t) // a device
	base := tools.Dir(t)
	dir := filepath.Join(base, "tree")
	snap := fixture.WriteTree(t, trees.Special(), dir)
	archive := filepath.Join(base, "a.tar.gz")
	for _, c := range []struct {
		flags    []string
		left     []string // left out, each with a warning
		leftover func(p string, st trees.State) bool
	}{
		{nil, []string{"fifo", "dir/fifo", "dir/fifo-too", "socket", "dir/socket", "null"},
			func(_ string, st trees.State) bool {
				return st.Kind != trees.KindFile && st.Kind != trees.KindDir
			}},
		{[]string{"--special"}, []string{"socket", "dir/socket"},
			func(_ string, st trees.State) bool { return st.Kind == trees.KindSocket }},
	} {
		r := fixture.Run(t, append(append([]string{"pack"}, c.flags...), dir, archive)...)
		if r.Code != 0 || len(r.Out) > 0 {
			t.Fatal(r)
		}
		if lines := strings.Count(string(r.Err), "\n"); lines != len(c.left) {
			t.Errorf("%d lines, want %d: %v", lines, len(c.left), r)
		}
		for _, p := range c.left {
			if !bytes.Contains(r.Err, []byte(p+": ")) {
				t.Errorf("no warning names %s: %v", p, r)
			}
		}
		for _, program := range []string{"tar", "bsdtar"} {
			x := tools.Dir(t)
			fixture.Untar(t, program, archive, x)
			fixture.Diff(t, snap.Without(c.leftover), x, trees.Rules{Merged: true})
		}
	}
}

// TestOwner packs with and without --preserve-owner, which keeps the owners of files.
func TestOwner(t *testing.T) {
	tools.Root(t)
	base := tools.Dir(t)
	dir := filepath.Join(base, "tree")
	fixture.WriteTree(t, trees.Tree{trees.File("f", "x"), trees.File("same", "x"), trees.Dir("d"),
		trees.Symlink("l", "f"), trees.File("big-ids", "y")}, dir)
	owners := map[string]int{"f": 1234, "same": 0, "d": 65534, "l": 99, "big-ids": 3_000_000}
	for name, id := range owners {
		if err := os.Lchown(filepath.Join(dir, name), id, id+1); err != nil {
			t.Fatal(err)
		}
	}
	archive := filepath.Join(base, "a.tar.gz")
	for _, keep := range []bool{false, true} {
		fixture.Pack(t, dir, archive, fmt.Sprintf("--preserve-owner=%v", keep))
		for _, program := range []string{"tar", "bsdtar"} {
			x := tools.Dir(t)
			fixture.Untar(t, program, archive, x)
			for name, id := range owners {
				var st unix.Stat_t
				if err := unix.Lstat(filepath.Join(x, name), &st); err != nil {
					t.Fatal(err)
				}
				want := [2]int{}
				if keep {
					want = [2]int{id, id + 1}
				}
				if got := [2]int{int(st.Uid), int(st.Gid)}; got != want {
					t.Errorf("%s, --preserve-owner=%v: %s belongs to %v, want %v", program, keep, name, got, want)
				}
			}
		}
	}
}
