//go:build unix

package mount

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
	"github.com/tarpack/tpk/tarpack/format"
)

// TestTrees mounts trees of all kinds and compares everything that stat and read return: contents,
// modes, times, links of both kinds, devices. diff and rsync -aH must agree.
func TestTrees(t *testing.T) {
	diff, rsync := tools.Path(t, "diff"), tools.Path(t, "rsync")
	for _, c := range fixture.Catalogue() {
		t.Run(c.Name, func(t *testing.T) {
			tree := fixture.Packed(t, c)
			m := mount(t, tree.Archive)
			fixture.Diff(t, tree.Snap, m.dir, trees.Rules{})
			tools.Must(t, exec.Command(diff, "-r", "--no-dereference", tree.Dir, m.dir))
			copied := filepath.Join(tools.Dir(t), "copied")
			tools.Must(t, exec.Command(rsync, "-aH", m.dir+"/", copied))
			fixture.Diff(t, tree.Snap, copied, trees.Rules{})
			m.quiet(t)
		})
	}
}

// TestLinks: genuine hard links are one file with its number of names. What was stored as a hard
// link because it was a duplicate is a file of its own, as where it was packed.
func TestLinks(t *testing.T) {
	base := tools.Dir(t)
	dir, archive := filepath.Join(base, "tree"), filepath.Join(base, "a.tar.gz")
	tree := trees.Tree{
		trees.Dir("d"), trees.File("a", "same").At(1_000_000_000),
		trees.Hardlink("d/a2", "a"), trees.Hardlink("d/a3", "a"),
		trees.File("d/copy", "same").At(1_100_000_000), trees.File("other", "other"),
	}
	fixture.WriteTree(t, tree, dir)
	fixture.Pack(t, dir, archive)
	m := mount(t, archive)
	got := string(tools.Must(t, exec.Command(tools.Path(t, "find"), m.dir, "-type", "f",
		"-printf", "%P %n\\n", "-o", "-samefile", m.path("d/a2"), "-printf", "same %P\\n")))
	for path, links := range map[string]int{"a": 3, "d/a2": 3, "d/a3": 3, "d/copy": 1, "other": 1} {
		line := fmt.Sprintf("%s %d\n", path, links)
		if !strings.Contains("\n"+got, "\n"+line) {
			t.Errorf("no line %q in\n%s", line, got)
		}
	}
	same := tools.Must(t, exec.Command(tools.Path(t, "find"), m.dir, "-samefile", m.path("d/a2")))
	if n := bytes.Count(same, []byte("\n")); n != 3 {
		t.Errorf("%d names of one file:\n%s", n, same)
	}
	m.quiet(t)
}

// TestRanges reads large files at random places, in all codings, with and without the page cache in
// between.
func TestRanges(t *testing.T) {
	base := tools.Dir(t)
	dir, archive := filepath.Join(base, "tree"), filepath.Join(base, "a.tar.gz")
	rng := rand.New(rand.NewPCG(1, 2))
	contents := map[string][]byte{}
	for name, size := range map[string]int{
		"text": 5<<20 + 1234, "noise": 4<<20 + 77, "mib": 1 << 20, "small": 300_000, "tiny": 7,
	} {
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(rng.Uint32())
			if name == "text" || name == "small" {
				b[i] = "abcdefgh"[b[i]%8]
			}
		}
		contents[name] = b
		write(t, filepath.Join(dir, name), string(b))
	}
	fixture.Pack(t, dir, archive)
	m := mount(t, archive)
	for name, want := range contents {
		f, err := os.Open(m.path(name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for range 200 {
			off := rng.IntN(len(want) + 1)
			b := make([]byte, min(1+rng.IntN([]int{100, 70_000, 2 << 20}[rng.IntN(3)]), len(want)-off))
			if n, err := f.ReadAt(b, int64(off)); n < len(b) || !bytes.Equal(b, want[off:off+n]) {
				t.Fatalf("%s: %d bytes from %d: %d, %v", name, len(b), off, n, err)
			}
		}
		if got := readFile(t, m.path(name)); got != string(want) {
			t.Errorf("%s: other bytes", name)
		}
	}
	m.quiet(t)
}

// TestLayers mounts archives above each other. It shows what is there after extracting them one
// after the other, except that a file hides a directory below it.
func TestLayers(t *testing.T) {
	base := tools.Dir(t)
	var names []string
	for i, tree := range []trees.Tree{
		{trees.Dir("d"), trees.Dir("d/e"), trees.File("d/e/f", "low"), trees.File("d/x", "low"),
			trees.File("z", "low"), trees.Dir("was-dir"), trees.File("was-dir/f", "low"),
			trees.File("was-file", "low"), trees.Hardlink("d/hard", "z")},
		{trees.Dir("d"), trees.File("d/x", "middle"), trees.File("was-dir", "middle"),
			trees.Dir("was-file"), trees.File("was-file/g", "middle"), trees.File("d/b", "middle")},
		{trees.Dir("d"), trees.Dir("d/e"), trees.File("d/e/g", "high"), trees.File("z", "high"),
			trees.Dir("was-dir"), trees.File("was-dir/h", "high"), trees.File("d/a", "high")},
	} {
		dir := filepath.Join(base, fmt.Sprint(i))
		fixture.WriteTree(t, tree, dir)
		names = append(names, dir+".tar.gz")
		fixture.Pack(t, dir, names[i])
	}
	m := mount(t, names...)
	got := string(tools.Must(t, exec.Command("sh", "-c",
		"cd $0 && find . -type f | LC_ALL=C sort | while read f; do echo $f $(cat $f); done", m.dir)))
	const want = `./d/a high
./d/b middle
./d/e/f low
./d/e/g high
./d/hard low
./d/x middle
./was-dir/h high
./was-file/g middle
./z high
`
	if got != want {
		t.Errorf("got\n%s", got)
	}
	m = mount(t, names[0]+":d", names[2]+":d/e")
	if got := tools.Must(t, exec.Command("ls", m.dir)); string(got) != "e\ng\nhard\nx\n" {
		t.Errorf("of directories: %s", got)
	}
	m.quiet(t)
}

// TestLargeDirectory lists a directory that needs many requests, in one archive and in two.
func TestLargeDirectory(t *testing.T) {
	base := tools.Dir(t)
	var names []string
	for k := range 2 {
		dir := filepath.Join(base, fmt.Sprint(k))
		for i := range 3000 {
			write(t, filepath.Join(dir, "d", fmt.Sprintf("%05d-with-a-rather-long-name", 2*i+k*(i%2))), "")
		}
		names = append(names, dir+".tar.gz")
		fixture.Pack(t, dir, names[k])
	}
	for n := 1; n <= 2; n++ {
		m := mount(t, names[:n]...)
		want := 3000
		if n == 2 {
			want += 1500
		}
		for range 2 {
			list, err := os.ReadDir(m.path("d"))
			if err != nil || len(list) != want {
				t.Errorf("%d archives: %d names, not %d: %v", n, len(list), want, err)
			}
		}
		m.quiet(t)
	}
}

// TestNoIndex: an index that has to be built is kept in the cache, so that it does not count as
// memory of the process.
func TestNoIndex(t *testing.T) {
	base := tools.Dir(t)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(base, "cache"))
	archive := packFiles(t, map[string]string{"a": "a"})
	if err := os.Remove(archive + format.SidecarSuffix); err != nil {
		t.Fatal(err)
	}
	m := mount(t, archive)
	if got := readFile(t, m.path("a")); got != "a" {
		t.Errorf("%q", got)
	}
	kept, err := filepath.Glob(filepath.Join(base, "cache/tpk/*/index.tpi"))
	if err != nil || len(kept) != 1 {
		t.Errorf("the cache has %q, %v", kept, err)
	}
}
