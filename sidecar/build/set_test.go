package build_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/sidecar/internal/layout"
	"github.com/tarpack/tpk/sidecar/internal/sidecartest"
)

// TestSet: the index of a set is that of the entries without repeated directories, at any offset.
func TestSet(t *testing.T) {
	const far = 1 << 54
	items := []build.Item{
		dir("d"), file("d/a"), dir("d/e"), dir("d"), file("d/e/f"), hard("d/g", "d/a"),
		dir("d/e"), dir("d"), dir("z"), dir("z"),
	}
	items, size := inOrder(items...)
	m := &sidecartest.Model{Archive: far}
	for i := range items {
		items[i].Offset += far
		if repeated := i == 3 || i == 6 || i == 7 || i == 9; !repeated {
			m.Items = append(m.Items, items[i])
		}
	}
	m.Archive = far + size - layout.TrailerMember
	m.Finish()
	var want []byte
	for _, memory := range []int{0, 1} {
		b, _, err := sidecartest.Build(items, far+size,
			build.Options{Set: true, Memory: memory, TempDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = b
		}
		if !bytes.Equal(b, want) {
			t.Error("memory makes a difference")
		}
		sidecartest.Compare(t, sidecartest.MustOpen(t, b), m)
	}
	_, _, err := sidecartest.Build(items, far+size, build.Options{})
	if !errors.Is(err, build.ErrItem) {
		t.Errorf("an archive at an offset of 2^54: %v", err)
	}
	for _, size := range []int64{layout.MaxSetOffset + 1, -1} {
		_, _, err := sidecartest.Build(nil, size, build.Options{Set: true})
		if !errors.Is(err, build.ErrItem) {
			t.Errorf("a set of %d bytes: %v", size, err)
		}
	}
}

// TestSetConflict: only directories may be in several archives of a set.
func TestSetConflict(t *testing.T) {
	for _, c := range [][2]build.Item{
		{file("a"), file("a")}, {file("a"), dir("a")}, {dir("a"), file("a")}, {dir("a"), soft("a", "b")},
	} {
		items, size := inOrder(file("0"), c[0], file("1"), c[1], dir("a"))
		_, _, err := sidecartest.Build(items, size, build.Options{Set: true})
		var twice *build.DuplicateError
		if !errors.As(err, &twice) || twice.Path != "a" ||
			twice.Offsets != [2]int64{items[1].Offset, items[3].Offset} ||
			twice.Types != [2]sidecar.Type{c[0].Type, c[1].Type} {
			t.Errorf("%v and %v: %v, %+v", c[0].Type, c[1].Type, err, twice)
		}
	}
}
