package export

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
)

// chosen returns the paths that an export of the ranges must have, out of the paths alone.
func chosen(t *testing.T, a *tarpack.Archive, ranges []Range) []string {
	t.Helper()
	want := map[string]bool{}
	for row, err := range a.Index().All(0, a.Index().Len()) {
		if err != nil {
			t.Fatal(err)
		}
		path := string(row.Path)
		for _, r := range ranges {
			for i := r.From; i < r.To; i++ {
				p, err := a.Index().Path(i)
				if err != nil {
					t.Fatal(err)
				}
				if path == p || strings.HasPrefix(path, p+"/") || strings.HasPrefix(p, path+"/") {
					want[path] = true
				}
			}
		}
	}
	var list []string
	for path := range want {
		list = append(list, path)
	}
	slices.Sort(list)
	return list
}

// TestSelect selects entries at random, and each alone: archive/tar and archive/zip list what was
// selected, what is below it and above it, with the content of the files, and any part of an export
// is that of the whole.
func TestSelect(t *testing.T) {
	root := writeTree(t, everything)
	a := openTree(t, root)
	random := rand.New(rand.NewPCG(1, 2))
	tags := map[uint64]string{}
	check := func(dir string, ranges []Range) {
		t.Helper()
		want := chosen(t, a, ranges)
		f, err := Select(a, dir, ranges, TarGz, nil)
		if err != nil {
			t.Fatalf("%q %v: %v", dir, ranges, err)
		}
		b := readParts(t, f, random)
		checkArchive(t, dir, f, b)
		if got := sorted(readTar(t, root, b)); !slices.Equal(got, want) {
			t.Errorf("%q %v: tar has %q, want %q", dir, ranges, got, want)
		}
		key := dir + "\n" + strings.Join(want, "\n")
		if before, ok := tags[f.Tag()]; ok && before != key {
			t.Errorf("%q and %q have one tag", before, key)
		}
		tags[f.Tag()] = key
		z, err := Select(a, dir, ranges, Zip, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := readNames(t, readParts(t, z, random)); !slices.Equal(got, inZip(t, a, dir, want)) {
			t.Errorf("%q %v: zip has %q, want %q", dir, ranges, got, inZip(t, a, dir, want))
		}
	}
	for i := range a.Index().Len() {
		check("", []Range{{i, i + 1}})
	}
	for _, dir := range folders(t, a) {
		for range 2 {
			if ranges := randomRanges(t, a, dir, random); ranges != nil {
				check(dir, ranges)
			}
		}
	}
}

// randomRanges returns ranges of entries below dir.
func randomRanges(t *testing.T, a *tarpack.Archive, dir string, random *rand.Rand) []Range {
	t.Helper()
	d, err := newFolder(a, dir)
	if err != nil {
		t.Fatal(err)
	}
	at := d.from
	if dir != "" {
		at++
	}
	var list []Range
	for at += random.IntN(4); at < d.to; {
		r := Range{at, min(at+1+random.IntN(3), d.to)}
		list = append(list, r)
		for at = r.From; at < r.To; {
			e, err := a.Index().Entry(at)
			if err != nil {
				t.Fatal(err)
			}
			if at++; e.Type == sidecar.TypeDir {
				at = int(e.End)
			}
		}
		at += random.IntN(5)
	}
	return list
}

// readParts reads an export in parts of random lengths, and compares them with the whole.
func readParts(t *testing.T, f *File, random *rand.Rand) []byte {
	t.Helper()
	var whole bytes.Buffer
	if n, err := f.WriteTo(&whole); err != nil || n != f.Size() {
		t.Fatalf("%d of %d bytes: %v", n, f.Size(), err)
	}
	for range 20 {
		off := random.Int64N(f.Size())
		part := make([]byte, 1+random.Int64N(f.Size()-off))
		if _, err := f.ReadAt(part, off); err != nil ||
			!bytes.Equal(part, whole.Bytes()[off:][:len(part)]) {
			t.Fatalf("other bytes from %d to %d: %v", off, off+int64(len(part)), err)
		}
	}
	return whole.Bytes()
}

// inZip returns how paths stand in the zip of a selection of dir.
func inZip(t *testing.T, a *tarpack.Archive, dir string, paths []string) []string {
	t.Helper()
	var list []string
	for _, path := range paths {
		if dir != "" {
			rest, below := strings.CutPrefix(path, dir+"/")
			if !below {
				continue
			}
			path = rest
		}
		full := path
		if dir != "" {
			full = dir + "/" + path
		}
		i, _, err := a.Index().Lookup(full)
		if err != nil {
			t.Fatal(err)
		}
		e, err := a.Index().Entry(i)
		if err != nil {
			t.Fatal(err)
		}
		switch e.Type {
		case sidecar.TypeFile, sidecar.TypeDir, sidecar.TypeSymlink, sidecar.TypeHardlink:
			list = append(list, strings.ReplaceAll(path, "\\", "\uff3c"))
		}
	}
	slices.Sort(list)
	return list
}

// readNames returns the names in a zip, without slashes at their ends. It reads all files.
func readNames(t *testing.T, b []byte) []string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range r.File {
		list = append(list, strings.TrimSuffix(e.Name, "/"))
		rc, err := e.Open()
		if err == nil {
			_, err = io.Copy(io.Discard, rc)
		}
		if err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
	}
	slices.Sort(list)
	return list
}

// TestSelectRanges refuses ranges out of order, and outside of the folder.
func TestSelectRanges(t *testing.T) {
	a := openTree(t, writeTree(t, [][2]string{
		{"a/1", "x"}, {"a/2", "x"}, {"b/1", "y"}, {"b/2/3", "z"}, {"c", ""},
	}))
	// 0 a, 1 a/1, 2 a/2, 3 b, 4 b/1, 5 b/2, 6 b/2/3, 7 c
	for _, c := range []struct {
		dir    string
		ranges []Range
		ok     bool
	}{
		{"", []Range{{0, 8}}, true}, {"", []Range{{0, 3}, {3, 8}}, true}, {"", nil, true},
		{"b", []Range{{4, 5}, {6, 7}}, true},
		{"", []Range{{1, 1}}, false}, {"", []Range{{2, 1}}, false}, {"", []Range{{-1, 2}}, false},
		{"", []Range{{7, 9}}, false}, {"", []Range{{4, 5}, {4, 5}}, false},
		{"", []Range{{4, 5}, {1, 2}}, false}, {"", []Range{{3, 4}, {6, 7}}, false},
		{"b", []Range{{3, 4}}, false}, {"b", []Range{{1, 2}}, false}, {"b", []Range{{6, 8}}, false},
	} {
		_, err := Select(a, c.dir, c.ranges, TarGz, nil)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, sidecar.ErrRange) {
			t.Errorf("%q %v: %v", c.dir, c.ranges, err)
		}
	}
	hide := func(path string) bool { return path == "b/1" }
	f, err := Select(a, "b", []Range{{4, 7}}, Zip, hide)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := f.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	if got := readNames(t, b.Bytes()); !slices.Equal(got, []string{"2", "2/3"}) {
		t.Errorf("%q", got)
	}
}
