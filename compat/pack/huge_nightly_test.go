//go:build nightly && linux

package pack

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

func init() { tools.Timeout = 20 * time.Minute }

// huge returns sparse files of 3 GiB and of about the 8 GiB that an octal size field can hold.
func huge() trees.Tree {
	return trees.Tree{
		trees.Sparse("3GiB", 3<<30, "the end of 3 GiB"), trees.File("between", "x"),
		trees.Sparse("8GiB-1", 8<<30-1, "just fits"), trees.Sparse("8GiB+1", 8<<30+1, "no longer fits"),
	}
}

// TestHuge packs sparse files of 3 GiB and of more than 8 GiB, and lets other programs read them.
func TestHuge(t *testing.T) {
	f := fixture.Packed(t, trees.Named{Name: "huge", Tree: huge()})
	if fi, err := os.Stat(f.Archive); err != nil || fi.Size() > 100<<20 {
		t.Errorf("an archive of %d bytes (%v)", fi.Size(), err)
	}
	if r := fixture.RunLean(t, "verify", f.Archive); r.Code != 0 {
		t.Error(r)
	}
	for _, lister := range [][]string{{"tar", "-tvzf"}, {"bsdtar", "-tvzf"},
		{"busybox", "tar", "-tvzf"}} {
		out := tools.Must(t, exec.Command(tools.Path(t, lister[0]),
			append(lister[1:len(lister):len(lister)], f.Archive)...))
		for path, st := range f.Snap {
			if want := fmt.Sprintf(" %d ", st.Size); !containsLine(out, want, " "+path) {
				t.Errorf("%v: no %s of%sbytes in\n%s", lister, path, want, out)
			}
		}
	}
	for _, cat := range [][]string{{tools.TPK(t), "cat", f.Archive}, {"tar", "-xOzf", f.Archive},
		{"bsdtar", "-xOf", f.Archive}} {
		for path, st := range f.Snap {
			cmd := exec.Command(tools.Path(t, cat[0]), append(cat[1:len(cat):len(cat)], path)...)
			h := sha256.New()
			cmd.Stdout = h
			if r := tools.Run(t, cmd); r.Code != 0 {
				t.Error(r)
			}
			if [sha256.Size]byte(h.Sum(nil)) != st.Sum {
				t.Errorf("%v: other bytes", cmd.Args)
			}
		}
	}
	hugeMember(t, f)
	x := filepath.Join(tools.Dir(t), "x")
	if r := fixture.RunLean(t, "extract", "-C", x, f.Archive); r.Code != 0 {
		t.Error(r)
	}
	fixture.Diff(t, f.Snap, x, trees.Rules{})
}

func containsLine(text []byte, words ...string) bool {
lines:
	for line := range bytes.Lines(text) {
		for _, w := range words {
			if !bytes.Contains(line, []byte(w)) {
				continue lines
			}
		}
		return true
	}
	return false
}

// hugeMember inflates only the member of the file of 3 GiB.
func hugeMember(t *testing.T, f *fixture.Tree) {
	t.Helper()
	file, err := os.Open(f.Archive)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, l := range fixture.List(t, f.Archive) {
		if l.Path != "3GiB" {
			continue
		}
		z, err := gzip.NewReader(io.NewSectionReader(file, l.Member.Offset, l.Member.Length))
		if err != nil {
			t.Fatal(err)
		}
		z.Multistream(false)
		h := sha256.New()
		if n, err := io.Copy(h, z); err != nil || n != l.Size ||
			[sha256.Size]byte(h.Sum(nil)) != f.Snap[l.Path].Sum {
			t.Errorf("the member holds %d bytes, want %d (%v)", n, l.Size, err)
		}
	}
}

// TestManyFiles packs a tree of 300,000 files in little memory, and lists it with GNU tar.
func TestManyFiles(t *testing.T) {
	dir := filepath.Join(tools.Dir(t), "tree")
	const n = 300_000
	for i := range n {
		name := filepath.Join(dir, fmt.Sprint(i/1000), fmt.Sprint("file-", i))
		if i%1000 == 0 {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(name, []byte(strings.Repeat(fmt.Sprint(i), 20)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	archive := filepath.Join(tools.Dir(t), "a.tar.gz")
	for _, args := range [][]string{{"pack", dir, archive}, {"verify", archive}, {"index", archive}} {
		r, mib := tools.Memory(t, exec.Command(tools.TPK(t), args...))
		if r.Code != 0 || mib > 143 { // 150 MB
			t.Errorf("%d MiB of memory: %v", mib, r)
		}
		t.Logf("%s: %d MiB", args[0], mib)
	}
	out := tools.Must(t, exec.Command("tar", "-tzf", archive))
	if lines := bytes.Count(out, []byte("\n")); lines != n+n/1000 {
		t.Errorf("tar lists %d entries, want %d", lines, n+n/1000)
	}
}
