package sidecar

import (
	"fmt"
	"iter"
	"runtime/debug"
)

// How much is read at once where the sidecar is behind an io.ReaderAt.
const (
	scanAhead     = 64 << 10
	childrenAhead = 4 << 10
)

// Root is what stands for the root directory, which is not an entry, where the ordinal of a directory is asked for.
const Root = -1

// Children gives the ordinals of what is directly in a directory, in path order; in the root for [Root]. An error, which is
// the last that it gives, wraps [ErrRange] if there is no such directory, or is one of [Index.Entry].
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

// below gives the run of ordinals of all that is below a directory.
func (x *Index) below(dir int) (from, to int, err error) {
	if dir == Root {
		return 0, x.Len(), nil
	}
	e, err := x.Entry(dir)
	if err != nil {
		return dir, 0, err
	}
	if e.Type != TypeDir {
		return dir, 0, fmt.Errorf("%w: entry %d is no directory but of type %v", ErrRange, dir, e.Type)
	}
	return dir + 1, int(e.End), nil
}

// after gives the ordinal after entry i and all that is below it, in a directory that ends at end.
func (x *Index) after(i, end int, sc *scratch) (next int, err error) {
	defer x.caught(debug.SetPanicOnFault(true), &err)
	b, err := x.view(secRecords, int64(i)*recordSize, recordSize, &sc.record)
	if err != nil {
		return 0, err
	}
	if Type(b[recType]&typeMask) != TypeDir {
		return i + 1, nil
	}
	var e Entry
	if !e.decode(b) || !e.endsWithin(i, end) {
		return 0, badEnd(&e, i, end)
	}
	return int(e.End), nil
}

// endsWithin: as directory i, in one that ends at end, it has its end where it can be.
func (e *Entry) endsWithin(i, end int) bool {
	return int64(e.End) > int64(i) && int64(e.End) <= int64(end)
}

func badEnd(e *Entry, i, end int) error {
	return corrupt("directory %d, in one that ends at entry %d, ends at %d", i, end, e.End)
}

// In gives the entries directly in a directory, as [Index.Children] gives their ordinals. It is the fast way to see all
// of them, since it reads entries by the block, as [Index.All] does; so damage to a neighbour may be an error, too.
func (x *Index) In(dir int) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		i, end, err := x.below(dir)
		if err != nil {
			yield(Row{I: dir}, err)
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
				yield(Row{I: i}, err)
				return
			}
		}
	}
}

// Row is an entry with its ordinal and path.
type Row struct {
	I     int
	Path  []byte // valid until the next row
	Entry Entry
}

// All gives the entries from up to, and not including, to, in path order. It is the fast way to see many of them. An error
// is the last that it gives, with the ordinal of the entry concerned or of one shortly before; it wraps [ErrRange] if from
// and to are not a run of ordinals, or is one of [Index.Entry] or [Index.Path].
func (x *Index) All(from, to int) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if from < 0 || from > to || to > x.Len() {
			yield(Row{I: from}, fmt.Errorf("%w: numbers %d to %d, there are %d", ErrRange, from, to, x.Len()))
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
				yield(Row{I: at}, err)
				return
			}
		}
	}
}

// scan reads entries by blocks, so that what a block's paths share is put together once, and the guard against faults is not
// in force while the caller's code runs.
type scan struct {
	x       *Index
	sc      *scratch
	text    []byte // paths of a block
	ends    [blockPaths]int
	entries [blockPaths]Entry
}

// fill reads the entries from at to the end of its block, or to to. After an error n is the number of entries before it.
func (s *scan) fill(at, to int) (n int, err error) {
	x := s.x
	defer x.caught(debug.SetPanicOnFault(true), &err)
	first := at / blockPaths * blockPaths
	block, err := x.block(int64(at/blockPaths), s.sc)
	if err != nil {
		return 0, err
	}
	s.text, err = block.appendAll(s.text[:0], min(blockPaths, x.Len()-first), &s.ends)
	if err != nil {
		return 0, fmt.Errorf("entries from %d: %w", first, err)
	}
	for i := at; i < min(to, first+blockPaths); i++ {
		e := &s.entries[i-first]
		*e = Entry{}
		if err := x.entry(e, i, s.sc); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// row is an entry of the block that was read last.
func (s *scan) row(i int) Row {
	k, begin := i%blockPaths, 0
	if k > 0 {
		begin = s.ends[k-1]
	}
	return Row{i, s.text[begin:s.ends[k]:s.ends[k]], s.entries[k]}
}
