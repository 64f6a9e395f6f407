package sidecar

import (
	"fmt"
	"iter"
	"runtime/debug"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// childrenAhead is the number of bytes read at once for a directory behind an io.ReaderAt.
const childrenAhead = 4 << 10

// Root stands for the root directory, which is not an entry, where the ordinal of a directory is
// expected.
const Root = -1

// Children yields the ordinals of the entries directly in a directory, in path order; [Root] is the
// root directory. An error ends the sequence. It wraps [ErrRange] if there is no such directory, or
// is one of [Index.Entry].
func (x *Index) Children(dir int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		i, end, err := x.below(dir)
		sc := x.sequential(childrenAhead)
		for err == nil && i < end {
			var next int
			if next, err = x.after(i, end, sc); err != nil {
				break
			}
			if !yield(i, nil) {
				return
			}
			i = next
		}
		if err != nil {
			yield(i, err)
		}
	}
}

// below returns the run of ordinals of everything below a directory.
func (x *Index) below(dir int) (from, to int, err error) {
	if dir == Root {
		return 0, x.Len(), nil
	}
	e, err := x.Entry(dir)
	if err != nil {
		return dir, 0, err
	}
	if e.Type != TypeDir {
		return dir, 0, fmt.Errorf("%w: entry %d is no directory but of type %v",
			ErrRange, dir, e.Type)
	}
	return dir + 1, int(e.End), nil
}

// after returns the ordinal after entry i and everything below it, in a directory that ends at end.
func (x *Index) after(i, end int, sc *scratch) (next int, err error) {
	defer x.caught(debug.SetPanicOnFault(true), &err)
	b, err := x.record(int64(i), &sc.record)
	if err != nil {
		return 0, err
	}
	if Type(layout.AsRecord(b).Type()) != TypeDir {
		return i + 1, nil
	}
	var e Entry
	if !e.decode(b) || !e.endsWithin(i, end) {
		return 0, badEnd(&e, i, end)
	}
	return int(e.End), nil
}

// endsWithin reports whether the end of directory i is possible in a directory that ends at end.
func (e *Entry) endsWithin(i, end int) bool {
	return int64(e.End) > int64(i) && int64(e.End) <= int64(end)
}

func badEnd(e *Entry, i, end int) error {
	return layout.Corruptf("directory %d, in one that ends at entry %d, ends at %d", i, end, e.End)
}

// Dir yields the entries directly in a directory, in the order of [Index.Children]. It is the fast
// way to read all of them: like [Index.All] it reads whole blocks, so damage to a neighbour may
// cause an error, too.
func (x *Index) Dir(dir int) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		i, end, err := x.below(dir)
		if err != nil {
			yield(Row{Ordinal: dir}, err)
			return
		}
		s := scan{x: x, sc: x.sequential(childrenAhead)}
		for i < end {
			n, err := s.fill(i, end)
			filled := i + n
			for i < filled {
				row := s.row(i)
				next := i + 1
				if e := &row.Entry; e.Type == TypeDir {
					if !e.endsWithin(i, end) {
						yield(row, badEnd(e, i, end))
						return
					}
					next = int(e.End)
				}
				if !yield(row, nil) {
					return
				}
				i = next
			}
			if err != nil && i == filled {
				yield(Row{Ordinal: i}, err)
				return
			}
		}
	}
}
