package changes

import (
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// TestMoves: a removed file and an added one with its content are a move, best of the same name.
func TestMoves(t *testing.T) {
	var g gatherer
	add := func(kind format.ChangeKind, path string, size int64, what ...string) {
		e := &sidecar.Entry{Type: sidecar.TypeFile, Size: size, Hash: uint64(size)}
		d := tarpack.Difference{Kind: kind, Path: path, OldOrdinal: -1, NewOrdinal: -1, What: what}
		if kind != format.Added {
			d.Old, d.OldOrdinal = e, len(g.list)
		}
		if kind != format.Removed {
			d.New, d.NewOrdinal = e, len(g.list)
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
		kind Kind
		pair int32
	}{{MovedAway, 5}, {MovedAway, 4}, {Added, -1}, {Removed, -1}, {Moved, 1}, {Moved, 0},
		{Added, -1}, {Attributes, -1}, {Changed, -1}} {
		if ch := d.list[k]; ch.kind != want.kind || ch.pair != want.pair {
			t.Errorf("%d: %+v, want %+v", k, ch, want)
		}
	}
	if c := d.Count(Moved); c != (Count{N: 2, New: 10}) {
		t.Errorf("moved: %+v", c)
	}
	if n := len(d.Folders()); n != 3 || d.folders[1].Name != "b" ||
		d.folders[1].Counts[Moved].N != 1 {
		t.Errorf("%+v", d.folders)
	}
}
