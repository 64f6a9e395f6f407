package archives

import (
	"context"
	"errors"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// TestCompareCache: the comparisons used last are remembered, within limits, and errors are not.
func TestCompareCache(t *testing.T) {
	c := newComparisons()
	made := 0
	get := func(dir, changes int) {
		t.Helper()
		d, err := c.Get(compareKey{{dir: dir}}, t.Context, func(context.Context) (*differences, error) {
			made++
			return &differences{changes: make([]change, changes)}, nil
		})
		if err != nil || len(d.changes) != changes {
			t.Errorf("%d: %v, %v", dir, d, err)
		}
	}
	want := errors.New("no")
	if _, err := c.Get(compareKey{{dir: 1}}, t.Context, func(context.Context) (*differences, error) {
		return nil, want
	}); !errors.Is(err, want) {
		t.Error(err)
	}
	for _, x := range []struct{ dir, changes, made int }{
		{1, 10, 1}, {1, 10, 1}, {2, 10, 2}, {1, 10, 2},
		{3, keptChanges + 1, 3}, {3, keptChanges + 1, 4}, // too large to be kept
		{1, 10, 5}, {4, keptChanges - 5, 6}, {4, keptChanges - 5, 6}, {1, 10, 7},
	} {
		if get(x.dir, x.changes); made != x.made {
			t.Errorf("%+v: %d comparisons", x, made)
		}
	}
}

// TestMoves: a removed file and an added one with its content are a move, best of the same name.
func TestMoves(t *testing.T) {
	var g gatherer
	add := func(kind format.ChangeKind, path string, size int64, what ...string) {
		e := &sidecar.Entry{Type: sidecar.TypeFile, Size: size, Hash: uint64(size)}
		d := tarpack.Difference{Kind: kind, Path: path, OldOrdinal: -1, NewOrdinal: -1, What: what}
		if kind != format.Added {
			d.Old, d.OldOrdinal = e, len(g.changes)
		}
		if kind != format.Removed {
			d.New, d.NewOrdinal = e, len(g.changes)
		}
		if err := g.add(d); err != nil {
			t.Fatal(err)
		}
	}
	add(format.Removed, "a/one.txt", 5)
	add(format.Removed, "a/two.txt", 5)
	add(format.Added, "b/empty", 0)
	add(format.Removed, "b/none", 0)
	add(format.Added, "b/two.txt", 5)
	add(format.Added, "c/other.txt", 5)
	add(format.Added, "c/third.txt", 5)
	add(format.Changed, "d", 1, "mode", "mtime")
	add(format.Changed, "e", 1, "content", "mtime")
	d := g.finish()
	for k, want := range []struct {
		kind DiffKind
		pair int32
	}{{MovedAway, 5}, {MovedAway, 4}, {Added, -1}, {Removed, -1}, {Moved, 1}, {Moved, 0},
		{Added, -1}, {Attributes, -1}, {Changed, -1}} {
		if ch := d.changes[k]; ch.kind != want.kind || ch.pair != want.pair {
			t.Errorf("%d: %+v, want %+v", k, ch, want)
		}
	}
	if c := d.Count(Moved); c != (DiffCount{N: 2, New: 10}) {
		t.Errorf("moved: %+v", c)
	}
	if n := len(d.Folders()); n != 3 || d.folders[1].Name != "b" ||
		d.folders[1].Counts[Moved].N != 1 {
		t.Errorf("%+v", d.folders)
	}
}
