package sidecar

import (
	"fmt"
	"runtime/debug"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// Totals are the sums of what is below a directory, however deep.
type Totals struct {
	// Bytes is the size of all regular files and hard links. Each name counts in full.
	Bytes uint64
	// Members is the length of the content members (C) that these files have. A content counts
	// once, wherever in the archive it is stored. Headers and padding do not count.
	Members uint64
	// NonDirs is the number of names that are not directories.
	NonDirs uint32
}

// Totals returns what is below directory i, or below the root for [Root]. It reads one record. The
// error wraps [ErrRange] if entry i is no directory, or [ErrCorrupt].
func (x *Index) Totals(i int) (t Totals, err error) {
	s := &x.stats
	if i == Root {
		return Totals{s.FileBytes + s.LinkBytes, s.MemberBytes, uint32(x.entries - s.Dirs)}, nil
	}
	defer x.caught(debug.SetPanicOnFault(true), &err)
	if err := x.inRange(i); err != nil {
		return Totals{}, err
	}
	sc := x.borrow()
	defer x.giveBack(sc)
	b, err := x.record(int64(i), &sc.record)
	if err != nil {
		return Totals{}, err
	}
	var e Entry
	if err := x.decode(&e, b, i, sc); err != nil {
		return Totals{}, err
	}
	if e.Type != TypeDir {
		return Totals{}, fmt.Errorf("%w: entry %d is no directory but of type %v", ErrRange, i, e.Type)
	}
	t = Totals(layout.AsRecord(b).Totals())
	if uint64(t.NonDirs) > uint64(e.End)-uint64(i)-1 || t.Bytes > s.FileBytes+s.LinkBytes ||
		t.Members > s.MemberBytes {
		return Totals{}, layout.Corruptf("directory %d states %+v below it", i, t)
	}
	return t, nil
}

// Features returns the features that the sidecar states.
func (x *Index) Features() Features { return x.features }
