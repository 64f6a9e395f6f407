package edit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/internal/filetest"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// A world is a directory that changes at random. Archives are compared with it.
type world struct {
	t   testing.TB
	rnd *rand.Rand
	dir string
}

var worldNames = []string{"a", "b", "c", "d-1", "e", "f\xff", "ü", strings.Repeat("long", 30)}

func newWorld(t testing.TB, rnd *rand.Rand) *world {
	w := &world{t: t, rnd: rnd, dir: t.TempDir()}
	for range 30 {
		w.change()
	}
	w.settle()
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// paths returns the paths in it.
func (w *world) paths(keep func(fs.DirEntry) bool) (all []string) {
	w.check(filepath.WalkDir(w.dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && name != w.dir && keep(d) {
			rel, _ := filepath.Rel(w.dir, name)
			all = append(all, rel)
		}
		return err
	}))
	return all
}

func (w *world) pick(keep func(fs.DirEntry) bool) string {
	all := w.paths(keep)
	if len(all) == 0 {
		return ""
	}
	return all[w.rnd.IntN(len(all))]
}

func anything(fs.DirEntry) bool { return true }

func isDir(d fs.DirEntry) bool { return d.IsDir() }

func isFile(d fs.DirEntry) bool { return d.Type().IsRegular() }

func (w *world) at(p string) string { return filepath.Join(w.dir, p) }

// content returns one of a few contents, which differ in size.
func (w *world) content() []byte {
	n := w.rnd.IntN(12)
	switch n {
	case 0:
		return nil
	case 1:
		return bytes.Repeat([]byte("segmented content\n"), 80_000)
	case 2:
		b := make([]byte, 70_000)
		for i, r := 0, rand.New(rand.NewPCG(7, 7)); i < len(b); i++ {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	return bytes.Repeat([]byte{byte('a' + n), '\n'}, n*97)
}

// change makes one random change to the directory.
func (w *world) change() {
	where := filepath.Join(w.pick(isDir), worldNames[w.rnd.IntN(len(worldNames))])
	switch k := w.rnd.IntN(12); k {
	case 0, 1, 2, 3, 4:
		w.check(os.RemoveAll(w.at(where)))
		w.check(os.WriteFile(w.at(where), w.content(), 0o644))
		w.check(os.Chmod(w.at(where), []os.FileMode{0o644, 0o600, 0o755}[w.rnd.IntN(3)]))
		w.stamp(where)
	case 5, 6:
		w.check(os.RemoveAll(w.at(where)))
		w.check(os.Mkdir(w.at(where), 0o755))
		w.check(os.Chmod(w.at(where), []os.FileMode{0o755, 0o755, 0o700, 0o644}[w.rnd.IntN(4)]))
	case 7:
		filetest.NeedSymlinks(w.t)
		w.check(os.RemoveAll(w.at(where)))
		w.check(os.Symlink(worldNames[w.rnd.IntN(3)], w.at(where)))
	case 8:
		if from := w.pick(isFile); from != "" && !strings.HasPrefix(from+"/", where+"/") {
			w.check(os.RemoveAll(w.at(where)))
			w.check(os.Link(w.at(from), w.at(where)))
		}
	case 9:
		if f := w.pick(isFile); f != "" {
			w.stamp(f)
		}
	case 10, 11:
		if p := w.pick(anything); p != "" {
			w.check(os.RemoveAll(w.at(p)))
		}
	}
}

func (w *world) stamp(p string) {
	at := time.Unix(1_700_000_000+int64(w.rnd.IntN(3)), 0)
	w.check(os.Chtimes(w.at(p), at, at))
}

// settle sets the same time for all directories and links.
func (w *world) settle() {
	for _, p := range w.paths(func(d fs.DirEntry) bool { return !d.Type().IsRegular() }) {
		w.check(filetest.Lutimes(w.at(p), 1_600_000_000))
	}
}

// sameArchive compares an archive and its sidecar with those that pack makes of the directory.
func (w *world) sameArchive(name, why string) {
	w.t.Helper()
	want := tartest.Pack(w.t, w.dir, pack.Options{})
	for _, suffix := range []string{"", format.SidecarSuffix} {
		a, err := os.ReadFile(want + suffix)
		w.check(err)
		b, err := os.ReadFile(name + suffix)
		w.check(err)
		if !bytes.Equal(a, b) {
			w.t.Fatalf("%s: the archive%s is not what pack makes\n  %s\nwant\n  %s", why, suffix,
				strings.Join(tartest.Listing(w.t, name), "\n  "),
				strings.Join(tartest.Listing(w.t, want), "\n  "))
		}
	}
}

// After any sequence of edits an archive has the same bytes as one packed from the tree.
func TestEditedIsAsPacked(t *testing.T) {
	ctx := context.Background()
	seeds := uint64(25)
	if testing.Short() {
		seeds = 5
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := newWorld(t, rand.New(rand.NewPCG(seed, 1)))
			name := tartest.Pack(t, w.dir, pack.Options{})
			for range 6 {
				w.step(ctx, name)
			}
		})
	}
}

// step makes the same change to the directory and, by one function, to the archive.
func (w *world) step(ctx context.Context, name string) {
	switch w.rnd.IntN(5) {
	case 0, 1:
		for range w.rnd.IntN(8) {
			w.change()
		}
		w.settle()
		o := edit.UpdateOptions{Checksum: w.rnd.IntN(2) == 0}
		o.DryRun = true
		dry, err := edit.Update(ctx, name, w.dir, o)
		w.check(err)
		o.DryRun = false
		res, err := edit.Update(ctx, name, w.dir, o)
		w.check(err)
		w.sameArchive(name, "update")
		if dry.Changes != res.Changes || res.Written != (res.Added+res.Changed+res.Removed > 0) {
			w.t.Errorf("the dry run said %+v, there were %+v", dry.Changes, res)
		}
	case 2:
		var words []string
		for range 1 + w.rnd.IntN(3) {
			if p := w.pick(anything); p != "" {
				words = append(words, p)
			}
		}
		if len(words) == 0 {
			return
		}
		_, err := edit.Remove(ctx, name, words, edit.RemoveOptions{})
		w.check(err)
		for _, p := range words {
			w.check(os.RemoveAll(w.at(p)))
		}
		w.settle()
		w.sameArchive(name, "rm")
	case 3:
		_, err := edit.Compact(ctx, name, edit.CompactOptions{})
		w.check(err)
		w.sameArchive(name, "compact")
	case 4:
		other := newWorld(w.t, w.rnd)
		o := edit.AddOptions{Replace: w.rnd.IntN(2) == 0}
		_, err := edit.Add(ctx, name, []string{other.dir}, o)
		w.check(err)
		w.overlay(other, o.Replace)
		w.sameArchive(name, fmt.Sprintf("add, replace %v", o.Replace))
	}
}

// overlay copies the files of another world into this one.
func (w *world) overlay(other *world, replace bool) {
	type id struct{ dev, ino uint64 }
	first := map[id]string{}
	blocked := func(p string) bool { // below a path that is not a directory here
		for d := filepath.Dir(p); d != "."; d = filepath.Dir(d) {
			if fi, err := os.Lstat(w.at(d)); err == nil && !fi.IsDir() {
				return true
			}
		}
		return false
	}
	for _, p := range other.paths(anything) {
		fi, err := os.Lstat(other.at(p))
		w.check(err)
		now, err := os.Lstat(w.at(p))
		exists := err == nil
		if blocked(p) || exists && !replace {
			continue
		}
		if exists && !(fi.IsDir() && now.IsDir()) {
			w.check(os.RemoveAll(w.at(p)))
		}
		switch {
		case fi.IsDir():
			if !exists || !now.IsDir() {
				w.check(os.Mkdir(w.at(p), 0o755))
			}
			w.check(os.Chmod(w.at(p), fi.Mode().Perm()))
		case fi.Mode()&fs.ModeSymlink != 0:
			text, err := os.Readlink(other.at(p))
			w.check(err)
			w.check(os.Symlink(text, w.at(p)))
		default:
			st := durable.StatOf(fi)
			if from, ok := first[id{st.Dev, st.Ino}]; ok {
				w.check(os.Link(w.at(from), w.at(p)))
				continue
			}
			first[id{st.Dev, st.Ino}] = p
			b, err := os.ReadFile(other.at(p))
			w.check(err)
			w.check(os.WriteFile(w.at(p), b, 0o644))
			w.check(os.Chmod(w.at(p), fi.Mode().Perm()))
			w.check(os.Chtimes(w.at(p), fi.ModTime(), fi.ModTime()))
		}
	}
	w.settle()
}

func TestMergeIsAsPacked(t *testing.T) {
	ctx := context.Background()
	for seed := range uint64(10) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		a, b := newWorld(t, rnd), newWorld(t, rnd)
		o := edit.MergeOptions{First: seed%2 == 0}
		out := filepath.Join(t.TempDir(), "merged.tar.gz")
		_, err := edit.Merge(ctx, out, []string{tartest.Pack(t, a.dir, pack.Options{}),
			tartest.Pack(t, b.dir, pack.Options{})}, o)
		if err != nil {
			t.Fatal(err)
		}
		a.overlay(b, !o.First)
		a.sameArchive(out, fmt.Sprintf("seed %d, merge, first %v", seed, o.First))
	}
}

func TestCompare(t *testing.T) {
	a := tartest.Open(t, tartest.Pack(t, tartest.Tree(t, [2]string{"same", "x"},
		[2]string{"content", "x"}, [2]string{"gone/x", "x"}, [2]string{"link", "-> same"},
		[2]string{"turns", "x"}, [2]string{"a/b", "x"}), pack.Options{}))
	b := tartest.Open(t, tartest.Pack(t, tartest.Tree(t, [2]string{"same", "x"},
		[2]string{"content", "y"}, [2]string{"link", "-> other"},
		[2]string{"turns/into", "x"}, [2]string{"a-b", "x"}, [2]string{"a/b", "x"}),
		pack.Options{}))
	var got []string
	err := tarpack.Compare(context.Background(), a, b, func(d tarpack.Difference) error {
		d.What = slices.DeleteFunc(d.What, func(s string) bool { return s == "mtime" })
		if d.Kind != format.Changed || len(d.What) > 0 {
			got = append(got, differenceLine(d))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"added a-b", "changed content (content)", "removed gone", "removed gone/x",
		"changed link (link)", "changed turns (type, mode)", "added turns/into"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// An error of reading an index names its archive.
func TestCompareDamaged(t *testing.T) {
	for damaged := range 2 {
		var archives [2]*tarpack.Archive
		for i := range archives {
			var files [][2]string
			for k := range 300 {
				files = append(files, [2]string{fmt.Sprintf("%04d", k), ""})
			}
			archives[i] = tartest.Open(t, tartest.Pack(t, tartest.Tree(t, files...), pack.Options{}))
		}
		name := archives[damaged].Name()
		if err := os.Truncate(name+format.SidecarSuffix, 4096); err != nil {
			t.Fatal(err)
		}
		err := tarpack.Compare(context.Background(), archives[0], archives[1],
			func(tarpack.Difference) error { return nil })
		if !errors.Is(err, sidecar.ErrCorrupt) || !strings.HasPrefix(err.Error(), name+": ") {
			t.Errorf("the index of archive %d is cut: %v", damaged, err)
		}
	}
}

func TestRemoveWords(t *testing.T) {
	ctx := context.Background()
	dir := tartest.Tree(t, [2]string{"a.tmp", "1"}, [2]string{"b/c.tmp", "2"},
		[2]string{"b/d", "3"}, [2]string{"[x]", "4"}, [2]string{"x", "5"})
	for _, c := range []struct{ word, want string }{
		{"*.tmp", "[x] b/ b/c.tmp b/d x"},
		{"**/*.tmp", "[x] b/ b/d x"},
		{"b/", "[x] a.tmp x"},
		{"[x]", "a.tmp b/ b/c.tmp b/d x"}, // a path before it is a glob
		{"[x-z]", "[x] a.tmp b/ b/c.tmp b/d"},
		{"nothing", ""},
		{"*.none", ""},
		{"b/../x", "[x] a.tmp b/ b/c.tmp b/d"},
	} {
		name := tartest.Pack(t, dir, pack.Options{})
		before, _ := os.ReadFile(name)
		res, err := edit.Remove(ctx, name, []string{c.word}, edit.RemoveOptions{})
		if c.want == "" {
			after, _ := os.ReadFile(name)
			if !errors.Is(err, format.ErrNoEntry) || !bytes.Equal(before, after) {
				t.Errorf("%s: %v, %+v", c.word, err, res)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, line := range tartest.Listing(t, name) {
			got = append(got, strings.Fields(line)[1])
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q are left, want %s", c.word, got, c.want)
		}
	}
}

// differenceLine is a line of what differs.
func differenceLine(d tarpack.Difference) string {
	line := d.Kind.String() + " " + d.Path
	if len(d.What) > 0 {
		line += " (" + strings.Join(d.What, ", ") + ")"
	}
	return line
}
