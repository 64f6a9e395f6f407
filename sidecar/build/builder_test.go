package build_test

import (
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/sidecar/internal/layout"
	"github.com/tarpack/tpk/sidecar/internal/sidecartest"
)

func TestFinishRules(t *testing.T) {
	type maker func(...build.Item) ([]build.Item, int64)
	for _, c := range []struct {
		what  string
		order maker
		items []build.Item
		err   error
		names string // that the error has
	}{
		{"nothing", sidecartest.InOrder, nil, nil, ""},
		{"a tree", sidecartest.InOrder, []build.Item{sidecartest.Dir("a"), sidecartest.File("a/b"), sidecartest.Dir("a/c"), sidecartest.File("a/c/d"), sidecartest.Hard("e", "a/b")}, nil, ""},
		{"two files", sidecartest.InOrder, []build.Item{sidecartest.File("a"), sidecartest.File("b"), sidecartest.File("a")}, build.ErrDuplicate, `"a"`},
		{"file and directory", sidecartest.InOrder, []build.Item{sidecartest.Dir("x"), sidecartest.Dir("x/y"), sidecartest.File("x/y")}, build.ErrDuplicate, `"x/y"`},
		{"duplicate far away", sidecartest.InOrder, []build.Item{sidecartest.Dir("x"), sidecartest.File("x/y"), sidecartest.Dir("x!"), sidecartest.File("x0"), sidecartest.Dir("x")}, build.ErrDuplicate, `"x"`},
		{"no parent", sidecartest.InOrder, []build.Item{sidecartest.File("a/b")}, build.ErrNoParent, `"a/b"`},
		{"no grandparent", sidecartest.InOrder, []build.Item{sidecartest.Dir("a/b"), sidecartest.File("a/b/c")}, build.ErrNoParent, `"a/b"`},
		{"parent missing in the middle", sidecartest.InOrder, []build.Item{sidecartest.Dir("a"), sidecartest.File("a/b/c")}, build.ErrNoParent, `"a/b/c"`},
		{"parent is a file", sidecartest.InOrder, []build.Item{sidecartest.File("a"), sidecartest.File("a/b")}, build.ErrNoParent, `"a/b"`},
		{"parent is a symbolic link", sidecartest.InOrder, []build.Item{sidecartest.Soft("a", "."), sidecartest.File("a/b")}, build.ErrNoParent, `"a/b"`},
		{"parent comes later", sidecartest.InOrder, []build.Item{sidecartest.File("a/b"), sidecartest.Dir("a")}, build.ErrNoParent, `"a/b"`},
		{"parent comes later in the group", sidecartest.InGroup, []build.Item{sidecartest.Soft("a/b", "c"), sidecartest.Dir("a")}, build.ErrNoParent, `"a/b"`},
		{"parent comes earlier in the group", sidecartest.InGroup, []build.Item{sidecartest.Dir("a"), sidecartest.Soft("a/b", "c")}, nil, ""},
		{"a neighbour of the parent", sidecartest.InOrder, []build.Item{sidecartest.Dir("a"), sidecartest.Dir("a.b"), sidecartest.File("a.c/d")}, build.ErrNoParent, `"a.c/d"`},
		{"back in the parent", sidecartest.InOrder, []build.Item{sidecartest.Dir("a"), sidecartest.Dir("a/b"), sidecartest.File("a/b/c"), sidecartest.File("a/d"), sidecartest.File("b"), sidecartest.File("a/b.c")}, nil, ""},
		{"no target", sidecartest.InOrder, []build.Item{sidecartest.File("a"), sidecartest.Hard("c", "b")}, build.ErrNoTarget, `"c"`},
		{"no target, after all", sidecartest.InOrder, []build.Item{sidecartest.File("a"), sidecartest.Hard("c", "d")}, build.ErrNoTarget, `"c"`},
		{"target is a directory", sidecartest.InOrder, []build.Item{sidecartest.Dir("a"), sidecartest.Hard("c", "a")}, build.ErrNoTarget, `"a"`},
		{"target is a hard link", sidecartest.InOrder, []build.Item{sidecartest.File("a"), sidecartest.Hard("b", "a"), sidecartest.Hard("c", "b")}, build.ErrNoTarget, `"c"`},
		{"target is a symbolic link", sidecartest.InOrder, []build.Item{sidecartest.Soft("a", "b"), sidecartest.Hard("c", "a")}, build.ErrNoTarget, `"c"`},
		{"target comes later", sidecartest.InOrder, []build.Item{sidecartest.Hard("a", "b"), sidecartest.File("b")}, build.ErrNoTarget, `"a"`},
		{"many links", sidecartest.InOrder, []build.Item{sidecartest.File("m"), sidecartest.Hard("a", "m"), sidecartest.Hard("z", "m"), sidecartest.File("b"), sidecartest.Hard("y", "b"), sidecartest.Hard("x", "b")}, nil, ""},
	} {
		for _, memory := range []int{0, 1} {
			items, size := c.order(c.items...)
			_, _, err := sidecartest.Build(items, size, build.Options{TempDir: t.TempDir(), Memory: memory})
			if !errors.Is(err, c.err) || err != nil && !strings.Contains(err.Error(), c.names) {
				t.Errorf("%s: %v, want %v %s", c.what, err, c.err, c.names)
			}
		}
	}
}

// TestUnordered: without the rules of order all others hold, and everything can be read.
func TestUnordered(t *testing.T) {
	for _, c := range []struct {
		what  string
		items []build.Item
		err   error
	}{
		{"all backwards", []build.Item{sidecartest.Hard("l", "d/f"), sidecartest.File("d/f"), sidecartest.Dir("d")}, nil},
		{"no parent", []build.Item{sidecartest.File("d/f")}, build.ErrNoParent},
		{"no target", []build.Item{sidecartest.Hard("l", "f")}, build.ErrNoTarget},
		{"duplicate", []build.Item{sidecartest.File("f"), sidecartest.File("f")}, build.ErrDuplicate},
	} {
		m := &sidecartest.Model{}
		for _, it := range c.items {
			m.Add(it)
		}
		m.Finish()
		b, _, err := sidecartest.Build(m.Items, m.Archive, build.Options{Unordered: true})
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.what, err, c.err)
		}
		if err != nil {
			continue
		}
		x := sidecartest.MustOpen(t, b)
		for i, want := range m.Sorted {
			if e, err := x.Entry(i); e != want.Entry || err != nil {
				t.Errorf("%s: Entry(%d) = %+v, %v; want %+v", c.what, i, e, err, want.Entry)
			}
			if j, ok, err := x.Lookup(want.Path); j != i || !ok || err != nil {
				t.Errorf("%s: Lookup(%q) = %d, %v, %v", c.what, want.Path, j, ok, err)
			}
		}
		if err := x.Verify(); !errors.Is(err, sidecar.ErrCorrupt) || !strings.Contains(err.Error(), "earlier in the archive") {
			t.Errorf("%s: Verify: %v", c.what, err)
		}
	}
}

func TestAdd(t *testing.T) {
	same := func(*build.Item) {}
	for _, c := range []struct {
		what string
		item build.Item
		err  error
	}{
		{"a file", sidecartest.File("a"), nil},
		{"an empty file", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) {
			it.Size, it.ContentLen, it.Coding, it.Hash, it.Sniff = 0, 0, coding.None, sidecar.EmptyHash, 0
		}), nil},
		{"a stored file", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.Coding, it.ContentLen = coding.Stored, 512+18+5 }), nil},
		{"a segmented file", sidecartest.SegmentedFile(same), nil},
		{"a hard link with what it will get", sidecartest.Edited(sidecartest.Hard("b", "a"), func(it *build.Item) { it.Size, it.Hash, it.Sniff, it.Target = 1, 2, 3, 4 }), nil},
		{"a device", build.Item{Path: "d", Entry: sidecar.Entry{Type: sidecar.TypeChar, HeaderLen: 100, DevMajor: layout.MaxDevice}}, nil},
		{"the longest times", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.ModTime = layout.MinTime }), nil},

		{"no path", sidecartest.File(""), sidecar.ErrPath},
		{"a path upwards", sidecartest.File("a/../b"), sidecar.ErrPath},
		{"no type", sidecartest.Edited(sidecartest.Dir("a"), func(it *build.Item) { it.Type = 0 }), build.ErrItem},
		{"type 8", sidecartest.Edited(sidecartest.Dir("a"), func(it *build.Item) { it.Type = 8 }), build.ErrItem},
		{"negative offset", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.Offset = -1 }), build.ErrItem},
		{"offset of 2^48", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.Offset = 1 << 48 }), build.ErrItem},
		{"no header", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.HeaderLen = 0 }), build.ErrItem},
		{"header of 64 KiB", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.HeaderLen = 1 << 16 }), build.ErrItem},
		{"negative size", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.Size = -1 }), build.ErrItem},
		{"size of 2^48", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.Size = 1 << 48; it.ContentLen = 1 << 40 }), build.ErrItem},
		{"mode of 13 bits", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.Mode = 0o10000 }), build.ErrItem},
		{"time of 40 bits", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.ModTime = layout.MaxTime + 1 }), build.ErrItem},
		{"time of 40 bits, negative", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.ModTime = layout.MinTime - 1 }), build.ErrItem},
		{"content without size", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.Size = 0 }), build.ErrItem},
		{"empty with a wrong hash", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.Size, it.ContentLen, it.Coding, it.Sniff = 0, 0, coding.None, 0 }), build.ErrItem},
		{"size without content", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.ContentLen = 0 }), build.ErrItem},
		{"content of 2^48", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.ContentLen = 1 << 48 }), build.ErrItem},
		{"negative content", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.ContentLen = math.MinInt64 }), build.ErrItem},
		{"a bomb", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.Size = 512 * 1000 }), build.ErrItem},
		{"no coding", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.Coding = coding.None }), build.ErrItem},
		{"coding 4", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.Coding = 4 }), build.ErrItem},
		{"stored of another length", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.Coding = coding.Stored }), build.ErrItem},
		{"padding that is not needed", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.PadLen = 30 }), build.ErrItem},
		{"padding that is missing", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.Size = 513 }), build.ErrItem},
		{"negative padding", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.Size, it.PadLen = 513, -30 }), build.ErrItem},
		{"a duplicate file", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.Duplicate = true }), build.ErrItem},
		{"a file with a link", sidecartest.Edited(sidecartest.File("a"), func(it *build.Item) { it.Link = "b" }), build.ErrItem},
		{"a directory with content", sidecartest.Edited(sidecartest.Dir("a"), func(it *build.Item) { it.ContentLen = 100 }), build.ErrItem},
		{"a directory with a size", sidecartest.Edited(sidecartest.Dir("a"), func(it *build.Item) { it.Size = 100 }), build.ErrItem},
		{"a directory with a hash", sidecartest.Edited(sidecartest.Dir("a"), func(it *build.Item) { it.Hash = 100 }), build.ErrItem},
		{"a directory with a link", sidecartest.Edited(sidecartest.Dir("a"), func(it *build.Item) { it.Link = "b" }), build.ErrItem},
		{"a symbolic link with a sniff", sidecartest.Edited(sidecartest.Soft("a", "b"), func(it *build.Item) { it.Sniff = 22 }), build.ErrItem},
		{"a symbolic link to nothing", sidecartest.Soft("a", ""), build.ErrItem},
		{"a symbolic link with NUL", sidecartest.Soft("a", "b\x00"), build.ErrItem},
		{"a symbolic link that is too long", sidecartest.Soft("a", strings.Repeat("x", layout.MaxPath+1)), build.ErrItem},
		{"a hard link to nothing", sidecartest.Hard("a", ""), sidecar.ErrPath},
		{"a hard link upwards", sidecartest.Hard("a", "../b"), sidecar.ErrPath},
		{"a hard link to itself", sidecartest.Hard("a", "a"), build.ErrItem},
		{"a device of 22 bits", build.Item{Path: "d", Entry: sidecar.Entry{Type: sidecar.TypeBlock, HeaderLen: 100, DevMinor: layout.MaxDevice + 1}}, build.ErrItem},
		{"segments in a deflated file", sidecartest.SegmentedFile(func(it *build.Item) { it.Coding, it.PadLen = coding.Deflate, 0 }), build.ErrItem},
		{"segmented without segments", sidecartest.SegmentedFile(func(it *build.Item) { it.Segments = nil }), build.ErrItem},
		{"one segment", sidecartest.SegmentedFile(func(it *build.Item) { it.Shift, it.Segments = 21, []uint32{5000} }), build.ErrItem},
		{"three segments", sidecartest.SegmentedFile(func(it *build.Item) { it.Segments = []uint32{3000, 1000, 1000} }), build.ErrItem},
		{"an empty segment", sidecartest.SegmentedFile(func(it *build.Item) { it.Segments = []uint32{5000, 0} }), build.ErrItem},
		{"segments of another length", sidecartest.SegmentedFile(func(it *build.Item) { it.Segments = []uint32{5000, 1} }), build.ErrItem},
		{"shift 19", sidecartest.SegmentedFile(func(it *build.Item) { it.Shift = 19 }), build.ErrItem},
		{"segmented without padding", sidecartest.SegmentedFile(func(it *build.Item) { it.PadLen = 0 }), build.ErrItem},
	} {
		b := build.New(build.Options{})
		if err := b.Add(c.item); !errors.Is(err, c.err) || err != nil && b.Len() != 0 || err == nil && b.Len() != 1 {
			t.Errorf("%s: %v, want %v", c.what, err, c.err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFinishArchiveSize(t *testing.T) {
	items, size := sidecartest.InOrder(sidecartest.File("a"), sidecartest.File("b"))
	for _, c := range []struct {
		size int64
		err  error
	}{{size, nil}, {size + 1, nil}, {layout.MaxOffset, nil}, {size - 1, build.ErrItem}, {0, build.ErrItem}, {-1, build.ErrItem}, {layout.MaxOffset + 1, build.ErrItem}} {
		if _, _, err := sidecartest.Build(items, c.size, build.Options{}); !errors.Is(err, c.err) {
			t.Errorf("an archive of %d bytes: %v, want %v", c.size, err, c.err)
		}
	}
}

// TestBuilderDone: a builder makes one sidecar.
func TestBuilderDone(t *testing.T) {
	b := build.New(build.Options{})
	if _, _, err := b.Finish(&build.Memory{}, 1000); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Finish(&build.Memory{}, 1000); err == nil {
		t.Error("Finish twice")
	}
	if err := b.Add(sidecartest.File("a")); err == nil {
		t.Error("Add after Finish")
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

// failing is a File that fails after a number of calls.
type failing struct {
	build.Memory
	calls int
}

var errFailing = errors.New("no space left")

func (f *failing) WriteAt(p []byte, off int64) (int, error) {
	if f.calls--; f.calls < 0 {
		return 0, errFailing
	}
	return f.Memory.WriteAt(p, off)
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if f.calls--; f.calls < 0 {
		return 0, errFailing
	}
	return f.Memory.ReadAt(p, off)
}

// TestFinishErrors lets each call to the file fail in turn.
func TestFinishErrors(t *testing.T) {
	items, size := sidecartest.InOrder(sidecartest.Dir("a"), sidecartest.File("a/b"), sidecartest.Soft("c", "d"), sidecartest.Hard("e", "a/b"), sidecartest.SegmentedFile(func(*build.Item) {}))
	calls := 0
	for ; ; calls++ {
		b := build.New(build.Options{})
		for _, it := range items {
			if err := b.Add(it); err != nil {
				t.Fatal(err)
			}
		}
		_, _, err := b.Finish(&failing{calls: calls}, size)
		if err == nil {
			break
		}
		if !errors.Is(err, errFailing) {
			t.Fatalf("call %d: %v", calls, err)
		}
	}
	if calls < 10 {
		t.Errorf("only %d calls", calls)
	}
}

func TestMemory(t *testing.T) {
	var m build.Memory
	for _, w := range []struct {
		at   int64
		text string
	}{{5, "world"}, {0, "hello"}, {20, "!"}, {3, "p me"}} {
		if n, err := m.WriteAt([]byte(w.text), w.at); n != len(w.text) || err != nil {
			t.Fatal(n, err)
		}
	}
	if got, want := string(m.Bytes()), "help merld\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00!"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	b := make([]byte, 4)
	for _, c := range []struct {
		at  int64
		n   int
		err error
	}{{0, 4, nil}, {17, 4, nil}, {19, 2, io.EOF}, {21, 0, io.EOF}, {99, 0, io.EOF}} {
		if n, err := m.ReadAt(b, c.at); n != c.n || err != c.err {
			t.Errorf("ReadAt %d: %d, %v", c.at, n, err)
		}
	}
	if _, err := m.ReadAt(b, -1); err == nil {
		t.Error("ReadAt -1")
	}
	if _, err := m.WriteAt(b, -1); err == nil {
		t.Error("WriteAt -1")
	}
}
