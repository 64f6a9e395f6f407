package sidecar_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/sidecar/internal/layout"
	"github.com/tarpack/tpk/sidecar/internal/sidecartest"
)

// FuzzOpen calls all methods on any bytes, with corrected hashes, in memory, through an io.ReaderAt
// and embedded in an archive. All must return the same, and errors wrap ErrCorrupt. A sidecar that
// passes Verify must be byte for byte one that a Builder makes.
func FuzzOpen(f *testing.F) {
	good, _ := sidecartest.Example(f)
	f.Add(good, uint32(0), []byte(nil))
	f.Add(good, uint32(atEntries), []byte{9})
	for at := uint32(layout.HeaderSize); at < uint32(len(good)); at += 37 {
		f.Add(good, at, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
		f.Add(good, at, []byte{1})
	}
	empty, _, err := sidecartest.Build(nil, layout.TrailerMember, build.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(empty, uint32(0), []byte(nil))
	for _, n := range []int{0, 15} {
		sums := sidecartest.MustBuildSums(f, sidecartest.RandomModel(rand.New(rand.NewPCG(1, 1)), n))
		f.Add(sums, uint32(0), []byte(nil))
		for at := uint32(layout.HeaderSize); at < uint32(len(sums)); at += 37 {
			f.Add(sums, at, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
		}
		for at := uint32(0); at < layout.HeaderSize; at += 3 {
			f.Add(sums, at, []byte{1})
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, at uint32, patch []byte) {
		if len(b) < layout.HeaderSize || len(b) > 1<<20 {
			return
		}
		b = bytes.Clone(b)
		copy(b[int(at)%len(b):], patch)
		sidecartest.Reseal(b)
		x, err := sidecar.OpenBytes(b)
		y, err2 := sidecar.OpenReaderAt(bytes.NewReader(b), int64(len(b)))
		z, err3 := sidecar.OpenParts(sidecartest.Parts(b, 0xa5), 0, int64(len(b)))
		if (err == nil) != (err2 == nil) || (err == nil) != (err3 == nil) {
			t.Fatalf("opened from memory: %v, by reading: %v, embedded: %v", err, err2, err3)
		}
		if err != nil {
			if !errors.Is(err, sidecar.ErrCorrupt) && !errors.Is(err, sidecar.ErrVersion) &&
				!errors.Is(err, sidecar.ErrDraft) {
				t.Fatal(err)
			}
			return
		}
		askBoth(t, x, y)
		askBoth(t, x, z)
		askChecked(t, x, b)
		if x.Verify() == nil {
			rebuild(t, x, b)
		}
	})
}

// askBoth compares two ways to read the same bytes.
func askBoth(t *testing.T, x, y *sidecar.Index) {
	t.Helper()
	same := func(what string, i int, a, b any, err, err2 error) {
		t.Helper()
		if a != b || (err == nil) != (err2 == nil) {
			t.Fatalf("%s(%d): %v, %v from memory; %v, %v by reading", what, i, a, err, b, err2)
		}
		if err != nil && !errors.Is(err, sidecar.ErrCorrupt) && !errors.Is(err, sidecar.ErrRange) &&
			!errors.Is(err, sidecar.ErrVersion) {
			t.Fatalf("%s(%d): %v", what, i, err)
		}
	}
	for i := range min(x.Len(), 200) {
		e, err := x.Entry(i)
		e2, err2 := y.Entry(i)
		same("Entry", i, e, e2, err, err2)
		if err == nil && e.Offset+e.Length() > x.ArchiveSize()-layout.TrailerMember {
			t.Fatalf("Entry(%d) = %+v in an archive of %d bytes", i, e, x.ArchiveSize())
		}
		p, err := x.Path(i)
		p2, err2 := y.Path(i)
		same("Path", i, p, p2, err, err2)
		l, err := x.Link(i)
		l2, err2 := y.Link(i)
		same("Link", i, l, l2, err, err2)
		j, ok, err := x.Lookup(p)
		j2, ok2, err2 := y.Lookup(p)
		same("Lookup", i, [2]any{j, ok}, [2]any{j2, ok2}, err, err2)
		s, err := x.Segments(i)
		s2, err2 := y.Segments(i)
		same("Segments", i, [2]int{int(s.Shift), s.NumSegments},
			[2]int{int(s2.Shift), s2.NumSegments}, err, err2)
		if err == nil {
			lengths, err := s.AppendLengths(nil)
			lengths2, err2 := s2.AppendLengths(nil)
			same("AppendLengths", i, fmt.Sprint(lengths), fmt.Sprint(lengths2), err, err2)
		}
		sum, err := x.SHA256(i)
		sum2, err2 := y.SHA256(i)
		if !errors.Is(err, sidecar.ErrNoSums) || !errors.Is(err2, sidecar.ErrNoSums) {
			same("SHA256", i, sum, sum2, err, err2)
			table, err := x.MiBSums(i)
			table2, err2 := y.MiBSums(i)
			same("MiBSums", i, table.Len, table2.Len, err, err2)
			for k := range min(table.Len, 5) {
				sum, err := table.Sum(k)
				sum2, err2 := table2.Sum(k)
				same("Sum", i, sum, sum2, err, err2)
			}
		}
		for k := range min(s.NumSegments, 5) {
			end, err := s.End(k)
			end2, err2 := s2.End(k)
			same("End", i, end, end2, err, err2)
		}
		same("Children", i, listing(x, i), listing(y, i), nil, nil)
	}
	same("Children", sidecar.Root, listing(x, sidecar.Root), listing(y, sidecar.Root), nil, nil)
	var a, b strings.Builder
	for row, err := range x.All(0, x.Len()) {
		a.WriteString(string(row.Path))
		same("All", row.Ordinal, 0, 0, err, err)
	}
	for row := range y.All(0, x.Len()) {
		b.WriteString(string(row.Path))
	}
	same("All", 0, a.String(), b.String(), nil, nil)
	err, err2 := x.Verify(), y.Verify()
	same("Verify", 0, 0, 0, err, err2)
}

// askChecked reads a sidecar of which only the header is trusted. What it reads without an error is
// what x has.
func askChecked(t *testing.T, x *sidecar.Index, b []byte) {
	t.Helper()
	z, err := openChecked(b)
	if err != nil {
		if x.HasSHA256() && !errors.Is(err, sidecar.ErrSum) {
			t.Fatalf("OpenChecked: %v", err)
		}
		return
	}
	for i := range min(x.Len(), 200) {
		e, err := z.Entry(i)
		if errors.Is(err, sidecar.ErrSum) {
			continue
		}
		if want, wantErr := x.Entry(i); e != want || (err == nil) != (wantErr == nil) {
			t.Fatalf("Entry(%d) = %v, %v, checked %v, %v", i, want, wantErr, e, err)
		}
	}
}

// listing is all that Children and Dir yield, as text.
func listing(x *sidecar.Index, dir int) string {
	var list []byte
	for i, err := range x.Children(dir) {
		list = binary.AppendVarint(list, int64(i))
		if err != nil {
			list = append(list, 0xff)
		}
	}
	for row, err := range x.Dir(dir) {
		list = fmt.Appendf(list, "%d %s %v %v\n", row.Ordinal, row.Path, row.Entry, err)
	}
	return string(list)
}

// rebuild makes a sidecar of the entries of one, and compares the bytes.
func rebuild(t *testing.T, x *sidecar.Index, want []byte) {
	t.Helper()
	var items []build.Item
	for it, err := range sidecartest.ItemsOf(x) {
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, *it)
	}
	slices.SortStableFunc(items, func(a, b build.Item) int { return cmp.Compare(a.Offset, b.Offset) })
	got, _, err := sidecartest.Build(items, x.ArchiveSize(), build.Options{SHA256: x.HasSHA256()})
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("Verify accepts what a Builder does not make: %v", err)
	}
	for i, it := range slices.SortedFunc(slices.Values(items),
		func(a, b build.Item) int { return sidecar.ComparePaths(a.Path, b.Path) }) {
		if j, ok, err := x.Lookup(it.Path); j != i || !ok || err != nil {
			t.Fatalf("Lookup(%q) = %d, %v, %v; want %d", it.Path, j, ok, err, i)
		}
	}
}
