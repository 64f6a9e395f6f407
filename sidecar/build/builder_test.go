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

// Short names for the tables.
type item = build.Item

var (
	file, dir, hard, soft = sidecartest.File, sidecartest.Dir, sidecartest.Hard, sidecartest.Soft
	edited, segmented     = sidecartest.Edited, sidecartest.SegmentedFile
	inOrder, inGroup      = sidecartest.InOrder, sidecartest.InGroup
)

func TestFinishRules(t *testing.T) {
	type maker func(...item) ([]item, int64)
	for _, c := range []struct {
		what  string
		order maker
		items []item
		err   error
		names string // that the error has
	}{
		{"nothing", inOrder, nil, nil, ""},
		{"a tree", inOrder, []item{dir("a"), file("a/b"), dir("a/c"), file("a/c/d"),
			hard("e", "a/b")}, nil, ""},
		{"two files", inOrder, []item{file("a"), file("b"), file("a")}, build.ErrDuplicate, `"a"`},
		{"file and directory", inOrder, []item{dir("x"), dir("x/y"), file("x/y")},
			build.ErrDuplicate, `"x/y"`},
		{"duplicate far away", inOrder, []item{dir("x"), file("x/y"), dir("x!"), file("x0"),
			dir("x")}, build.ErrDuplicate, `"x"`},
		{"no parent", inOrder, []item{file("a/b")}, build.ErrNoParent, `"a/b"`},
		{"no grandparent", inOrder, []item{dir("a/b"), file("a/b/c")}, build.ErrNoParent, `"a/b"`},
		{"parent missing in the middle", inOrder, []item{dir("a"), file("a/b/c")},
			build.ErrNoParent, `"a/b/c"`},
		{"parent is a file", inOrder, []item{file("a"), file("a/b")}, build.ErrNoParent, `"a/b"`},
		{"parent is a symbolic link", inOrder, []item{soft("a", "."), file("a/b")},
			build.ErrNoParent, `"a/b"`},
		{"parent comes later", inOrder, []item{file("a/b"), dir("a")}, build.ErrNoParent, `"a/b"`},
		{"parent comes later in the group", inGroup, []item{soft("a/b", "c"), dir("a")},
			build.ErrNoParent, `"a/b"`},
		{"parent comes earlier in the group", inGroup, []item{dir("a"), soft("a/b", "c")}, nil, ""},
		{"a neighbour of the parent", inOrder, []item{dir("a"), dir("a.b"), file("a.c/d")},
			build.ErrNoParent, `"a.c/d"`},
		{"back in the parent", inOrder, []item{dir("a"), dir("a/b"), file("a/b/c"), file("a/d"),
			file("b"), file("a/b.c")}, nil, ""},
		{"no target", inOrder, []item{file("a"), hard("c", "b")}, build.ErrNoTarget, `"c"`},
		{"no target, after all", inOrder, []item{file("a"), hard("c", "d")}, build.ErrNoTarget, `"c"`},
		{"target is a directory", inOrder, []item{dir("a"), hard("c", "a")}, build.ErrNoTarget, `"a"`},
		{"target is a hard link", inOrder, []item{file("a"), hard("b", "a"), hard("c", "b")},
			build.ErrNoTarget, `"c"`},
		{"target is a symbolic link", inOrder, []item{soft("a", "b"), hard("c", "a")},
			build.ErrNoTarget, `"c"`},
		{"target comes later", inOrder, []item{hard("a", "b"), file("b")}, build.ErrNoTarget, `"a"`},
		{"many links", inOrder, []item{file("m"), hard("a", "m"), hard("z", "m"), file("b"),
			hard("y", "b"), hard("x", "b")}, nil, ""},
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
		items []item
		err   error
	}{
		{"all backwards", []item{hard("l", "d/f"), file("d/f"), dir("d")}, nil},
		{"no parent", []item{file("d/f")}, build.ErrNoParent},
		{"no target", []item{hard("l", "f")}, build.ErrNoTarget},
		{"duplicate", []item{file("f"), file("f")}, build.ErrDuplicate},
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
		if err := x.Verify(); !errors.Is(err, sidecar.ErrCorrupt) ||
			!strings.Contains(err.Error(), "earlier in the archive") {
			t.Errorf("%s: Verify: %v", c.what, err)
		}
	}
}

func TestAdd(t *testing.T) {
	same := func(*item) {}
	for _, c := range []struct {
		what string
		item item
		err  error
	}{
		{"a file", file("a"), nil},
		{"an empty file", edited(file("a"), func(it *item) {
			it.Size, it.ContentLen, it.Coding, it.Hash, it.Sniff = 0, 0, coding.None, sidecar.EmptyHash, 0
		}), nil},
		{"a stored file", edited(file("a"),
			func(it *item) { it.Coding, it.ContentLen = coding.Stored, 512+18+5 }), nil},
		{"a segmented file", segmented(same), nil},
		{"a hard link with what it will get",
			edited(hard("b", "a"), func(it *item) {
				it.Size, it.Hash, it.Sniff, it.Target = 1, 2, 3,
					4
			}), nil},
		{"a device", item{Path: "d", Entry: sidecar.Entry{Type: sidecar.TypeChar, HeaderLen: 100,
			DevMajor: layout.MaxDevice}}, nil},
		{"the longest times", edited(file("a"), func(it *item) { it.ModTime = layout.MinTime }), nil},

		{"no path", file(""), sidecar.ErrPath},
		{"a path upwards", file("a/../b"), sidecar.ErrPath},
		{"no type", edited(dir("a"), func(it *item) { it.Type = 0 }), build.ErrItem},
		{"type 8", edited(dir("a"), func(it *item) { it.Type = 8 }), build.ErrItem},
		{"negative offset", edited(file("a"), func(it *item) { it.Offset = -1 }), build.ErrItem},
		{"offset of 2^48", edited(file("a"), func(it *item) { it.Offset = 1 << 48 }), build.ErrItem},
		{"no header", edited(file("a"), func(it *item) { it.HeaderLen = 0 }), build.ErrItem},
		{"header of 64 KiB", edited(file("a"), func(it *item) { it.HeaderLen = 1 << 16 }), build.ErrItem},
		{"negative size", edited(file("a"), func(it *item) { it.Size = -1 }), build.ErrItem},
		{"size of 2^48", edited(file("a"),
			func(it *item) { it.Size = 1 << 48; it.ContentLen = 1 << 40 }), build.ErrItem},
		{"mode of 13 bits", edited(file("a"), func(it *item) { it.Mode = 0o10000 }), build.ErrItem},
		{"time of 40 bits", edited(file("a"), func(it *item) { it.ModTime = layout.MaxTime + 1 }),
			build.ErrItem},
		{"time of 40 bits, negative",
			edited(file("a"), func(it *item) { it.ModTime = layout.MinTime - 1 }), build.ErrItem},
		{"content without size", edited(file("a"), func(it *item) { it.Size = 0 }), build.ErrItem},
		{"empty with a wrong hash", edited(file("a"), func(it *item) {
			it.Size, it.ContentLen,
				it.Coding, it.Sniff = 0, 0, coding.None, 0
		}), build.ErrItem},
		{"size without content", edited(file("a"), func(it *item) { it.ContentLen = 0 }), build.ErrItem},
		{"content of 2^48", edited(file("a"), func(it *item) { it.ContentLen = 1 << 48 }), build.ErrItem},
		{"negative content", edited(file("a"), func(it *item) { it.ContentLen = math.MinInt64 }),
			build.ErrItem},
		{"a bomb", edited(file("a"), func(it *item) { it.Size = 512 * 1000 }), build.ErrItem},
		{"no coding", edited(file("a"), func(it *item) { it.Coding = coding.None }), build.ErrItem},
		{"coding 4", edited(file("a"), func(it *item) { it.Coding = 4 }), build.ErrItem},
		{"stored of another length",
			edited(file("a"), func(it *item) { it.Coding = coding.Stored }), build.ErrItem},
		{"padding that is not needed", edited(file("a"), func(it *item) { it.PadLen = 30 }),
			build.ErrItem},
		{"padding that is missing", edited(file("a"), func(it *item) { it.Size = 513 }), build.ErrItem},
		{"negative padding", edited(file("a"), func(it *item) { it.Size, it.PadLen = 513, -30 }),
			build.ErrItem},
		{"a duplicate file", edited(file("a"), func(it *item) { it.Duplicate = true }), build.ErrItem},
		{"a file with a link", edited(file("a"), func(it *item) { it.Link = "b" }), build.ErrItem},
		{"a directory with content", edited(dir("a"), func(it *item) { it.ContentLen = 100 }),
			build.ErrItem},
		{"a directory with a size", edited(dir("a"), func(it *item) { it.Size = 100 }), build.ErrItem},
		{"a directory with a hash", edited(dir("a"), func(it *item) { it.Hash = 100 }), build.ErrItem},
		{"a directory with a link", edited(dir("a"), func(it *item) { it.Link = "b" }), build.ErrItem},
		{"a symbolic link with a sniff", edited(soft("a", "b"), func(it *item) { it.Sniff = 22 }),
			build.ErrItem},
		{"a symbolic link to nothing", soft("a", ""), build.ErrItem},
		{"a symbolic link with NUL", soft("a", "b\x00"), build.ErrItem},
		{"a symbolic link that is too long", soft("a", strings.Repeat("x", layout.MaxPath+1)),
			build.ErrItem},
		{"a hard link to nothing", hard("a", ""), sidecar.ErrPath},
		{"a hard link upwards", hard("a", "../b"), sidecar.ErrPath},
		{"a hard link to itself", hard("a", "a"), build.ErrItem},
		{"a device of 22 bits", item{Path: "d", Entry: sidecar.Entry{Type: sidecar.TypeBlock,
			HeaderLen: 100, DevMinor: layout.MaxDevice + 1}}, build.ErrItem},
		{"segments in a deflated file",
			segmented(func(it *item) { it.Coding, it.PadLen = coding.Deflate, 0 }), build.ErrItem},
		{"segmented without segments", segmented(func(it *item) { it.Segments = nil }), build.ErrItem},
		{"one segment", segmented(func(it *item) { it.Shift, it.Segments = 21, []uint32{5000} }),
			build.ErrItem},
		{"three segments", segmented(func(it *item) { it.Segments = []uint32{3000, 1000, 1000} }),
			build.ErrItem},
		{"an empty segment", segmented(func(it *item) { it.Segments = []uint32{5000, 0} }),
			build.ErrItem},
		{"segments that are too long",
			segmented(func(it *item) { it.Segments = []uint32{5000, 1} }), build.ErrItem},
		{"segments that are too short",
			segmented(func(it *item) { it.Segments = []uint32{3000, 1999} }), build.ErrItem},
		{"shift 19", segmented(func(it *item) { it.Shift = 19 }), build.ErrItem},
		{"segmented without padding", segmented(func(it *item) { it.PadLen = 0 }), build.ErrItem},
	} {
		b := build.New(build.Options{})
		if err := b.Add(c.item); !errors.Is(err, c.err) || err != nil && b.Len() != 0 ||
			err == nil && b.Len() != 1 {
			t.Errorf("%s: %v, want %v", c.what, err, c.err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFinishArchiveSize(t *testing.T) {
	items, size := inOrder(file("a"), file("b"))
	for _, c := range []struct {
		size int64
		err  error
	}{{size, nil}, {size + 1, nil}, {layout.MaxOffset, nil}, {size - 1, build.ErrItem}, {0,
		build.ErrItem}, {-1, build.ErrItem}, {layout.MaxOffset + 1, build.ErrItem}} {
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
	if err := b.Add(file("a")); err == nil {
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
	items, size := inOrder(dir("a"), file("a/b"), soft("c", "d"), hard("e", "a/b"),
		segmented(func(*item) {}))
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
	if got, want := string(
		m.Bytes()), "help merld\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00!"; got != want {
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
