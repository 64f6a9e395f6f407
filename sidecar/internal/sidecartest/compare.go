package sidecartest

import (
	"slices"
	"testing"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// Compare compares every answer of an Index with a model.
func Compare(t testing.TB, x *sidecar.Index, m *Model) {
	t.Helper()
	fail := func(format string, args ...any) { t.Helper(); t.Fatalf(format, args...) }
	if x.Len() != len(m.Sorted) || x.ArchiveSize() != m.Archive || x.Stats() != m.Stats() {
		fail("Len %d, ArchiveSize %d, Stats %+v; want %d, %d, %+v",
			x.Len(), x.ArchiveSize(), x.Stats(), len(m.Sorted), m.Archive, m.Stats())
	}
	for i, want := range m.Sorted {
		if got, ok, err := x.Lookup(want.Path); got != i || !ok || err != nil {
			fail("Lookup(%q) = %d, %v, %v; want %d", want.Path, got, ok, err, i)
		}
		for _, miss := range []string{
			want.Path + "x", want.Path + "/", want.Path[1:],
			want.Path[:len(want.Path)-1], "/" + want.Path,
		} {
			j, here := m.At[miss]
			if got, ok, err := x.Lookup(miss); ok != here || got != j || err != nil {
				fail("Lookup(%q) = %d, %v, %v; want %d, %v", miss, got, ok, err, j, here)
			}
		}
		if got, err := x.Path(i); got != want.Path || err != nil {
			fail("Path(%d) = %q, %v; want %q", i, got, err, want.Path)
		}
		e, err := x.Entry(i)
		if e = Visible(e); err != nil || e != want.Entry {
			fail("Entry(%d) = %+v, %v; want %+v", i, e, err, want.Entry)
		}
		got, err := x.Link(i)
		isLink := want.Type == sidecar.TypeSymlink || want.Type == sidecar.TypeHardlink
		if got != want.Link || (err == nil) != isLink {
			fail("Link(%d) = %q, %v; want %q", i, got, err, want.Link)
		}
		compareSegments(t, x, i, &want)
		if want.Type == sidecar.TypeDir {
			compareChildren(t, x, i, m.Children(want.Path))
			compareTotals(t, x, i, m.Totals(want.Path))
		}
	}
	compareChildren(t, x, sidecar.Root, m.Children(""))
	compareTotals(t, x, sidecar.Root, m.Totals(""))
	CompareAll(t, x, m, 0, x.Len())
	if err := x.Verify(); err != nil {
		fail("Verify: %v", err)
	}
}

func compareSegments(t testing.TB, x *sidecar.Index, i int, want *build.Item) {
	t.Helper()
	s, err := x.Segments(i)
	if want.Coding != coding.Segmented {
		if err == nil {
			t.Fatalf("Segments(%d) of coding %v", i, want.Coding)
		}
		return
	}
	if err != nil || s.Shift != want.Shift || s.NumSegments != len(want.Segments) {
		t.Fatalf("Segments(%d) = %+v, %v; want %d of shift %d",
			i, s, err, len(want.Segments), want.Shift)
	}
	if got, err := s.AppendLengths([]uint32{7}); err != nil || got[0] != 7 ||
		!slices.Equal(got[1:], want.Segments) {
		t.Fatalf("Segments(%d).AppendLengths = %v, %v; want %v", i, got, err, want.Segments)
	}
	sum := int64(0)
	for k, n := range want.Segments {
		sum += int64(n)
		if end, err := s.End(k); end != sum || err != nil {
			t.Fatalf("Segments(%d).End(%d) = %d, %v; want %d", i, k, end, err, sum)
		}
	}
}

func compareTotals(t testing.TB, x *sidecar.Index, dir int, want sidecar.Totals) {
	t.Helper()
	if got, err := x.Totals(dir); got != want || err != nil {
		t.Fatalf("Totals(%d) = %+v, %v; want %+v", dir, got, err, want)
	}
}

func compareChildren(t testing.TB, x *sidecar.Index, dir int, want []int) {
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
	for row, err := range x.Dir(dir) {
		if err != nil {
			t.Fatalf("Dir(%d): %v", dir, err)
		}
		got = append(got, row.Ordinal)
		path, err := x.Path(row.Ordinal)
		if err != nil || path != string(row.Path) {
			t.Fatalf("Dir(%d) has %q at %d; want %q, %v", dir, row.Path, row.Ordinal, path, err)
		}
		if e, err := x.Entry(row.Ordinal); err != nil || e != row.Entry {
			t.Fatalf("Dir(%d) has %+v at %d; want %+v, %v", dir, row.Entry, row.Ordinal, e, err)
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("Dir(%d) = %v; want %v", dir, got, want)
	}
}

// CompareAll compares a run of entries with a model.
func CompareAll(t testing.TB, x *sidecar.Index, m *Model, from, to int) {
	t.Helper()
	i := from
	for row, err := range x.All(from, to) {
		want := &m.Sorted[i]
		if row.Entry = Visible(row.Entry); err != nil || row.Ordinal != i ||
			string(row.Path) != want.Path || row.Entry != want.Entry {
			t.Fatalf("All(%d, %d): %d is %+v, %v; want %+v", from, to, i, row, err, want.Entry)
		}
		i++
	}
	if i != to {
		t.Fatalf("All(%d, %d) ends at %d", from, to, i)
	}
}
