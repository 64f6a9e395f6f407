package overview

import (
	"cmp"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// indexOf returns an index of n entries. Those whose path ends in a slash are folders, and every
// tenth file is a duplicate of the one before it.
func indexOf(t testing.TB, n int, name func(i int) string) *sidecar.Index {
	t.Helper()
	b := build.New(build.Options{Memory: 1 << 30})
	defer b.Close()
	file := -1
	for i := range n {
		e := sidecar.Entry{Type: sidecar.TypeFile, Offset: int64(i) * 2000, HeaderLen: 100,
			Coding: coding.Deflate,
			Size:   512 * int64(i%97*i%1013+1), ContentLen: int64(i%89 + 600), Hash: uint64(i) + 1}
		p, to := name(i), ""
		switch {
		case strings.HasSuffix(p, "/"):
			p = p[:len(p)-1]
			e = sidecar.Entry{Type: sidecar.TypeDir, Offset: e.Offset, HeaderLen: 100}
		case i%10 == 9 && file >= 0:
			e = sidecar.Entry{Type: sidecar.TypeHardlink, Offset: e.Offset, HeaderLen: 100,
				Duplicate: true}
			to = name(file)
		default:
			file = i
		}
		if err := b.Add(build.Item{Path: p, Link: to, Entry: e}); err != nil {
			t.Fatal(err)
		}
	}
	var m build.Memory
	if _, _, err := b.Finish(&m, int64(n)*2000+64); err != nil {
		t.Fatal(err)
	}
	x, err := sidecar.OpenBytes(m.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// sourceOf returns a Source of a whole index.
func sourceOf(x *sidecar.Index) *Source {
	return &Source{Index: x, MaxScan: MaxScan,
		Totals: func(folder int) (Sum, error) {
			t, err := x.Totals(folder)
			if err != nil {
				return Sum{}, err
			}
			e, err := x.Entry(folder)
			return Sum{int(e.End) - folder - 1, int64(t.Bytes), int64(t.Members)}, err
		},
		Type: func(p string, _ *sidecar.Entry) (string, int) {
			ext := path.Ext(p)
			return ext, len(ext) % Kinds
		}}
}

// tree names the entries of a tree: folders of 50 entries, in folders of 10 of these.
func tree(i int) string {
	outer := fmt.Sprintf("f%05d", i/501)
	switch {
	case i%501 == 0:
		return outer + "/"
	case (i%501-1)%50 == 0:
		return fmt.Sprintf("%s/g%d/", outer, (i%501-1)/50)
	}
	inner := fmt.Sprintf("g%d", (i%501-1)/50)
	return fmt.Sprintf("%s/%s/x%03d.%s", outer, inner, i%501,
		[]string{"html", "png", "c"}[i%3])
}

// TestMake compares overviews with the index: totals, cells with the rest, types, and the largest.
func TestMake(t *testing.T) {
	const n = 60 * 501
	x := indexOf(t, n, tree)
	st := x.Stats()
	o, err := Make(t.Context(), sourceOf(x), sidecar.Root, x.Len())
	if err != nil {
		t.Fatal(err)
	}
	if o.Size != int64(st.FileBytes+st.LinkBytes) || o.Packed != int64(st.MemberBytes) ||
		o.Saved != int64(st.SavedBytes) || o.Files != int(st.Files+st.Hardlinks) || !o.Scanned {
		t.Errorf("%+v, want %+v", o, st)
	}
	sum, byCells := o.Rest, o.Rest.Size
	for i := range o.Cells {
		c := &o.Cells[i]
		sum.Add(c.Sum)
		sum.Entries++ // the folder itself
		for _, n := range c.Kinds {
			byCells += n
		}
		if c.Kind() < 0 || len(c.Cells) != 10 {
			t.Errorf("%s: kind %d, %d cells", c.Name, c.Kind(), len(c.Cells))
		}
	}
	if sum.Size != o.Size || sum.Entries+o.Below != n || byCells != o.Size {
		t.Errorf("%+v of %d entries, %d by kind", sum, n, byCells)
	}
	if len(o.Cells) < maxCells || len(o.Cells) > 2*maxCells || o.Below+len(o.Cells) != 60 {
		t.Errorf("%d cells, and %d more", len(o.Cells), o.Below)
	}
	var sizes []int64
	for row := range x.All(0, n) {
		if row.Entry.Type == sidecar.TypeFile {
			sizes = append(sizes, row.Entry.Size)
		}
	}
	slices.SortFunc(sizes, func(a, b int64) int { return cmp.Compare(b, a) })
	for i, f := range o.Largest {
		if f.Size != sizes[i] {
			t.Errorf("%d: %d, want %d", i, f.Size, sizes[i])
		}
	}
	if len(o.Largest) != maxFiles || len(o.Types) != 3 || o.AllShared != int(st.Duplicates) {
		t.Errorf("%d largest, %d types, %d shared of %d", len(o.Largest), len(o.Types), o.AllShared,
			st.Duplicates)
	}
}

// TestTooLarge: a folder with more entries than a scan may have has cells only.
func TestTooLarge(t *testing.T) {
	x := indexOf(t, 1002, tree)
	s := sourceOf(x)
	s.MaxScan = 1001
	o, err := Make(t.Context(), s, sidecar.Root, x.Len())
	if err != nil || o.Scanned || len(o.Cells) != 2 || len(o.Types)+len(o.Largest) > 0 {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err = Make(t.Context(), s, 0, 501); err != nil || !o.Scanned || len(o.Cells) != 10 {
		t.Errorf("%+v, %v", o, err)
	}
}

// TestChain: folders with nothing but a folder in them are one cell, and one that is nearly
// everything is divided further.
func TestChain(t *testing.T) {
	names := []string{"a/", "a/b/", "a/b/c/", "a/b/c/d/", "a/b/c/d/x", "a/b/c/y"}
	x := indexOf(t, len(names), func(i int) string { return names[i] })
	o, err := Make(t.Context(), sourceOf(x),
		sidecar.Root, len(names))
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Cells) != 1 || o.Cells[0].Name != "a/b/c" || len(o.Cells[0].Cells) != 2 ||
		len(o.Cells[0].Cells[0].Cells) != 1 {
		t.Errorf("%+v", o.Cells)
	}
}

// TestTreemap: areas are in proportion, cover the rectangle, and do not overlap.
func TestTreemap(t *testing.T) {
	for _, sizes := range [][]float64{{1}, {5, 3, 1}, {6, 6, 4, 3, 2, 2, 1}, {1000, 1, 1, 1},
		{3, 2, 90}, nil} {
		in := Rect{10, 20, 600, 400}
		total, covered := 0.0, 0.0
		for _, s := range sizes {
			total += s
		}
		all := Treemap(in, sizes)
		for i, r := range all {
			if want := sizes[i] / total * in.W * in.H; math.Abs(r.W*r.H-want) > 1e-6*in.W*in.H ||
				r.X < in.X-1e-6 || r.Y < in.Y-1e-6 || r.X+r.W > in.X+in.W+1e-6 ||
				r.Y+r.H > in.Y+in.H+1e-6 {
				t.Errorf("%v: %+v, area %f, want %f", sizes, r, r.W*r.H, want)
			}
			covered += r.W * r.H
			for _, other := range all[:i] {
				if min(r.X+r.W, other.X+other.W)-max(r.X, other.X) > 1e-6 &&
					min(r.Y+r.H, other.Y+other.H)-max(r.Y, other.Y) > 1e-6 {
					t.Errorf("%v: %+v and %+v overlap", sizes, r, other)
				}
			}
		}
		if len(all) != len(sizes) || len(sizes) > 0 && math.Abs(covered-in.W*in.H) > 1 {
			t.Errorf("%v: %d rectangles with %f", sizes, len(all), covered)
		}
	}
	if got := Treemap(Rect{W: 0, H: 5}, []float64{1, 2}); len(got) != 2 || got[0] != (Rect{}) {
		t.Errorf("%+v", got)
	}
}

// BenchmarkMake makes the overview of 1,000,000 entries.
func BenchmarkMake(b *testing.B) {
	const n = 1_000_000
	x := indexOf(b, n, tree)
	flat := indexOf(b, n, func(i int) string { return fmt.Sprintf("x%07d.html", i) })
	for name, x := range map[string]*sidecar.Index{"tree": x, "flat": flat} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if o, err := Make(b.Context(), sourceOf(x), sidecar.Root, n); err != nil || !o.Scanned {
					b.Fatal(err)
				}
			}
		})
	}
}
