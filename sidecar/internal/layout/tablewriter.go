package layout

import (
	"fmt"
)

// TableWriter writes the table. It holds the buckets from the home of the last entry to the bucket
// of the last entry: the reach of a home is known only when its last entry has been added.
type TableWriter struct {
	w    *SectionWriter
	m    int64 // home buckets
	home int64 // of the first bucket held
	held []byte
}

// NewTableWriter returns a writer of the table of n entries.
func NewTableWriter(w *SectionWriter, n int64) *TableWriter {
	t := &TableWriter{w: w, m: Homes(n)}
	t.hold()
	return t
}

// Off returns the offset in the sidecar of the next byte, after Finish that of the table's end.
func (t *TableWriter) Off() int64 { return t.w.off }

// hold begins another bucket.
func (t *TableWriter) hold() {
	b := newBucket()
	t.held = append(t.held, b[:]...)
}

// Add adds the next entry, in order of hash and then of ordinal. The error wraps [ErrCollision] if
// the entry would lie more than MaxReach buckets after its home.
func (t *TableWriter) Add(h, place uint64) error {
	for to := Home(h, t.m); t.home < to; {
		t.flush()
	}
	last := Bucket(t.held[len(t.held)-BucketSize:])
	if last.Count() == BucketSlots {
		t.hold()
		last = t.held[len(t.held)-BucketSize:]
	}
	reach := len(t.held)/BucketSize - 1
	if reach > MaxReach {
		return fmt.Errorf("%w: over %d near %016x", ErrCollision, MaxReach*BucketSlots, h)
	}
	last.set(last.Count(), uint8(h), place)
	last[bucketCount]++
	t.held[bucketReach] = uint8(reach)
	return nil
}

// flush writes the first bucket held. No later entry has its home there.
func (t *TableWriter) flush() {
	t.w.Write(t.held[:BucketSize])
	t.held = t.held[:copy(t.held, t.held[BucketSize:])]
	if len(t.held) == 0 {
		t.hold()
	}
	t.home++
}

// Finish writes the rest: all home buckets, and those after them that are in use.
func (t *TableWriter) Finish() error {
	for t.home < t.m || Bucket(t.held).Count() > 0 {
		t.flush()
	}
	return t.w.Flush()
}
