// Package sidecartest makes sidecars for tests, and compares them with simple models.
package sidecartest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// Model is a small archive in plain maps, slices and strings, to compare an Index with.
type Model struct {
	Items   []build.Item // in archive order
	Archive int64        // size in bytes

	Sorted []build.Item   // in path order, with the values that the builder's Finish sets
	At     map[string]int // ordinal of each path
}

// Add puts an item at the end of the archive. A file begins a member. Any other entry shares the
// group of the entry before, unless that is a file.
func (m *Model) Add(it build.Item) {
	n := len(m.Items)
	if n > 0 && n%7 != 0 &&
		it.Type != sidecar.TypeFile && m.Items[n-1].Type != sidecar.TypeFile {
		it.Offset, it.HeaderLen = m.Items[n-1].Offset, m.Items[n-1].HeaderLen
	} else {
		it.Offset, it.HeaderLen = m.Archive, int32(coding.MinMember+n%200)
	}
	m.Archive = it.Offset + it.Length()
	m.Items = append(m.Items, it)
}

// Finish fills in the rest, in a slow and simple way.
func (m *Model) Finish() *Model {
	m.Archive += layout.TrailerMember
	m.Sorted = slices.Clone(m.Items)
	slices.SortFunc(m.Sorted, func(a, b build.Item) int {
		return slices.Compare(strings.Split(a.Path, "/"), strings.Split(b.Path, "/"))
	})
	m.At = map[string]int{}
	for i, it := range m.Sorted {
		m.At[it.Path] = i
		if it.Type == sidecar.TypeFile && it.Size == 0 {
			m.Sorted[i].SHA256 = sha256.Sum256(nil)
		}
	}
	for i := range m.Sorted {
		it := &m.Sorted[i]
		switch it.Type {
		case sidecar.TypeDir:
			it.End = uint32(i + 1)
			for int(it.End) < len(m.Sorted) &&
				strings.HasPrefix(m.Sorted[it.End].Path, it.Path+"/") {
				it.End++
			}
		case sidecar.TypeSymlink:
			it.Size = int64(len(it.Link))
		case sidecar.TypeHardlink:
			it.Target = uint32(m.At[it.Link])
			t := &m.Sorted[it.Target]
			it.Size, it.Hash, it.Sniff = t.Size, t.Hash, t.Sniff
			it.SHA256, it.MiBSums = t.SHA256, t.MiBSums
		}
	}
	return m
}

// Stats counts the entries.
func (m *Model) Stats() (s sidecar.Stats) {
	for _, it := range m.Sorted {
		switch it.Type {
		case sidecar.TypeFile:
			s.Files++
			s.FileBytes += uint64(it.Size)
			s.MemberBytes += uint64(it.ContentLen)
		case sidecar.TypeDir:
			s.Dirs++
		case sidecar.TypeSymlink:
			s.Symlinks++
		case sidecar.TypeHardlink:
			s.Hardlinks++
			s.LinkBytes += uint64(it.Size)
			if it.Duplicate {
				s.Duplicates++
				s.SavedBytes += uint64(m.Sorted[it.Target].ContentLen)
			}
		default:
			s.Specials++
		}
	}
	return s
}

// Totals returns what is below a directory, or below the root for "".
func (m *Model) Totals(dir string) (t sidecar.Totals) {
	contents := map[uint32]bool{}
	for i, it := range m.Sorted {
		if dir != "" && !strings.HasPrefix(it.Path, dir+"/") || it.Type == sidecar.TypeDir {
			continue
		}
		t.NonDirs++
		content := uint32(i)
		switch it.Type {
		case sidecar.TypeHardlink:
			content = it.Target
		case sidecar.TypeFile:
		default:
			continue
		}
		t.Bytes += uint64(it.Size)
		if !contents[content] {
			contents[content] = true
			t.Members += uint64(m.Sorted[content].ContentLen)
		}
	}
	return t
}

// Children returns the ordinals of the entries directly in a directory.
func (m *Model) Children(dir string) (list []int) {
	for i, it := range m.Sorted {
		if parent, _ := path.Split(it.Path); strings.TrimSuffix(parent, "/") == dir {
			list = append(list, i)
		}
	}
	return list
}

// RandomModel returns a tree of n entries of all kinds, with names that are hard cases for the
// order of paths and the front coding.
func RandomModel(r *rand.Rand, n int) *Model {
	m := &Model{}
	dirs, files := []string{""}, []string(nil)
	used := map[string]bool{}
	for len(m.Items) < n {
		path := dirs[min(r.IntN(len(dirs)), r.IntN(len(dirs)))] + randomName(r)
		if used[path] || len(path) > layout.MaxPath {
			continue
		}
		used[path] = true
		it := build.Item{Path: path, Entry: sidecar.Entry{
			Mode: uint16(r.IntN(0o10000)), ModTime: r.Int64N(1<<40) - 1<<39,
		}}
		switch k := r.IntN(20); {
		case k < 10:
			randomFile(r, &it)
			files = append(files, path)
		case k < 14:
			it.Type = sidecar.TypeDir
			dirs = append(dirs, path+"/")
		case k < 16:
			it.Type, it.Link = sidecar.TypeSymlink, strings.Repeat(randomName(r), 1+r.IntN(9))
			it.Mode = layout.LinkMode
		case k < 19 && len(files) > 0:
			it.Type, it.Link = sidecar.TypeHardlink, files[r.IntN(len(files))]
			it.Duplicate = r.IntN(2) == 0
		case k == 19:
			it.Type = sidecar.TypeChar + sidecar.Type(r.IntN(2))
			it.DevMajor = r.Uint32N(layout.MaxDevice + 1)
			it.DevMinor = r.Uint32N(layout.MaxDevice + 1)
		default:
			it.Type = sidecar.TypeFIFO
		}
		m.Add(it)
	}
	return m.Finish()
}

// randomName returns a component of a path.
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
		name := []string{"file-", "file.", "f", "Straße "}[r.IntN(4)]
		return fmt.Sprintf("%s%d", name, r.IntN(500))
	}
}

// randomFile makes it a regular file of any coding.
func randomFile(r *rand.Rand, it *build.Item) {
	it.Type, it.Hash, it.CRC = sidecar.TypeFile, r.Uint64(), r.Uint32()
	it.SHA256, it.MiBSums = sha256.Sum256([]byte(it.Path)), FakeSums(it.Path)
	it.Sniff = sidecar.Sniff(r.IntN(23))
	if r.IntN(2) == 0 {
		it.PadLen = int32(coding.MinMember + r.IntN(20))
	}
	switch it.Coding = coding.Coding(r.IntN(4)); it.Coding {
	case coding.None:
		it.Hash, it.CRC, it.Sniff, it.PadLen = sidecar.EmptyHash, 0, 0, 0
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

// Build returns the sidecar of items and its digest.
func Build(items []build.Item, archive int64, o build.Options) ([]byte, uint64, error) {
	b := build.New(o)
	defer b.Close()
	for _, it := range items {
		if err := b.Add(it); err != nil {
			return nil, 0, err
		}
	}
	var m build.Memory
	digest, size, err := b.Finish(&m, archive)
	if err == nil && size != int64(len(m.Bytes())) {
		err = fmt.Errorf("size %d of %d", size, len(m.Bytes()))
	}
	return m.Bytes(), digest, err
}

// openKept opens a sidecar and keeps its table.
func openKept(b []byte, is sidecar.IsAt) (*sidecar.Index, error) {
	x, err := sidecar.OpenReaderAt(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	return x, x.KeepTable(is)
}

// MustBuild returns the sidecar of a model.
func MustBuild(t testing.TB, m *Model) []byte { return mustBuild(t, m, false) }

// MustBuildSums returns the sidecar of a model, with SHA-256 sums.
func MustBuildSums(t testing.TB, m *Model) []byte { return mustBuild(t, m, true) }

func mustBuild(t testing.TB, m *Model, sums bool) []byte {
	t.Helper()
	b, _, err := Build(m.Items, m.Archive, build.Options{TempDir: t.TempDir(), SHA256: sums})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// write returns the name of a new file.
func write(t testing.TB, b []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "x.tpi")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Openers are all the ways to open a sidecar.
var Openers = []struct {
	Name string
	Open func(t testing.TB, b []byte) (*sidecar.Index, error)
}{
	{"bytes", func(t testing.TB, b []byte) (*sidecar.Index, error) { return sidecar.OpenBytes(b) }},
	{"file", func(t testing.TB, b []byte) (*sidecar.Index, error) {
		return sidecar.Open(write(t, b))
	}},
	{"loaded file", func(t testing.TB, b []byte) (*sidecar.Index, error) {
		return sidecar.Load(write(t, b), int64(len(b)))
	}},
	{"reader", func(t testing.TB, b []byte) (*sidecar.Index, error) {
		return sidecar.OpenReaderAt(bytes.NewReader(b), int64(len(b)))
	}},
	{"reader with its table", func(t testing.TB, b []byte) (*sidecar.Index, error) {
		return openKept(b, nil)
	}},
	{"reader with its table and headers", func(t testing.TB, b []byte) (*sidecar.Index, error) {
		other, err := sidecar.OpenBytes(b)
		if err != nil {
			return nil, err
		}
		return openKept(b, func(e *sidecar.Entry, path string) (same, known bool, err error) {
			i, ok, err := other.Lookup(path)
			if !ok || err != nil {
				return false, err == nil, err
			}
			is, err := other.Entry(i)
			return is.Offset == e.Offset, i%3 != 0, err // sometimes it can't tell
		})
	}},
	{"embedded", func(t testing.TB, b []byte) (*sidecar.Index, error) {
		return openParts(t, b, sidecar.OpenEmbedded)
	}},
	{"loaded from an archive", func(t testing.TB, b []byte) (*sidecar.Index, error) {
		return openParts(t, b, func(f *os.File, e sidecar.Embedded) (*sidecar.Index, error) {
			return sidecar.LoadEmbedded(f, e, int64(len(b)))
		})
	}},
	{"checked in an archive", func(t testing.TB, b []byte) (*sidecar.Index, error) {
		return openParts(t, b, func(f *os.File, e sidecar.Embedded) (*sidecar.Index, error) {
			return sidecar.LoadEmbedded(f, e, 0)
		})
	}},
	{"reader of an archive", func(t testing.TB, b []byte) (*sidecar.Index, error) {
		return openParts(t, b, func(f *os.File, e sidecar.Embedded) (*sidecar.Index, error) {
			return sidecar.OpenReaderAt(e.Reader(f), e.Size)
		})
	}},
}

// MustOpen opens a sidecar in memory.
func MustOpen(t testing.TB, b []byte) *sidecar.Index {
	t.Helper()
	x, err := sidecar.OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// ItemsOf yields the items that an index was made from, with the values that Finish sets.
func ItemsOf(x *sidecar.Index) iter.Seq2[*build.Item, error] {
	return func(yield func(*build.Item, error) bool) {
		for row, err := range x.All(0, x.Len()) {
			it := &build.Item{Entry: row.Entry, Path: string(row.Path)}
			if err == nil && (it.Type == sidecar.TypeSymlink || it.Type == sidecar.TypeHardlink) {
				it.Link, err = x.Link(row.Ordinal)
			}
			if err == nil && it.Type == sidecar.TypeHardlink {
				var target sidecar.Entry
				target, err = x.Entry(int(it.Target))
				it.TargetLen = target.ContentLen
			}
			if err == nil && x.HasSHA256() && it.Type == sidecar.TypeFile {
				err = addSums(x, row.Ordinal, it)
			}
			if err == nil && it.Coding == coding.Segmented {
				var t sidecar.SegmentTable
				if t, err = x.Segments(row.Ordinal); err == nil {
					it.Shift = t.Shift
					it.Segments, err = t.AppendLengths(nil)
				}
			}
			if !yield(it, err) || err != nil {
				return
			}
		}
	}
}

// addSums completes the item of file i with its sums.
func addSums(x *sidecar.Index, i int, it *build.Item) (err error) {
	if it.SHA256, err = x.SHA256(i); err != nil {
		return err
	}
	it.MiBSums, err = x.MiBSums(i)
	return err
}

// Visible returns e without its unexported fields, to compare it with an entry of a Model.
func Visible(e sidecar.Entry) (v sidecar.Entry) {
	from, to := reflect.ValueOf(e), reflect.ValueOf(&v).Elem()
	for i := range from.NumField() {
		if from.Type().Field(i).IsExported() {
			to.Field(i).Set(from.Field(i))
		}
	}
	return v
}
