package sidecar

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/sidecar/internal/layout"

	"github.com/tarpack/tpk/gzmember/coding"
)

// A model is a small archive described plainly: maps, slices and strings, against which an Index is held.
type model struct {
	items   []Item // in archive order
	archive int64  // size

	sorted []Item         // in path order, with what Finish finds filled in
	at     map[string]int // ordinal of each path
}

// add puts an item at the end of the archive. A file begins a member; any other entry shares the group of the entry before
// if that is none either.
func (m *model) add(it Item) {
	if n := len(m.items); n > 0 && it.Type != TypeFile && m.items[n-1].Type != TypeFile && n%7 != 0 {
		it.Offset, it.HeaderLen = m.items[n-1].Offset, m.items[n-1].HeaderLen
	} else {
		it.Offset, it.HeaderLen = m.archive, int32(coding.MinMember+n%200)
	}
	m.archive = it.Offset + it.Length()
	m.items = append(m.items, it)
}

// finish fills in the rest, the slow way.
func (m *model) finish() *model {
	m.archive += layout.TrailerMember
	m.sorted = slices.Clone(m.items)
	slices.SortFunc(m.sorted, func(a, b Item) int {
		return slices.Compare(strings.Split(a.Path, "/"), strings.Split(b.Path, "/"))
	})
	m.at = map[string]int{}
	for i, it := range m.sorted {
		m.at[it.Path] = i
	}
	for i := range m.sorted {
		it := &m.sorted[i]
		switch it.Type {
		case TypeDir:
			it.End = uint32(i + 1)
			for int(it.End) < len(m.sorted) && strings.HasPrefix(m.sorted[it.End].Path, it.Path+"/") {
				it.End++
			}
		case TypeSymlink:
			it.Size = int64(len(it.Link))
		case TypeHardlink:
			it.Target = uint32(m.at[it.Link])
			t := &m.sorted[it.Target]
			it.Size, it.Hash, it.Sniff = t.Size, t.Hash, t.Sniff
		}
	}
	return m
}

// stats counts the entries of a model.
func (m *model) stats() (s Stats) {
	for _, it := range m.sorted {
		switch it.Type {
		case TypeFile:
			s.Files, s.FileBytes, s.MemberBytes = s.Files+1, s.FileBytes+uint64(it.Size), s.MemberBytes+uint64(it.ContentLen)
		case TypeDir:
			s.Dirs++
		case TypeSymlink:
			s.Symlinks++
		case TypeHardlink:
			s.Hardlinks, s.LinkBytes = s.Hardlinks+1, s.LinkBytes+uint64(it.Size)
			if it.Duplicate {
				s.Duplicates++
			}
		default:
			s.Specials++
		}
	}
	return s
}

// children gives the ordinals of what is directly in a directory.
func (m *model) children(dir string) (list []int) {
	for i, it := range m.sorted {
		if parent, _ := filepath.Split(it.Path); strings.TrimSuffix(parent, "/") == dir {
			list = append(list, i)
		}
	}
	return list
}

// randomModel makes a tree of n entries of all kinds, with names that try the order of paths and the front coding.
func randomModel(r *rand.Rand, n int) *model {
	m := &model{}
	dirs, files := []string{""}, []string(nil)
	used := map[string]bool{}
	for len(m.items) < n {
		path := dirs[min(r.IntN(len(dirs)), r.IntN(len(dirs)))] + randomName(r)
		if used[path] || len(path) > layout.MaxPath {
			continue
		}
		used[path] = true
		it := Item{Path: path, Entry: Entry{Mode: uint16(r.IntN(0o10000)), ModTime: r.Int64N(1<<40) - 1<<39}}
		switch k := r.IntN(20); {
		case k < 10:
			randomFile(r, &it)
			files = append(files, path)
		case k < 14:
			it.Type = TypeDir
			dirs = append(dirs, path+"/")
		case k < 16:
			it.Type, it.Link = TypeSymlink, strings.Repeat(randomName(r), 1+r.IntN(9))
		case k < 19 && len(files) > 0:
			it.Type, it.Link, it.Duplicate = TypeHardlink, files[r.IntN(len(files))], r.IntN(2) == 0
		case k == 19:
			it.Type, it.DevMajor, it.DevMinor = TypeChar+Type(r.IntN(2)), r.Uint32N(layout.MaxDevice+1), r.Uint32N(layout.MaxDevice+1)
		default:
			it.Type = TypeFIFO
		}
		m.add(it)
	}
	return m.finish()
}

// randomName gives a component.
func randomName(r *rand.Rand) string {
	switch r.IntN(12) {
	case 0: // just above and below the slash
		return string([]byte{"!-.0"[r.IntN(4)], "a\x01\xff "[r.IntN(4)]})
	case 1:
		return strings.Repeat("long", 20) + fmt.Sprint(r.IntN(1000))
	case 2:
		return strings.Repeat(string(rune('a'+r.IntN(3))), 250+r.IntN(6))
	case 3:
		return string([]byte{1 + byte(r.IntN(40)), 0xe0 + byte(r.IntN(32))})
	default:
		return fmt.Sprintf("%s%d", []string{"file-", "file.", "f", "Straße "}[r.IntN(4)], r.IntN(500))
	}
}

// randomFile makes a regular file of any coding.
func randomFile(r *rand.Rand, it *Item) {
	it.Type, it.Hash, it.CRC, it.Sniff = TypeFile, r.Uint64(), r.Uint32(), Sniff(r.IntN(23))
	if r.IntN(2) == 0 {
		it.PadLen = int32(coding.MinMember + r.IntN(20))
	}
	switch it.Coding = coding.Coding(r.IntN(4)); it.Coding {
	case coding.None:
		it.Hash, it.CRC, it.Sniff, it.PadLen = layout.EmptyHash, 0, 0, 0
		return
	case coding.Deflate:
		it.Size = 1 + r.Int64N(1<<20)
		it.ContentLen = coding.Overhead + 2 + it.Size/(1+r.Int64N(1000))
	case coding.Stored:
		it.Size = 1 + r.Int64N(1<<18)
		it.ContentLen = it.Size + 5*((it.Size+65534)/65535) + 18
	case coding.Segmented:
		it.Shift = 20 + uint8(r.IntN(3))
		it.Size = 1<<it.Shift + 1 + r.Int64N(5<<20)
		it.PadLen, it.ContentLen = 40, coding.Overhead
		for range (it.Size + 1<<it.Shift - 1) >> it.Shift {
			n := 5000 + r.Uint32N(1<<20)
			it.Segments = append(it.Segments, n)
			it.ContentLen += int64(n)
		}
	}
	if it.Coding != coding.Segmented {
		if it.Size%512 == 0 {
			it.PadLen = 0
		} else if it.PadLen == 0 {
			it.PadLen = 21
		}
	}
}

// build makes the sidecar of items.
func build(items []Item, archive int64, o BuilderOptions) ([]byte, uint64, error) {
	b := NewBuilder(o)
	defer b.Close()
	for _, it := range items {
		if err := b.Add(it); err != nil {
			return nil, 0, err
		}
	}
	var m Memory
	digest, size, err := b.Finish(&m, archive)
	if err == nil && size != int64(len(m.Bytes())) {
		err = fmt.Errorf("size %d of %d", size, len(m.Bytes()))
	}
	return m.Bytes(), digest, err
}

// mustBuild is build of a whole model.
func mustBuild(t testing.TB, m *model) []byte {
	t.Helper()
	b, _, err := build(m.items, m.archive, BuilderOptions{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// openers are all the ways to open a sidecar.
var openers = []struct {
	name string
	open func(t testing.TB, b []byte) (*Index, error)
}{
	{"bytes", func(t testing.TB, b []byte) (*Index, error) { return OpenBytes(b) }},
	{"file", func(t testing.TB, b []byte) (*Index, error) {
		name := filepath.Join(t.TempDir(), "x.tpi")
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return Open(name)
	}},
	{"reader", func(t testing.TB, b []byte) (*Index, error) {
		return OpenReaderAt(bytes.NewReader(b), int64(len(b)))
	}},
}

// compare holds an Index against a model: every answer that it can give.
func compare(t testing.TB, x *Index, m *model) {
	t.Helper()
	fail := func(format string, args ...any) { t.Helper(); t.Fatalf(format, args...) }
	if x.Len() != len(m.sorted) || x.ArchiveSize() != m.archive || x.Stats() != m.stats() {
		fail("Len %d, ArchiveSize %d, Stats %+v; want %d, %d, %+v", x.Len(), x.ArchiveSize(), x.Stats(), len(m.sorted), m.archive, m.stats())
	}
	for i, want := range m.sorted {
		if got, ok, err := x.Lookup(want.Path); got != i || !ok || err != nil {
			fail("Lookup(%q) = %d, %v, %v; want %d", want.Path, got, ok, err, i)
		}
		for _, miss := range []string{want.Path + "x", want.Path + "/", want.Path[1:], want.Path[:len(want.Path)-1], "/" + want.Path} {
			j, here := m.at[miss]
			if got, ok, err := x.Lookup(miss); ok != here || got != j || err != nil {
				fail("Lookup(%q) = %d, %v, %v; want %d, %v", miss, got, ok, err, j, here)
			}
		}
		if got, err := x.Path(i); got != want.Path || err != nil {
			fail("Path(%d) = %q, %v; want %q", i, got, err, want.Path)
		}
		e, err := x.Entry(i)
		if e.linkOffset = 0; err != nil || e != want.Entry {
			fail("Entry(%d) = %+v, %v; want %+v", i, e, err, want.Entry)
		}
		got, err := x.Link(i)
		if isLink := want.Type == TypeSymlink || want.Type == TypeHardlink; got != want.Link || (err == nil) != isLink {
			fail("Link(%d) = %q, %v; want %q", i, got, err, want.Link)
		}
		compareSegments(t, x, i, &want)
		if want.Type == TypeDir {
			compareChildren(t, x, i, m.children(want.Path))
		}
	}
	compareChildren(t, x, Root, m.children(""))
	compareAll(t, x, m, 0, x.Len())
	if err := x.Verify(); err != nil {
		fail("Verify: %v", err)
	}
}

func compareSegments(t testing.TB, x *Index, i int, want *Item) {
	t.Helper()
	s, err := x.Segments(i)
	if want.Coding != coding.Segmented {
		if err == nil {
			t.Fatalf("Segments(%d) of coding %v", i, want.Coding)
		}
		return
	}
	if err != nil || s.Shift != want.Shift || s.NumSegments != len(want.Segments) {
		t.Fatalf("Segments(%d) = %+v, %v; want %d of shift %d", i, s, err, len(want.Segments), want.Shift)
	}
	sum := int64(0)
	for k, n := range want.Segments {
		sum += int64(n)
		if end, err := s.End(k); end != sum || err != nil {
			t.Fatalf("Segments(%d).End(%d) = %d, %v; want %d", i, k, end, err, sum)
		}
	}
}

func compareChildren(t testing.TB, x *Index, dir int, want []int) {
	t.Helper()
	var got []int
	for i, err := range x.Children(dir) {
		if err != nil {
			t.Fatalf("Children(%d): %v", dir, err)
		}
		got = append(got, i)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("Children(%d) = %v; want %v", dir, got, want)
	}
	got = nil
	for row, err := range x.In(dir) {
		if err != nil {
			t.Fatalf("In(%d): %v", dir, err)
		}
		got = append(got, row.I)
		path, err := x.Path(row.I)
		if err != nil || path != string(row.Path) {
			t.Fatalf("In(%d) has %q at %d; want %q, %v", dir, row.Path, row.I, path, err)
		}
		if e, err := x.Entry(row.I); err != nil || e != row.Entry {
			t.Fatalf("In(%d) has %+v at %d; want %+v, %v", dir, row.Entry, row.I, e, err)
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("In(%d) = %v; want %v", dir, got, want)
	}
}

func compareAll(t testing.TB, x *Index, m *model, from, to int) {
	t.Helper()
	i := from
	for row, err := range x.All(from, to) {
		if row.Entry.linkOffset = 0; err != nil || row.I != i || string(row.Path) != m.sorted[i].Path || row.Entry != m.sorted[i].Entry {
			t.Fatalf("All(%d, %d): %d is %+v, %v; want %+v", from, to, i, row, err, m.sorted[i].Entry)
		}
		i++
	}
	if i != to {
		t.Fatalf("All(%d, %d) ends at %d", from, to, i)
	}
}

// TestModel compares trees of many sizes, opened in each way.
func TestModel(t *testing.T) {
	for _, o := range openers {
		t.Run(o.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 1))
			for _, n := range []int{0, 1, 2, 11, 15, 16, 17, 31, 32, 33, 120, 1500} {
				m := randomModel(r, n)
				x, err := o.open(t, mustBuild(t, m))
				if err != nil {
					t.Fatal(err)
				}
				compare(t, x, m)
				for range 20 {
					a, b := r.IntN(n+1), r.IntN(n+1)
					compareAll(t, x, m, min(a, b), max(a, b))
				}
				if err := x.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestPure: the bytes depend neither on the memory that was allowed nor on the order of Add, as far as that is free.
func TestPure(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	m := randomModel(r, 3000)
	want, digest, err := build(m.items, m.archive, BuilderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, memory := range []int{1, 100_000, 1 << 20} {
		dir := t.TempDir()
		got, d, err := build(shuffleMembers(r, m.items), m.archive, BuilderOptions{TempDir: dir, Memory: memory})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) || d != digest {
			t.Errorf("with memory %d: digest %016x, want %016x", memory, d, digest)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
	if got := xxhash.Sum64(want[:atDigest]); got != digest {
		t.Errorf("digest %016x, of the header %016x", digest, got)
	}
}

// shuffleMembers changes the order of items, but not among those that share a member.
func shuffleMembers(r *rand.Rand, items []Item) []Item {
	groups := map[int64][]Item{}
	for _, it := range items {
		groups[it.Offset] = append(groups[it.Offset], it)
	}
	order := slices.SortedFunc(maps.Keys(groups), cmp.Compare[int64])
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	var out []Item
	for _, off := range order {
		out = append(out, groups[off]...)
	}
	return out
}
