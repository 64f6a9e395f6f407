package sidecar

import (
	"encoding/binary"
	"fmt"
)

// A pair is what the table's sorter sorts: hash u64 and ordinal u32, big-endian, to sort as numbers do; the value is the
// place.
const (
	pairSize  = 12
	pairPlace = 8
)

// putPair makes the key.
func putPair(key []byte, h uint64, ordinal uint32) {
	binary.BigEndian.PutUint64(key, h)
	binary.BigEndian.PutUint32(key[8:], ordinal)
}

// writeTable puts the entries into buckets, in order of hash and ordinal.
func (f *finisher) writeTable() error {
	s := &f.head.sections
	s[secTable].off = aligned(s[secPaths].off + s[secPaths].len)
	t := newTableWriter(newSectionWriter(f.dst, s[secTable].off), int64(f.n))
	pairs, err := f.pairs.iterate()
	if err != nil {
		return err
	}
	for {
		key, val, ok, err := pairs.next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if err := t.add(binary.BigEndian.Uint64(key), binary.LittleEndian.Uint64(val)); err != nil {
			return err
		}
	}
	err = t.finish()
	s[secTable].len = t.w.off - s[secTable].off
	return err
}

// tableWriter makes the table. It holds the buckets from the home of the entry last added to where that entry lies: their
// reach is not known before.
type tableWriter struct {
	w    *sectionWriter
	m    int64 // home buckets
	home int64 // of the first bucket held
	held []byte
}

// newTableWriter makes the table of n entries.
func newTableWriter(w *sectionWriter, n int64) *tableWriter {
	t := &tableWriter{w: w, m: homes(n)}
	t.hold()
	return t
}

// hold begins another bucket.
func (t *tableWriter) hold() {
	b := newBucket()
	t.held = append(t.held, b[:]...)
}

// add takes the next entry, in order of hash.
func (t *tableWriter) add(h, place uint64) error {
	for to := home(h, t.m); t.home < to; {
		t.flush()
	}
	last := bucket(t.held[len(t.held)-bucketSize:])
	if last.count() == bucketSlots {
		t.hold()
		last = t.held[len(t.held)-bucketSize:]
	}
	reach := len(t.held)/bucketSize - 1
	if reach > maxReach {
		return fmt.Errorf("%w: over %d near %016x", ErrCollision, maxReach*bucketSlots, h)
	}
	last.set(last.count(), uint8(h), place)
	last[bucketCount]++
	t.held[bucketReach] = uint8(reach)
	return nil
}

// flush writes the first bucket held: no more entries have their home there.
func (t *tableWriter) flush() {
	t.w.write(t.held[:bucketSize])
	t.held = t.held[:copy(t.held, t.held[bucketSize:])]
	if len(t.held) == 0 {
		t.hold()
	}
	t.home++
}

// finish writes the rest: all home buckets, and those after them that are in use.
func (t *tableWriter) finish() error {
	for t.home < t.m || bucket(t.held).count() > 0 {
		t.flush()
	}
	return t.w.flush()
}
