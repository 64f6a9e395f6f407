package sidecar_test

import (
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/sidecar/internal/sidecartest"
)

func TestPaths(t *testing.T) {
	b := build.New(build.Options{})
	defer b.Close()
	size, err := sidecartest.BenchItems(500, b.Add)
	if err != nil {
		t.Fatal(err)
	}
	var m build.Memory
	if _, _, err := b.Finish(&m, size); err != nil {
		t.Fatal(err)
	}
	x, err := sidecar.OpenBytes(m.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]int{{0, x.Len()}, {0, 0}, {5, 6}, {15, 17}, {3, 100},
		{x.Len() - 1, x.Len()}} {
		i, before := c[0], ""
		for row, err := range x.Paths(c[0], c[1]) {
			want, err2 := x.Path(i)
			if err != nil || err2 != nil || row.Ordinal != i || string(row.Path) != want {
				t.Fatalf("%d: %+v, want %q: %v, %v", i, row, want, err, err2)
			}
			if row.Shared > len(before) || before[:row.Shared] != want[:row.Shared] {
				t.Errorf("%d: %q shares %d with %q", i, want, row.Shared, before)
			}
			before = want
			i++
		}
		if i != c[1] {
			t.Errorf("%v ended at %d", c, i)
		}
	}
	for _, err := range x.Paths(1, x.Len()+1) {
		if err == nil {
			t.Error("beyond the end")
		}
	}
}
