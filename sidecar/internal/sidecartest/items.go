package sidecartest

import (
	"crypto/sha256"
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// sniffText and sniffHTML are rows of the table in FORMAT.md 2.3.
const (
	sniffHTML sidecar.Sniff = 19
	sniffText sidecar.Sniff = 22
)

// File returns a file of 512 bytes.
func File(path string) build.Item {
	return build.Item{Path: path, Entry: sidecar.Entry{
		Type: sidecar.TypeFile, HeaderLen: 100, ContentLen: 50, Size: 512,
		Coding: coding.Deflate, Hash: 7, Sniff: sniffText,
	}, ContentSums: build.ContentSums{SHA256: sha256.Sum256([]byte(path)), MiBSums: FakeSums(path)}}
}

// FakeSums are sums of the MiBs of a content of any size. They depend on the text.
type FakeSums string

// Sum returns sum k.
func (f FakeSums) Sum(k int) sidecar.Sum { return sha256.Sum256(fmt.Appendf(nil, "%s %d", f, k)) }

// AppendSums implements [build.SumList].
func (f FakeSums) AppendSums(dst []byte, k, n int) ([]byte, error) {
	for i := range n {
		s := f.Sum(k + i)
		dst = append(dst, s[:]...)
	}
	return dst, nil
}

// Dir returns a directory.
func Dir(path string) build.Item {
	return build.Item{Path: path, Entry: sidecar.Entry{Type: sidecar.TypeDir, HeaderLen: 100}}
}

// Hard returns a hard link.
func Hard(path, to string) build.Item {
	e := sidecar.Entry{Type: sidecar.TypeHardlink, HeaderLen: 100}
	return build.Item{Path: path, Link: to, Entry: e}
}

// Soft returns a symbolic link.
func Soft(path, to string) build.Item {
	e := sidecar.Entry{Type: sidecar.TypeSymlink, Mode: layout.LinkMode, HeaderLen: 100}
	return build.Item{Path: path, Link: to, Entry: e}
}

// InOrder places items one after the other. It returns them and the size of the archive.
func InOrder(items ...build.Item) ([]build.Item, int64) {
	at := int64(0)
	for i := range items {
		items[i].Offset = at
		at += items[i].Length()
	}
	return items, at + layout.TrailerMember
}

// InGroup places items in one member. It returns them and the size of the archive.
func InGroup(items ...build.Item) ([]build.Item, int64) { return items, 1000 }

// Edited returns it after edit has changed it.
func Edited(it build.Item, edit func(*build.Item)) build.Item {
	edit(&it)
	return it
}

// SegmentedFile returns a file of two segments after edit has changed it.
func SegmentedFile(edit func(*build.Item)) build.Item {
	it := File("big")
	it.Size, it.Coding, it.Shift, it.Segments = 2<<20, coding.Segmented, 20, []uint32{3000, 2000}
	it.ContentLen, it.PadLen = 5000+18, 40
	edit(&it)
	return it
}

// Reseal corrects the hashes of a sidecar that was changed: those of the sections that lie in b,
// and the digest.
func Reseal(b []byte) {
	h := (*layout.Header)(b)
	if _, optional := h.Features(); h.NumSections() > layout.MaxSections ||
		optional&sidecar.SHA256 != 0 && h.NumSections() > layout.MaxSectionsWithSums {
		h.Seal()
		return
	}
	sections := make([]layout.Span, h.NumSections())
	for i := range sections {
		s := h.Section(i)
		off, n := uint64(s.Off), uint64(s.Len)
		if off <= uint64(len(b)) && n <= uint64(len(b))-off {
			s.Hash = xxhash.Sum64(b[off : off+n])
		}
		sections[i] = s
	}
	h.SetSections(sections)
	h.Seal()
}

// Example returns a small sidecar with entries of all kinds, and its model.
func Example(t testing.TB) ([]byte, *Model) {
	t.Helper()
	m := &Model{}
	for _, it := range []build.Item{
		Dir("d"),
		File("d/file"),
		Edited(File("d/text"), func(it *build.Item) {
			it.Size, it.PadLen, it.ContentLen = 700, 23, 300
		}),
		Edited(File("empty"), func(it *build.Item) {
			it.Size, it.ContentLen, it.Coding = 0, 0, coding.None
			it.Hash, it.Sniff = sidecar.EmptyHash, 0
		}),
		Edited(File("stored"), func(it *build.Item) {
			it.Coding, it.ContentLen = coding.Stored, 512+18+5
		}),
		SegmentedFile(func(*build.Item) {}),
		Dir("d/e"),
		Soft("d/link", "file"),
		Soft("link", "d/e"),
		Hard("hard", "d/text"),
		Edited(Hard("same", "d/file"), func(it *build.Item) { it.Duplicate = true }),
		{Path: "tty", Entry: sidecar.Entry{
			Type: sidecar.TypeChar, HeaderLen: 100, DevMajor: 5, DevMinor: 1,
		}},
		{Path: "pipe", Entry: sidecar.Entry{Type: sidecar.TypeFIFO, HeaderLen: 100}},
	} {
		it.ModTime = 1_000_000_000
		if it.Type != sidecar.TypeSymlink {
			it.Mode = 0o755
		}
		m.Add(it)
	}
	for _, name := range []string{
		"long-1", "long-2",
		"d/e/" + strings.Repeat("z", 254), "d/e/" + strings.Repeat("z", 255),
	} {
		m.Add(File(name))
	}
	m.Finish()
	return MustBuild(t, m), m
}

// BenchPath returns the path of file i of a tree like generated documentation: 64 bytes on average,
// 100 files in each directory.
func BenchPath(i int) string {
	kind := []string{"fn", "struct", "trait", "enum"}[i%4]
	name := []string{"into_iter", "Decoder", "AsRef", "ordering_of_entries"}[i/4%4]
	return fmt.Sprintf("%s/%s.%s-%05x.html", BenchDir(i/100), kind, name, uint32(i)*2654435761>>12)
}

// BenchDir returns the path of directory d.
func BenchDir(d int) string {
	return fmt.Sprintf("share/doc/html/crate-%05d/module-%02d", d/20, d%20)
}

// BenchItems calls add for all items of a tree of n files.
func BenchItems(n int, add func(build.Item) error) (archiveSize int64, err error) {
	off := int64(0)
	put := func(it build.Item) {
		it.Offset, it.HeaderLen, it.Mode, it.ModTime = off, 143, 0o644, 1_700_000_000
		off += it.Length()
		if err == nil {
			err = add(it)
		}
	}
	putDir := func(path string) {
		put(build.Item{Path: path, Entry: sidecar.Entry{Type: sidecar.TypeDir}})
	}
	putDir("share")
	putDir("share/doc")
	putDir("share/doc/html")
	for i := range n {
		if i%2000 == 0 {
			putDir(path.Dir(BenchDir(i / 100)))
		}
		if i%100 == 0 {
			putDir(BenchDir(i / 100))
		}
		put(build.Item{Path: BenchPath(i), Entry: sidecar.Entry{
			Type: sidecar.TypeFile, ContentLen: 2000, PadLen: 23, Size: 6001,
			Coding: coding.Deflate, Hash: uint64(i), CRC: uint32(i), Sniff: sniffHTML,
		}})
	}
	return off + layout.TrailerMember, err
}
