package sidecar

import (
	"fmt"
	"iter"
	"runtime/debug"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// scanAhead is the number of bytes read at once for a scan behind an io.ReaderAt.
const scanAhead = 64 << 10

// Row is an entry with its ordinal and path.
type Row struct {
	Ordinal int
	Path    []byte // valid until the next row
	Entry   Entry
}

// All yields the entries with the ordinals from to to − 1, in path order. It is the fast way to
// read many of them. An error ends the sequence, with the ordinal of the entry concerned or of one
// shortly before. It wraps [ErrRange] if from and to are not a run of ordinals, or is one of
// [Index.Entry] or [Index.Path].
func (x *Index) All(from, to int) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if err := x.runInRange(from, to); err != nil {
			yield(Row{Ordinal: from}, err)
			return
		}
		s := scan{x: x, sc: x.sequential(scanAhead)}
		for at := from; at < to; {
			n, err := s.fill(at, to)
			for k := range n {
				if !yield(s.row(at+k), nil) {
					return
				}
			}
			at += n
			if err != nil {
				yield(Row{Ordinal: at}, err)
				return
			}
		}
	}
}

// PathRow is the path of an entry with its ordinal.
type PathRow struct {
	Ordinal int
	// Shared is a number of bytes that the path shares with that of the row before, perhaps not
	// all that it shares. It is 0 in the first row.
	Shared int
	Path   []byte // valid until the next row
}

// Paths yields the paths of the entries with the ordinals from to to − 1, in path order. It is the
// fast way to search many paths. Its errors are those of [Index.All].
func (x *Index) Paths(from, to int) iter.Seq2[PathRow, error] {
	return func(yield func(PathRow, error) bool) {
		if err := x.runInRange(from, to); err != nil {
			yield(PathRow{Ordinal: from}, err)
			return
		}
		s := scan{x: x, sc: x.sequential(scanAhead)}
		var shared [layout.BlockPaths]int
		for at := from; at < to; {
			first := at / layout.BlockPaths * layout.BlockPaths
			if err := s.fillPaths(first, &shared); err != nil {
				yield(PathRow{Ordinal: at}, err)
				return
			}
			for next := min(to, first+layout.BlockPaths); at < next; at++ {
				row := PathRow{Ordinal: at, Shared: shared[at-first], Path: s.path(at - first)}
				if at == from {
					row.Shared = 0
				}
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// runInRange returns an error unless from and to are the bounds of a run of ordinals.
func (x *Index) runInRange(from, to int) error {
	if from < 0 || from > to || to > x.Len() {
		return fmt.Errorf("%w: numbers %d to %d, there are %d", ErrRange, from, to, x.Len())
	}
	return nil
}

// scan reads entries block by block. So the paths of a block are assembled once, and the guard
// against faults is not active while the caller's code runs.
type scan struct {
	x       *Index
	sc      *scratch
	text    []byte                 // the paths of the block
	ends    [layout.BlockPaths]int // of each path in text
	entries [layout.BlockPaths]Entry
}

// fill reads the entries from at to the end of the block, or to to. It returns the number of
// entries read, also with an error.
func (s *scan) fill(at, to int) (n int, err error) {
	x := s.x
	defer x.caught(debug.SetPanicOnFault(true), &err)
	first := at / layout.BlockPaths * layout.BlockPaths
	if _, err := s.readBlock(first); err != nil {
		return 0, err
	}
	for i := at; i < min(to, first+layout.BlockPaths); i++ {
		e := &s.entries[i-first]
		*e = Entry{}
		if err := x.entry(e, i, s.sc); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// fillPaths reads the paths of the block that starts with entry first, and sets shared to what each
// of them shares with the path before it.
func (s *scan) fillPaths(first int, shared *[layout.BlockPaths]int) (err error) {
	defer s.x.caught(debug.SetPanicOnFault(true), &err)
	block, err := s.readBlock(first)
	if err != nil {
		return err
	}
	for k := range min(layout.BlockPaths, s.x.Len()-first) {
		shared[k] = block.Shared(k)
	}
	return nil
}

// readBlock reads the block that starts with entry first, and sets the paths of s to its paths.
func (s *scan) readBlock(first int) (layout.PathBlock, error) {
	block, err := s.x.block(int64(first/layout.BlockPaths), s.sc)
	if err != nil {
		return block, err
	}
	n := min(layout.BlockPaths, s.x.Len()-first)
	s.text, err = block.AppendAll(s.text[:0], n, &s.ends)
	if err != nil {
		return block, fmt.Errorf("entries from %d: %w", first, err)
	}
	return block, nil
}

// row returns entry i, which is in the current block.
func (s *scan) row(i int) Row {
	k := i % layout.BlockPaths
	return Row{i, s.path(k), s.entries[k]}
}

// path returns path k of the current block.
func (s *scan) path(k int) []byte {
	begin := 0
	if k > 0 {
		begin = s.ends[k-1]
	}
	return s.text[begin:s.ends[k]:s.ends[k]]
}
