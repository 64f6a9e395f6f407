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

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/dedup"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// Appending keeps the bytes of the archive, except the end of T. New entries follow, and the result
// is like any other archive.
func TestAppend(t *testing.T) {
	first := tartest.Tree(t, [2]string{"a", "first"}, [2]string{"d/f", "some text"},
		[2]string{"d/link", "-> f"}, [2]string{"big", strings.Repeat("segmented\n", 200_000)})
	more := tartest.Tree(t, [2]string{"a", "ignored"}, [2]string{"d/copy", "some text"},
		[2]string{"d/g", "new"}, [2]string{"e/h/i", "deep"}, [2]string{"e/empty", ""})
	name := tartest.Pack(t, first, pack.Options{})
	before := tartest.Read(t, name)
	var told []string
	change := func(k format.ChangeKind, p string) { told = append(told, fmt.Sprint(k, " ", p)) }
	res := tartest.Append(t, name, edit.AddOptions{Change: change}, more)
	after := tartest.Read(t, name)
	if res.Added != 6 || res.Ignored != 1 || res.Kept != 5 ||
		res.ArchiveBytes != int64(len(after)) || !res.Written {
		t.Errorf("%+v", res)
	}
	want := strings.Split("added d/g,added d/copy,added e,added e/empty,added e/h,added e/h/i", ",")
	if slices.Compare(sorted(told), sorted(want)) != 0 {
		t.Errorf("told of %q", told)
	}
	at := len(before) - len(format.FormerTail)
	if !bytes.Equal(after[:at], before[:at]) || string(after[at:len(before)]) != format.FormerTail {
		t.Error("what was there has changed")
	}
	tartest.WantListing(t, name, "0 a 5", "0 big 2000000", "5 d/", "0 d/f 9", "2 d/link > f",
		"0 d/g 3", "1 d/copy > d/f", "5 e/", "0 e/empty", "5 e/h/", "0 e/h/i 4")

	// Nothing new: nothing is written.
	if res := tartest.Append(t, name, edit.AddOptions{}, more); res.Written || res.Ignored == 0 ||
		!bytes.Equal(tartest.Read(t, name), after) {
		t.Errorf("%+v", res)
	}
	// Again, below a directory that is created, and in an existing one.
	tartest.Append(t, name, edit.AddOptions{Into: "into/deeper"}, filepath.Join(more, "a"))
	tartest.Append(t, name, edit.AddOptions{Into: "e/h"}, filepath.Join(more, "a"))
	side := tartest.Read(t, name+format.SidecarSuffix)
	if err := os.Remove(name + format.SidecarSuffix); err != nil {
		t.Fatal(err)
	}
	tartest.Append(t, name, edit.AddOptions{}, more) // nothing to add, but the index is missing
	if !bytes.Equal(tartest.Read(t, name+format.SidecarSuffix), side) {
		t.Error("indexed anew, the archive has another index")
	}
}

// From before the archive grows until it is complete, a note beside it lets Recover cut off what a
// killed append has left.
func TestAppendLeavesNote(t *testing.T) {
	name := tartest.Pack(t, tartest.Tree(t, [2]string{"a", "first"}), pack.Options{})
	before := tartest.Read(t, name)
	killed := filepath.Join(t.TempDir(), "a.tar.gz") // as an append left it that was killed
	change := func(format.ChangeKind, string) {
		tartest.WriteFile(t, killed, append(tartest.Read(t, name), "half a member"...))
		tartest.WriteFile(t, format.TempName(killed), tartest.Read(t, format.TempName(name)))
	}
	tartest.Append(t, name, edit.AddOptions{Change: change},
		tartest.Tree(t, [2]string{"b", "second"}))
	if grown := tartest.Read(t, killed); len(grown) <= len(before) {
		t.Fatalf("%d bytes before and %d while it grows", len(before), len(grown))
	}
	if err := archivefile.Recover(killed); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(tartest.Read(t, killed), before) {
		t.Error("the archive is not what it was")
	}
	if _, err := os.Lstat(format.TempName(name)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after the append: %v", err)
	}
}

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}

// Compacting an archive that has grown several times gives the archive that pack makes of all
// files.
func TestAppendedIsAsPacked(t *testing.T) {
	ctx := context.Background()
	for seed := range uint64(8) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		all, name := newWorld(t, rnd), ""
		for _, p := range all.paths(isDir) { // files are added below these later
			all.check(os.Chmod(all.at(p), 0o755))
		}
		all.settle()
		name = tartest.Pack(t, all.dir, pack.Options{})
		for range 3 {
			more := newWorld(t, rnd)
			for _, p := range more.paths(isDir) {
				more.check(os.Chmod(more.at(p), 0o755))
			}
			tartest.Append(t, name, edit.AddOptions{}, more.dir)
			all.overlay(more, false)
		}
		if _, err := edit.Compact(ctx, name, edit.CompactOptions{}); err != nil {
			t.Fatal(err)
		}
		all.sameArchive(name, fmt.Sprintf("seed %d", seed))
	}
}

// A copy that has the maximum number of links gets no more of them.
func TestAppendManyLinks(t *testing.T) {
	var files, more [][2]string
	for i := range dedup.MaxLinks - 1 {
		files = append(files, [2]string{fmt.Sprintf("%04d", i), "the same"})
	}
	for i := range 5 {
		more = append(more, [2]string{fmt.Sprintf("x%d", i), "the same"})
	}
	name := tartest.Pack(t, tartest.Tree(t, files...), pack.Options{})
	tartest.Append(t, name, edit.AddOptions{}, tartest.Tree(t, more...))
	a := tartest.Open(t, name)
	links := map[uint32]int{}
	for row, err := range a.Index().All(0, a.Index().Len()) {
		if err != nil {
			t.Fatal(err)
		}
		if row.Entry.Type == sidecar.TypeHardlink {
			links[row.Entry.Target]++
		}
	}
	if len(links) != 2 || links[0] != dedup.MaxLinks {
		t.Errorf("there are %v links", links)
	}
}

func TestAppendRefused(t *testing.T) {
	dir := tartest.Tree(t, [2]string{"open/a", "x"}, [2]string{"sealed/b", "x"},
		[2]string{"sealed/open/c", "x"}, [2]string{"shut/d/e", "x"})
	for path, mode := range map[string]os.FileMode{"sealed": 0o555, "shut": 0o644} {
		if err := os.Chmod(filepath.Join(dir, path), mode); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("only root can pack what is shut")
	}
	file := filepath.Join(tartest.Tree(t, [2]string{"new", "content"}), "new")
	for _, c := range []struct{ into, refused string }{
		{"open", ""}, {"sealed", "sealed"}, {"sealed/open", ""}, {"sealed/new", "sealed"},
		{"shut", "shut"}, {"shut/d", "shut/d"}, {"other", ""},
	} {
		name := tartest.Pack(t, dir, pack.Options{})
		before := tartest.Read(t, name)
		_, err := edit.Add(context.Background(), name, []string{file},
			edit.AddOptions{Append: true, Into: c.into})
		if (err == nil) != (c.refused == "") || c.refused != "" &&
			(!errors.Is(err, format.ErrAppend) || !strings.HasPrefix(err.Error(), c.refused+": ")) {
			t.Errorf("into %s: %v", c.into, err)
		}
		tartest.WantSound(t, name)
		if c.refused != "" && !bytes.Equal(before, tartest.Read(t, name)) {
			t.Errorf("into %s: refused, and changed", c.into)
		}
	}
	_, err := edit.Add(context.Background(), tartest.Pack(t, dir, pack.Options{}), []string{file},
		edit.AddOptions{Append: true, Replace: true})
	if !errors.Is(err, format.ErrAppend) {
		t.Error(err)
	}
}

// A reader that has the old archive open can read it to its last byte.
func TestAppendKeepsReaders(t *testing.T) {
	name := tartest.Pack(t, tartest.Tree(t, [2]string{"a", "old"}), pack.Options{})
	a := tartest.Open(t, name)
	f, err := archivefile.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.OSFile.Close()
	before := tartest.Read(t, name)
	tartest.Append(t, name, edit.AddOptions{}, tartest.Tree(t, [2]string{"b", "new"}))
	got := make([]byte, len(before))
	if _, err := f.Scanned().ReadAt(got, 0); err != nil || !bytes.Equal(got, before) {
		t.Error("what is scanned has changed", err)
	}
	for off := range len(before) { // any part of T may be read
		b := make([]byte, min(len(before)-off, 7))
		if _, err := f.Scanned().ReadAt(b, int64(off)); err != nil ||
			!bytes.Equal(b, before[off:off+len(b)]) {
			t.Fatalf("at %d: %x", off, b)
		}
	}
	if b, err := fs.ReadFile(a.FS(), "a"); err != nil || string(b) != "old" {
		t.Error(string(b), err)
	}
}

// Appending to the first shard of a set needs a sidecar of that archive: the other shards need
// not be there, and no list is written.
func TestAppendToShard(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "s-00000-of-00002.tar.gz")
	packed := tartest.Pack(t, tartest.Tree(t, [2]string{"a", "1"}), pack.Options{})
	tartest.WriteFile(t, name, tartest.Read(t, packed))
	res, err := edit.Add(context.Background(), name,
		[]string{tartest.Tree(t, [2]string{"b", "2"})}, edit.AddOptions{Append: true, Single: true})
	if err != nil || res.Added != 1 {
		t.Fatalf("%+v, %v", res, err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Errorf("%v, %v, want the archive and its sidecar", files, err)
	}
}

// TestAppendReplaced: if another program has put another file in place of the archive meanwhile,
// that is an error, and its file stays as it is.
func TestAppendReplaced(t *testing.T) {
	name := tartest.Pack(t, tartest.Tree(t, [2]string{"a", "old"}), pack.Options{})
	side := tartest.Read(t, name+format.SidecarSuffix)
	side[len(side)-1] ^= 1 // so that there is a notice while the archive is opened
	tartest.WriteFile(t, name+format.SidecarSuffix, side)
	other := bytes.Repeat([]byte("other"), 1000)
	o := edit.AddOptions{Append: true, Notice: func(error) {
		tartest.WriteFile(t, name+".other", other)
		if err := osfile.Rename(name+".other", name); err != nil {
			t.Error(err)
		}
	}}
	tree := tartest.Tree(t, [2]string{"b", "new"})
	if _, err := edit.Add(t.Context(), name, []string{tree}, o); !errors.Is(err, format.ErrChanged) {
		t.Errorf("%v, want %v", err, format.ErrChanged)
	}
	if got := tartest.Read(t, name); !bytes.Equal(got, other) {
		t.Errorf("the other file has %d bytes, not %d", len(got), len(other))
	}
}
