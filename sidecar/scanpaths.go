package sidecar

import (
	"fmt"
	"iter"
	"runtime/debug"
)

// PathRow is an entry's ordinal and path.
type PathRow struct {
	I      int
	Shared int    // bytes that it has in common with the path of the row before, as far as the index says: maybe more
	Path   []byte // valid until the next row
}

// Paths gives the paths of the entries from up to, and not including, to, in path order. It is the fast way to look at many paths
// when little else matters. Errors are those of [Index.All].
func (x *Index) Paths(from, to int) iter.Seq2[PathRow, error] {
	return func(yield func(PathRow, error) bool) {
		if from < 0 || from > to || to > x.Len() {
			yield(PathRow{I: from}, fmt.Errorf("%w: numbers %d to %d, there are %d", ErrRange, from, to, x.Len()))
			return
		}
		s := scan{x: x, sc: x.sequential(scanAhead)}
		var shared [blockPaths]int
		for at := from; at < to; {
			first := at / blockPaths * blockPaths
			if err := s.fillPaths(first, &shared); err != nil {
				yield(PathRow{I: at}, err)
				return
			}
			for next := min(to, first+blockPaths); at < next; at++ {
				row := PathRow{I: at, Shared: shared[at-first], Path: s.path(at - first)}
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

// fillPaths reads the paths of the block that starts with entry first.
func (s *scan) fillPaths(first int, shared *[blockPaths]int) (err error) {
	x := s.x
	defer x.caught(debug.SetPanicOnFault(true), &err)
	block, err := x.block(int64(first/blockPaths), s.sc)
	if err != nil {
		return err
	}
	n := min(blockPaths, x.Len()-first)
	s.text, err = block.appendAll(s.text[:0], n, &s.ends)
	if err != nil {
		return fmt.Errorf("entries from %d: %w", first, err)
	}
	for k := range n {
		shared[k] = block.shared(k)
	}
	return nil
}

// path is path k of the block that was read last.
func (s *scan) path(k int) []byte {
	begin := 0
	if k > 0 {
		begin = s.ends[k-1]
	}
	return s.text[begin:s.ends[k]:s.ends[k]]
}
