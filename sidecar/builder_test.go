package sidecar

import (
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// Short ways to write items. Each has a member of its own, unless it is put in a group.
func file(path string) Item {
	return Item{Path: path, Entry: Entry{Type: TypeFile, HeaderLen: 100, ContentLen: 50, Size: 512, Coding: coding.Deflate, Hash: 7, Sniff: sniffText}}
}
func dir(path string) Item { return Item{Path: path, Entry: Entry{Type: TypeDir, HeaderLen: 100}} }
func hard(path, to string) Item {
	return Item{Path: path, Link: to, Entry: Entry{Type: TypeHardlink, HeaderLen: 100}}
}
func soft(path, to string) Item {
	return Item{Path: path, Link: to, Entry: Entry{Type: TypeSymlink, HeaderLen: 100}}
}

// inOrder gives items offsets one after the other, and the size of the archive.
func inOrder(items ...Item) ([]Item, int64) {
	at := int64(0)
	for i := range items {
		items[i].Offset = at
		at += items[i].Length()
	}
	return items, at + layout.TrailerMember
}

// inGroup gives items one and the same offset.
func inGroup(items ...Item) ([]Item, int64) { return items, 1000 }

func TestFinishRules(t *testing.T) {
	type maker func(...Item) ([]Item, int64)
	for _, c := range []struct {
		what  string
		order maker
		items []Item
		err   error
		names string // that the error has
	}{
		{"nothing", inOrder, nil, nil, ""},
		{"a tree", inOrder, []Item{dir("a"), file("a/b"), dir("a/c"), file("a/c/d"), hard("e", "a/b")}, nil, ""},
		{"two files", inOrder, []Item{file("a"), file("b"), file("a")}, ErrDuplicate, `"a"`},
		{"file and directory", inOrder, []Item{dir("x"), dir("x/y"), file("x/y")}, ErrDuplicate, `"x/y"`},
		{"duplicate far away", inOrder, []Item{dir("x"), file("x/y"), dir("x!"), file("x0"), dir("x")}, ErrDuplicate, `"x"`},
		{"no parent", inOrder, []Item{file("a/b")}, ErrNoParent, `"a/b"`},
		{"no grandparent", inOrder, []Item{dir("a/b"), file("a/b/c")}, ErrNoParent, `"a/b"`},
		{"parent missing in the middle", inOrder, []Item{dir("a"), file("a/b/c")}, ErrNoParent, `"a/b/c"`},
		{"parent is a file", inOrder, []Item{file("a"), file("a/b")}, ErrNoParent, `"a/b"`},
		{"parent is a symbolic link", inOrder, []Item{soft("a", "."), file("a/b")}, ErrNoParent, `"a/b"`},
		{"parent comes later", inOrder, []Item{file("a/b"), dir("a")}, ErrNoParent, `"a/b"`},
		{"parent comes later in the group", inGroup, []Item{soft("a/b", "c"), dir("a")}, ErrNoParent, `"a/b"`},
		{"parent comes earlier in the group", inGroup, []Item{dir("a"), soft("a/b", "c")}, nil, ""},
		{"a neighbour of the parent", inOrder, []Item{dir("a"), dir("a.b"), file("a.c/d")}, ErrNoParent, `"a.c/d"`},
		{"back in the parent", inOrder, []Item{dir("a"), dir("a/b"), file("a/b/c"), file("a/d"), file("b"), file("a/b.c")}, nil, ""},
		{"no target", inOrder, []Item{file("a"), hard("c", "b")}, ErrNoTarget, `"c"`},
		{"no target, after all", inOrder, []Item{file("a"), hard("c", "d")}, ErrNoTarget, `"c"`},
		{"target is a directory", inOrder, []Item{dir("a"), hard("c", "a")}, ErrNoTarget, `"a"`},
		{"target is a hard link", inOrder, []Item{file("a"), hard("b", "a"), hard("c", "b")}, ErrNoTarget, `"c"`},
		{"target is a symbolic link", inOrder, []Item{soft("a", "b"), hard("c", "a")}, ErrNoTarget, `"c"`},
		{"target comes later", inOrder, []Item{hard("a", "b"), file("b")}, ErrNoTarget, `"a"`},
		{"many links", inOrder, []Item{file("m"), hard("a", "m"), hard("z", "m"), file("b"), hard("y", "b"), hard("x", "b")}, nil, ""},
	} {
		for _, memory := range []int{0, 1} {
			items, size := c.order(c.items...)
			_, _, err := build(items, size, BuilderOptions{TempDir: t.TempDir(), Memory: memory})
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
		items []Item
		err   error
	}{
		{"all backwards", []Item{hard("l", "d/f"), file("d/f"), dir("d")}, nil},
		{"no parent", []Item{file("d/f")}, ErrNoParent},
		{"no target", []Item{hard("l", "f")}, ErrNoTarget},
		{"duplicate", []Item{file("f"), file("f")}, ErrDuplicate},
	} {
		m := &model{}
		for _, it := range c.items {
			m.add(it)
		}
		m.finish()
		b, _, err := build(m.items, m.archive, BuilderOptions{Unordered: true})
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.what, err, c.err)
		}
		if err != nil {
			continue
		}
		x := mustOpen(t, b)
		for i, want := range m.sorted {
			if e, err := x.Entry(i); e != want.Entry || err != nil {
				t.Errorf("%s: Entry(%d) = %+v, %v; want %+v", c.what, i, e, err, want.Entry)
			}
			if j, ok, err := x.Lookup(want.Path); j != i || !ok || err != nil {
				t.Errorf("%s: Lookup(%q) = %d, %v, %v", c.what, want.Path, j, ok, err)
			}
		}
		if err := x.Verify(); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "earlier in the archive") {
			t.Errorf("%s: Verify: %v", c.what, err)
		}
	}
}

// edited is an item, changed.
func edited(it Item, edit func(*Item)) Item {
	edit(&it)
	return it
}

// segmentedFile is a file of two segments.
func segmentedFile(edit func(*Item)) Item {
	it := file("big")
	it.Size, it.Coding, it.Shift, it.Segments = 2<<20, coding.Segmented, 20, []uint32{3000, 2000}
	it.ContentLen, it.PadLen = 5000+18, 40
	edit(&it)
	return it
}

func TestAdd(t *testing.T) {
	same := func(*Item) {}
	for _, c := range []struct {
		what string
		item Item
		err  error
	}{
		{"a file", file("a"), nil},
		{"an empty file", edited(file("a"), func(it *Item) {
			it.Size, it.ContentLen, it.Coding, it.Hash, it.Sniff = 0, 0, coding.None, layout.EmptyHash, 0
		}), nil},
		{"a stored file", edited(file("a"), func(it *Item) { it.Coding, it.ContentLen = coding.Stored, 512+18+5 }), nil},
		{"a segmented file", segmentedFile(same), nil},
		{"a hard link with what it will get", edited(hard("b", "a"), func(it *Item) { it.Size, it.Hash, it.Sniff, it.Target = 1, 2, 3, 4 }), nil},
		{"a device", Item{Path: "d", Entry: Entry{Type: TypeChar, HeaderLen: 100, DevMajor: layout.MaxDevice}}, nil},
		{"the longest times", edited(file("a"), func(it *Item) { it.ModTime = layout.MinTime }), nil},

		{"no path", file(""), ErrPath},
		{"a path upwards", file("a/../b"), ErrPath},
		{"no type", edited(dir("a"), func(it *Item) { it.Type = 0 }), ErrItem},
		{"type 8", edited(dir("a"), func(it *Item) { it.Type = 8 }), ErrItem},
		{"negative offset", edited(file("a"), func(it *Item) { it.Offset = -1 }), ErrItem},
		{"offset of 2^48", edited(file("a"), func(it *Item) { it.Offset = 1 << 48 }), ErrItem},
		{"no header", edited(file("a"), func(it *Item) { it.HeaderLen = 0 }), ErrItem},
		{"header of 64 KiB", edited(file("a"), func(it *Item) { it.HeaderLen = 1 << 16 }), ErrItem},
		{"negative size", edited(file("a"), func(it *Item) { it.Size = -1 }), ErrItem},
		{"size of 2^48", edited(file("a"), func(it *Item) { it.Size = 1 << 48; it.ContentLen = 1 << 40 }), ErrItem},
		{"mode of 13 bits", edited(file("a"), func(it *Item) { it.Mode = 0o10000 }), ErrItem},
		{"time of 40 bits", edited(file("a"), func(it *Item) { it.ModTime = layout.MaxTime + 1 }), ErrItem},
		{"time of 40 bits, negative", edited(file("a"), func(it *Item) { it.ModTime = layout.MinTime - 1 }), ErrItem},
		{"content without size", edited(file("a"), func(it *Item) { it.Size = 0 }), ErrItem},
		{"empty with a wrong hash", edited(file("a"), func(it *Item) { it.Size, it.ContentLen, it.Coding, it.Sniff = 0, 0, coding.None, 0 }), ErrItem},
		{"size without content", edited(file("a"), func(it *Item) { it.ContentLen = 0 }), ErrItem},
		{"content of 2^48", edited(file("a"), func(it *Item) { it.ContentLen = 1 << 48 }), ErrItem},
		{"negative content", edited(file("a"), func(it *Item) { it.ContentLen = math.MinInt64 }), ErrItem},
		{"a bomb", edited(file("a"), func(it *Item) { it.Size = 512 * 1000 }), ErrItem},
		{"no coding", edited(file("a"), func(it *Item) { it.Coding = coding.None }), ErrItem},
		{"coding 4", edited(file("a"), func(it *Item) { it.Coding = 4 }), ErrItem},
		{"stored of another length", edited(file("a"), func(it *Item) { it.Coding = coding.Stored }), ErrItem},
		{"padding that is not needed", edited(file("a"), func(it *Item) { it.PadLen = 30 }), ErrItem},
		{"padding that is missing", edited(file("a"), func(it *Item) { it.Size = 513 }), ErrItem},
		{"negative padding", edited(file("a"), func(it *Item) { it.Size, it.PadLen = 513, -30 }), ErrItem},
		{"a duplicate file", edited(file("a"), func(it *Item) { it.Duplicate = true }), ErrItem},
		{"a file with a link", edited(file("a"), func(it *Item) { it.Link = "b" }), ErrItem},
		{"a directory with content", edited(dir("a"), func(it *Item) { it.ContentLen = 100 }), ErrItem},
		{"a directory with a size", edited(dir("a"), func(it *Item) { it.Size = 100 }), ErrItem},
		{"a directory with a hash", edited(dir("a"), func(it *Item) { it.Hash = 100 }), ErrItem},
		{"a directory with a link", edited(dir("a"), func(it *Item) { it.Link = "b" }), ErrItem},
		{"a symbolic link with a sniff", edited(soft("a", "b"), func(it *Item) { it.Sniff = sniffText }), ErrItem},
		{"a symbolic link to nothing", soft("a", ""), ErrItem},
		{"a symbolic link with NUL", soft("a", "b\x00"), ErrItem},
		{"a symbolic link that is too long", soft("a", strings.Repeat("x", layout.MaxPath+1)), ErrItem},
		{"a hard link to nothing", hard("a", ""), ErrPath},
		{"a hard link upwards", hard("a", "../b"), ErrPath},
		{"a hard link to itself", hard("a", "a"), ErrItem},
		{"a device of 22 bits", Item{Path: "d", Entry: Entry{Type: TypeBlock, HeaderLen: 100, DevMinor: layout.MaxDevice + 1}}, ErrItem},
		{"segments in a deflated file", segmentedFile(func(it *Item) { it.Coding, it.PadLen = coding.Deflate, 0 }), ErrItem},
		{"segmented without segments", segmentedFile(func(it *Item) { it.Segments = nil }), ErrItem},
		{"one segment", segmentedFile(func(it *Item) { it.Shift, it.Segments = 21, []uint32{5000} }), ErrItem},
		{"three segments", segmentedFile(func(it *Item) { it.Segments = []uint32{3000, 1000, 1000} }), ErrItem},
		{"an empty segment", segmentedFile(func(it *Item) { it.Segments = []uint32{5000, 0} }), ErrItem},
		{"segments of another length", segmentedFile(func(it *Item) { it.Segments = []uint32{5000, 1} }), ErrItem},
		{"shift 19", segmentedFile(func(it *Item) { it.Shift = 19 }), ErrItem},
		{"segmented without padding", segmentedFile(func(it *Item) { it.PadLen = 0 }), ErrItem},
	} {
		b := NewBuilder(BuilderOptions{})
		if err := b.Add(c.item); !errors.Is(err, c.err) || err != nil && b.Len() != 0 || err == nil && b.Len() != 1 {
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
	}{{size, nil}, {size + 1, nil}, {layout.MaxOffset, nil}, {size - 1, ErrItem}, {0, ErrItem}, {-1, ErrItem}, {layout.MaxOffset + 1, ErrItem}} {
		if _, _, err := build(items, c.size, BuilderOptions{}); !errors.Is(err, c.err) {
			t.Errorf("an archive of %d bytes: %v, want %v", c.size, err, c.err)
		}
	}
}

// TestBuilderDone: a builder makes one sidecar.
func TestBuilderDone(t *testing.T) {
	b := NewBuilder(BuilderOptions{})
	if _, _, err := b.Finish(&Memory{}, 1000); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Finish(&Memory{}, 1000); err == nil {
		t.Error("Finish twice")
	}
	if err := b.Add(file("a")); err == nil {
		t.Error("Add after Finish")
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

// failing is a File of which some call fails.
type failing struct {
	Memory
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
	items, size := inOrder(dir("a"), file("a/b"), soft("c", "d"), hard("e", "a/b"), segmentedFile(func(*Item) {}))
	calls := 0
	for ; ; calls++ {
		b := NewBuilder(BuilderOptions{})
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
	var m Memory
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
