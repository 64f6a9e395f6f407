package sidecar

import (
	"bytes"
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// verifyTable makes the table anew, of the entries in the order in which the table has them. If that is the order of hash
// and ordinal, no entry is in it twice; if the bytes are the same, each is where a lookup finds it.
func (x *Index) verifyTable() error {
	same := &tableComparer{x: x}
	t := &tableWriter{w: newSectionWriter(same, 0), m: x.m}
	paths := x.sequential(0)
	buf := buffer{ahead: scanAhead}
	var path []byte
	var pair, last [pairSize]byte
	n := uint64(0)
	for at := int64(0); at < x.sections[secTable].len; at += bucketSize {
		b, err := x.view(secTable, at, bucketSize, &buf)
		if err != nil {
			return err
		}
		for slot := range min(int(b[bucketCount]), bucketSlots) {
			i := binary.LittleEndian.Uint32(b[4*slot:])
			if uint64(i) >= x.entries {
				return corrupt("bucket %d leads to entry %d of %d", at/bucketSize, i, x.entries)
			}
			if path, err = x.appendPath(path[:0], int(i), paths); err != nil {
				return err
			}
			h := xxhash.Sum64(path)
			putPair(pair[:], h, i)
			if n > 0 && bytes.Compare(pair[:], last[:]) <= 0 {
				return corrupt("bucket %d: entry %d is out of order", at/bucketSize, i)
			}
			if err := t.add(h, i); err != nil {
				return corrupt("bucket %d: %v", at/bucketSize, err)
			}
			last = pair
			n++
		}
	}
	if n != x.entries {
		return corrupt("the table leads to %d entries of %d", n, x.entries)
	}
	if err := t.finish(); err != nil {
		return err
	}
	if t.w.off != x.sections[secTable].len {
		return corrupt("the table has %d bytes, %d are needed", x.sections[secTable].len, t.w.off)
	}
	return nil
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
			return 0, corrupt("bucket %d", (off+int64(i))/bucketSize)
		}
	}
	return len(b), nil
}
