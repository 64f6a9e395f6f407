package sidecar

import (
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// verifyTable builds the table again, from the entries in the order in which the table has them. If
// they are in order of hash and ordinal, none is there twice. If the bytes are the same, each is
// where a lookup finds it.
func (x *Index) verifyTable() error {
	t := layout.NewTableWriter(layout.NewSectionWriter(&tableComparer{x: x}, 0), int64(x.entries))
	buf := buffer{ahead: scanAhead}
	r := tableReader{x: x, sc: x.sequential(0)}
	size := x.sections[layout.Table].Len
	for at := int64(0); at < size; at += layout.BucketSize {
		b, err := x.view(layout.Table, at, layout.BucketSize, &buf)
		if err != nil {
			return err
		}
		bucket := layout.Bucket(b)
		for slot := range min(bucket.Count(), layout.BucketSlots) {
			h, place, err := r.next(bucket.Place(slot))
			if err != nil {
				return fmt.Errorf("bucket %d: %w", at/layout.BucketSize, err)
			}
			if err := t.Add(h, place); err != nil {
				return layout.Corruptf("bucket %d: %v", at/layout.BucketSize, err)
			}
		}
	}
	if r.n != x.entries {
		return layout.Corruptf("the table leads to %d entries of %d", r.n, x.entries)
	}
	if err := t.Finish(); err != nil {
		return err
	}
	if t.Off() != size {
		return layout.Corruptf("the table has %d bytes, %d are needed", size, t.Off())
	}
	return nil
}

// tableReader follows the slots of the table, one after the other.
type tableReader struct {
	x    *Index
	sc   *scratch
	path []byte
	n    uint64 // slots so far

	hash    uint64 // of the last entry
	ordinal int64  // of the last entry
}

// next returns the hash of the path that a slot leads to, and the place that the slot should have.
// It returns an error if the entry does not come after the last one in order of hash and ordinal.
func (r *tableReader) next(place uint64) (h, right uint64, err error) {
	off, k := layout.SplitPlace(place)
	block, err := r.x.blockAt(off, r.sc)
	if err != nil {
		return 0, 0, err
	}
	number := int64(block.Number())
	i := number*layout.BlockPaths + int64(k)
	if i >= int64(r.x.entries) {
		return 0, 0, layout.Corruptf("it leads to entry %d of %d", i, r.x.entries)
	}
	if off, _, err = r.x.blockSpan(number, r.sc); err != nil {
		return 0, 0, err
	}
	if r.path, err = block.AppendPath(r.path[:0], k); err != nil {
		return 0, 0, err
	}
	h = xxhash.Sum64(r.path)
	if r.n > 0 && (h < r.hash || h == r.hash && i <= r.ordinal) {
		return 0, 0, layout.Corruptf("entry %d is out of order", i)
	}
	r.hash, r.ordinal = h, i
	r.n++
	return h, layout.NewPlace(off, k), nil
}

// tableComparer is an io.WriterAt that compares the bytes written to it with the table.
type tableComparer struct {
	x   *Index
	buf buffer
}

// WriteAt implements [io.WriterAt].
func (c *tableComparer) WriteAt(b []byte, off int64) (int, error) {
	is, err := c.x.view(layout.Table, off, int64(len(b)), &c.buf)
	if err != nil {
		return 0, err
	}
	for i := range b {
		if is[i] != b[i] {
			return 0, layout.Corruptf("bucket %d is not as it should be",
				(off+int64(i))/layout.BucketSize)
		}
	}
	return len(b), nil
}
