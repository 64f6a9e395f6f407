package sidecar

import (
	"bytes"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// verifyTable makes the table anew, of the entries in the order in which the table has them. If that is the order of hash
// and ordinal, no entry is in it twice; if the bytes are the same, each is where a lookup finds it.
func (x *Index) verifyTable() error {
	t := newTableWriter(newSectionWriter(&tableComparer{x: x}, 0), int64(x.entries))
	buf := buffer{ahead: scanAhead}
	r := tableReader{x: x, sc: x.sequential(0)}
	for at := int64(0); at < x.sections[secTable].len; at += bucketSize {
		b, err := x.view(secTable, at, bucketSize, &buf)
		if err != nil {
			return err
		}
		for slot := range min(bucket(b).count(), bucketSlots) {
			h, place, err := r.next(bucket(b).place(slot))
			if err != nil {
				return fmt.Errorf("bucket %d: %w", at/bucketSize, err)
			}
			if err := t.add(h, place); err != nil {
				return corrupt("bucket %d: %v", at/bucketSize, err)
			}
		}
	}
	if r.n != x.entries {
		return corrupt("the table leads to %d entries of %d", r.n, x.entries)
	}
	if err := t.finish(); err != nil {
		return err
	}
	if t.w.off != x.sections[secTable].len {
		return corrupt("the table has %d bytes, %d are needed", x.sections[secTable].len, t.w.off)
	}
	return nil
}

// tableReader follows the slots of the table, one after the other.
type tableReader struct {
	x    *Index
	sc   *scratch
	path []byte
	last [pairSize]byte
	n    uint64 // slots so far
}

// next gives the hash of the path that a slot leads to, and the place that the slot should have. It is an error if the entry
// does not come after the one before, in order of hash and ordinal.
func (r *tableReader) next(place uint64) (h, right uint64, err error) {
	off, k := splitPlace(place)
	block, err := r.x.blockAt(off, r.sc)
	if err != nil {
		return 0, 0, err
	}
	number := int64(block.number())
	i := number*blockPaths + int64(k)
	if i >= int64(r.x.entries) {
		return 0, 0, corrupt("it leads to entry %d of %d", i, r.x.entries)
	}
	if off, _, err = r.x.blockSpan(number, r.sc); err != nil {
		return 0, 0, err
	}
	if r.path, err = block.appendPath(r.path[:0], k); err != nil {
		return 0, 0, err
	}
	h = xxhash.Sum64(r.path)
	var pair [pairSize]byte
	putPair(pair[:], h, uint32(i))
	if r.n > 0 && bytes.Compare(pair[:], r.last[:]) <= 0 {
		return 0, 0, corrupt("entry %d is out of order", i)
	}
	r.last = pair
	r.n++
	return h, newPlace(off, k), nil
}

// tableComparer compares what is written to it with the table.
type tableComparer struct {
	x   *Index
	buf buffer
}

// WriteAt implements [io.WriterAt].
func (c *tableComparer) WriteAt(b []byte, off int64) (int, error) {
	is, err := c.x.view(secTable, off, int64(len(b)), &c.buf)
	if err != nil {
		return 0, err
	}
	for i := range b {
		if is[i] != b[i] {
			return 0, corrupt("bucket %d is not as it should be", (off+int64(i))/bucketSize)
		}
	}
	return len(b), nil
}
