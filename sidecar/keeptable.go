package sidecar

import (
	"encoding/binary"
	"sort"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// IsAt reports whether a regular file has a path, by its record. It knows that from elsewhere than
// the sidecar, such as the tar header in the archive. If known is false it can't tell.
type IsAt func(e *Entry, path string) (same, known bool, err error)

// TableSize returns how many bytes KeepTable keeps in memory.
func (x *Index) TableSize() int64 {
	return x.sections[layout.Table].Len + x.sections[layout.PathBlocks].Len
}

// TableKept reports whether KeepTable has kept something.
func (x *Index) TableKept() bool { return x.r != nil && x.sec[layout.Table] != nil }

// KeepTable makes lookups in a sidecar that is far away cheap. It reads the table and the offsets
// of the path blocks into memory and compares them with their hashes. With them, a lookup finds the
// ordinal without reading a path. It still has to compare the path, as a tag in the table has 8
// bits only: by calling is, if that is set and the entry is a regular file, or else with the path
// block. No other method may be running. A sidecar in memory stays as it is.
//
// What is returns is trusted. So it must not be set for a sidecar with sums that are checked.
func (x *Index) KeepTable(is IsAt) error {
	if x.r == nil {
		return nil
	}
	var kept [layout.AllSections][]byte
	failed := make(chan error, 2)
	for _, sec := range []int{layout.Table, layout.PathBlocks} { // two requests at the same time
		go func() {
			s := x.sections[sec]
			b := make([]byte, s.Len)
			err := layout.ReadFull(x.r, b, s.Off)
			if h := xxhash.Sum64(b); err == nil && h != s.Hash {
				err = layout.Corruptf("section %s has hash %016x, the header states %016x",
					layout.SectionName(s.ID), h, s.Hash)
			}
			kept[sec] = b
			failed <- err
		}()
	}
	first, second := <-failed, <-failed
	if first != nil {
		return first
	}
	if second != nil {
		return second
	}
	x.sec, x.isAt = kept, is
	return nil
}

// keptBlock returns the number of the block of paths at an offset, from the kept offsets.
func (x *Index) keptBlock(off int64) (int64, error) {
	b := x.sec[layout.PathBlocks]
	at := func(k int) int64 {
		return int64(binary.LittleEndian.Uint64(b[k*layout.BlockOffsetSize:]))
	}
	n := len(b) / layout.BlockOffsetSize
	k := sort.Search(n, func(k int) bool { return at(k) >= off })
	if k == n || at(k) != off {
		return 0, layout.Corruptf("the table leads to offset %d of the paths, where no block is", off)
	}
	return int64(k), nil
}

// isFileAt compares the path at a place without its path block, if that is possible.
func (x *Index) isFileAt(
	place uint64, path string, sc *scratch,
) (i int, same, known bool, err error) {
	off, n := layout.SplitPlace(place)
	k, err := x.keptBlock(off)
	if err != nil {
		return 0, false, false, err
	}
	if i = int(k)*layout.BlockPaths + n; i >= x.Len() {
		return 0, false, false, layout.Corruptf("the table leads to entry %d of %d", i, x.Len())
	}
	b, err := x.record(int64(i), &sc.record)
	if err != nil || Type(layout.AsRecord(b).Type()) != TypeFile {
		return 0, false, false, err
	}
	var e Entry
	if err := x.decode(&e, b, i, sc); err != nil {
		return 0, false, false, err
	}
	same, known, err = x.isAt(&e, path)
	return i, same, known, err
}
