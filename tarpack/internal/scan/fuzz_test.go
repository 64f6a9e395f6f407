package scan_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
)

// FuzzBuildIndex indexes arbitrary bytes. An archive that is accepted must have the same entries
// when archive/tar reads it.
func FuzzBuildIndex(f *testing.F) {
	for _, parts := range [][]tartest.ForgedPart{
		nil, {tartest.AFile("a", "content")}, tartest.Variety(),
	} {
		f.Add(tartest.ForgeRight(f, parts...))
	}
	f.Fuzz(func(t *testing.T, archive []byte) { checkIndex(t, archive) })
}

// FuzzDamage changes a sound archive: some bytes are exchanged, left out, or doubled.
func FuzzDamage(f *testing.F) {
	f.Add(uint16(20), uint16(0), uint16(0), []byte{1})
	f.Add(uint16(700), uint16(100), uint16(100), []byte{})
	f.Add(uint16(0), uint16(0), uint16(500), []byte{})
	archive := tartest.ForgeRight(f, tartest.Variety()...)
	f.Fuzz(func(t *testing.T, at, out, twice uint16, xor []byte) {
		if len(xor) > 64 {
			return
		}
		damaged := bytes.Clone(archive)
		i := int(at) % len(damaged)
		for k, x := range xor {
			if i+k < len(damaged) {
				damaged[i+k] ^= x
			}
		}
		rest := damaged[min(i+int(out), len(damaged)):]
		again := damaged[i:min(i+int(twice), len(damaged))]
		checkIndex(t, slices.Concat(damaged[:i], again, rest))
	})
}

// checkIndex indexes bytes in two ways, and compares the result with what archive/tar reads.
func checkIndex(t *testing.T, archive []byte) {
	var m build.Memory
	res, err := scan.BuildIndex(
		context.Background(),
		bytes.NewReader(archive),
		int64(len(archive)),
		&m,
		scan.Options{Workers: 1},
	)
	in, other := scanned(t, archive, 1, 0), scanned(t, archive, 3, 100)
	if !slices.Equal(in, other) {
		t.Fatalf("a scan in chunks finds\n%q\nnot\n%q", other, in)
	}
	// With a wrong digest in the trailer the archive is refused, but the index is complete.
	if err != nil && (!errors.Is(err, scan.ErrAltered) || res.SidecarBytes == 0) {
		return
	}
	x, err := sidecar.OpenBytes(m.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Verify(); err != nil {
		t.Fatal(err)
	}
	want, err := tarListing(archive)
	if err != nil {
		t.Fatalf("archive/tar: %v", err)
	}
	if got := indexListing(t, x); !slices.Equal(got, want) {
		t.Fatalf("the index has\n%q\narchive/tar reads\n%q", got, want)
	}
}

// scanned returns what a scan finds, a line a unit.
func scanned(t *testing.T, archive []byte, workers int, chunk int64) []string {
	var lines []string
	s := &scan.Scan{
		Src:     bytes.NewReader(archive),
		Size:    int64(len(archive)),
		Workers: workers,
		Chunk:   chunk,
		Each: func(un *scan.Unit) error {
			lines = append(lines, fmt.Sprint(un.Off, un.End, un.Items, un.Err))
			return nil
		},
	}
	if err := s.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	return lines
}

// tarListing returns what archive/tar reads, a line an entry, sorted.
func tarListing(archive []byte) ([]string, error) {
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	var lines []string
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			slices.Sort(lines)
			_, err := io.Copy(io.Discard, z)
			return lines, err
		}
		if err != nil {
			return nil, err
		}
		hash := xxhash.New()
		if _, err := io.Copy(hash, r); err != nil {
			return nil, err
		}
		lines = append(
			lines,
			listingLine(h.Name, h.Linkname, h.Typeflag, h.Mode, h.Size, h.ModTime.Unix(), hash.Sum64()),
		)
	}
}

func listingLine(path, link string, typeflag byte, mode, size, mtime int64, hash uint64) string {
	if size == 0 {
		hash = sidecar.EmptyHash
	}
	return fmt.Sprintf("%q %q %c %o %d %d %x", path, link, typeflag, mode, size, mtime, hash)
}

// indexListing returns the same lines as tarListing, from the index.
func indexListing(t *testing.T, x *sidecar.Index) []string {
	var lines []string
	for row, err := range x.All(0, x.Len()) {
		if err != nil {
			t.Fatal(err)
		}
		e, path, link := row.Entry, string(row.Path), ""
		switch e.Type {
		case sidecar.TypeDir:
			path += "/"
		case sidecar.TypeSymlink, sidecar.TypeHardlink:
			if link, err = x.Link(row.Ordinal); err != nil {
				t.Fatal(err)
			}
			e.Size = 0
		}
		lines = append(
			lines,
			listingLine(path, link, typeflags[e.Type], int64(e.Mode), e.Size, e.ModTime, e.Hash),
		)
	}
	slices.Sort(lines)
	return lines
}

var typeflags = map[sidecar.Type]byte{
	sidecar.TypeFile: tar.TypeReg, sidecar.TypeDir: tar.TypeDir,
	sidecar.TypeSymlink:  tar.TypeSymlink,
	sidecar.TypeHardlink: tar.TypeLink, sidecar.TypeFIFO: tar.TypeFifo,
	sidecar.TypeChar: tar.TypeChar, sidecar.TypeBlock: tar.TypeBlock,
}
