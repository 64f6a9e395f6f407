package export

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// hollow makes an archive of n files in folders of 100, below "tree", and of the file "tree/big" of
// 5 GiB. Its index and its trailer are right, and the rest is a hole in the file. It serves tests
// that depend on numbers only.
func hollow(t testing.TB, n int, big int64) *tarpack.Archive {
	t.Helper()
	name := filepath.Join(t.TempDir(), "hollow.tar.gz")
	b := build.New(build.Options{})
	defer b.Close()
	off := int64(0)
	add := func(it build.Item) {
		it.Offset, it.HeaderLen, it.ModTime, it.Mode = off, 143, stamp, 0o644
		off += it.Length()
		if err := b.Add(it); err != nil {
			t.Fatal(err)
		}
	}
	add(build.Item{Path: "tree", Entry: sidecar.Entry{Type: sidecar.TypeDir}})
	if big > 0 {
		e := sidecar.Entry{Type: sidecar.TypeFile, Size: big,
			ContentLen: coding.StoredLength(big), Coding: coding.Stored}
		add(build.Item{Path: "tree/big", Entry: e})
	}
	for i := range n {
		if i%100 == 0 {
			add(build.Item{Path: hollowDir(i), Entry: sidecar.Entry{Type: sidecar.TypeDir}})
		}
		e := sidecar.Entry{Type: sidecar.TypeFile, Size: 6001, ContentLen: 2018, PadLen: 23,
			Coding: coding.Deflate}
		add(build.Item{Path: fmt.Sprintf("%s/struct.Something-%05d.html", hollowDir(i), i),
			Entry: e})
	}
	tpi, err := os.Create(name + format.SidecarSuffix)
	if err != nil {
		t.Fatal(err)
	}
	defer tpi.Close()
	digest, _, err := b.Finish(tpi, off+format.EndSize)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	trailer := format.Trailer{Entries: b.Len(), Offset: off, Digest: digest, Features: b.Features()}
	if _, err := f.WriteAt(trailer.Append(nil), off); err != nil {
		t.Fatal(err)
	}
	// Groups end with the length of the header of one directory, which the export reads.
	a := openArchive(t, name)
	for row, err := range a.Index().All(0, a.Index().Len()) {
		if err != nil {
			t.Fatal(err)
		}
		if e := row.Entry; e.Type == sidecar.TypeDir {
			if _, err := f.WriteAt([]byte{0, 2, 0, 0}, e.Offset+int64(e.HeaderLen)-4); err != nil {
				t.Fatal(err)
			}
		}
	}
	return a
}

func hollowDir(i int) string { return fmt.Sprintf("tree/module-%04d", i/100) }

// A zip with more than 65,535 entries and more than 4 GiB needs zip64 for every number.
func TestZip64(t *testing.T) {
	const n, big = 66000, 5 << 30
	a := hollow(t, n, big)
	f, err := Folder(a, "tree", Zip)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(f, f.Size())
	if err != nil {
		t.Fatal(err)
	}
	if len(z.File) != n+n/100+2 || f.Entries() != len(z.File) {
		t.Fatalf("%d entries, laid out %d", len(z.File), f.Entries())
	}
	last := int64(0)
	for i, e := range z.File {
		if i > 10 && i%777 != 0 && i < len(z.File)-10 {
			continue
		}
		off, err := e.DataOffset() // reads the local header
		if err != nil || off <= last {
			t.Fatalf("%s at %d, after %d: %v", e.Name, off, last, err)
		}
		last = off
		if e.Name == "tree/big" && (e.UncompressedSize64 != big || e.CompressedSize64 != big) {
			t.Errorf("%+v", e.FileHeader)
		}
	}
	if last < big {
		t.Errorf("the last entry is at %d", last)
	}
	tail := make([]byte, 1)
	if _, err := f.ReadAt(tail, f.Size()-1); err != nil {
		t.Error(err)
	}
}

func BenchmarkLayOut(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		a := hollow(b, n, 0)
		for _, format := range []Format{TarGz, Zip} {
			// A download cannot begin before this is done.
			b.Run(fmt.Sprintf("%v/entries=%d", format, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					f, err := Folder(a, "tree", format)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := f.ReadAt(make([]byte, 1), 0); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	a := hollow(b, 100_000, 0)
	for _, as := range []Format{TarGz, Zip} {
		b.Run(as.String(), func(b *testing.B) {
			f, err := Folder(a, "tree", as)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(f.Size())
			for b.Loop() {
				if _, err := f.WriteRange(io.Discard, 0, f.Size()-format.EndSize); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
