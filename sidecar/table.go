package sidecar

import (
	"encoding/binary"
	"math/bits"
)

// The table (FORMAT.md 2.2): buckets of one cache line. A slot leads to the bytes of its path, not to an ordinal: a lookup
// then reads two places of the sidecar, each depending on the one before, and not three.
const (
	bucketSize  = 64
	bucketSlots = 10
	bucketLoad  = 8 // entries a home bucket, on average

	// Offsets in a bucket.
	bucketPlace = 0                              // 10 × u40
	bucketTag   = placeSize * bucketSlots        // 10 × u8
	bucketCount = bucketTag + bucketSlots        // u8, slots in use
	bucketReach = bucketCount + 1                // u8
	bucketMark  = bucketReach + 1                // "TP": an empty bucket differs from what a disk lost
	bucketWord  = bucketSize - 8                 // the last 4 tags, count, reach and mark, in one word
	countShift  = 8 * (bucketCount - bucketWord) // where these are in it
	markShift   = 8 * (bucketMark - bucketWord)
	mark        = 'T' | 'P'<<8
	lastTags    = 0xffff0000 // the tags of slots 8 and 9 in it

	// A place is where a path lies: the offset of its block in the section of paths, in units of 4 bytes, and its number in
	// the block.
	placeSize  = 5
	placeMask  = 1<<(8*placeSize) - 1
	blockAlign = 4
	maxPaths   = 1 << (8 * placeSize) / blockPaths * blockAlign // 2^38

	// maxReach is how many buckets beyond its home an entry may lie at most, so that no table makes a lookup read more than
	// that. By chance it never comes near: it would take 2,500 paths of neighbouring hashes.
	maxReach = 255
)

// homes is M, the number of home buckets for n entries.
func homes(n int64) int64 { return max(1, (n+bucketLoad-1)/bucketLoad) }

// home is the home bucket, of m, of a path with hash h.
func home(h uint64, m int64) int64 {
	hi, _ := bits.Mul64(h, uint64(m))
	return int64(hi)
}

// newPlace is the place of path k of the block that begins at off.
func newPlace(off int64, k int) uint64 {
	return uint64(off)/blockAlign*blockPaths + uint64(k)
}

// splitPlace gives the offset of the block and the number of the path.
func splitPlace(place uint64) (off int64, k int) {
	return int64(place / blockPaths * blockAlign), int(place % blockPaths)
}

// bucket is one of the table, bucketSize bytes.
type bucket []byte

// count is the number of slots in use, and reach how many buckets after this one may hold entries whose home this is.
func (b bucket) count() int { return int(b[bucketCount]) }
func (b bucket) reach() int { return int(b[bucketReach]) }

// place gives that of a slot.
func (b bucket) place(slot int) uint64 {
	return binary.LittleEndian.Uint64(b[bucketPlace+placeSize*slot:]) & placeMask
}

// set puts an entry into a slot.
func (b bucket) set(slot int, tag uint8, place uint64) {
	p := b[bucketPlace+placeSize*slot:]
	binary.LittleEndian.PutUint32(p, uint32(place))
	p[4] = uint8(place >> 32)
	b[bucketTag+slot] = tag
}

const (
	lowBits  = 0x0101010101010101
	lowSeven = 0x7f7f7f7f7f7f7f7f
)

// zeroBytes has the highest bit set in each byte of x that is zero, and no other bit.
func zeroBytes(x uint64) uint64 {
	return ^((x&lowSeven + lowSeven) | x | lowSeven)
}

// matches is a set of slots: the highest bit of byte k stands for slot k or, in second, for slot k + 6.
type matches struct{ first, second uint64 }

// newBucket is an empty one.
func newBucket() (b [bucketSize]byte) {
	binary.LittleEndian.PutUint16(b[bucketMark:], mark)
	return b
}

// match finds the slots in use that have a tag. False: this is no bucket. There are no branches in it that depend on what a
// bucket holds: nobody could predict them.
func (b bucket) match(tag uint8) (m matches, ok bool) {
	w1, w2 := binary.LittleEndian.Uint64(b[bucketTag:]), binary.LittleEndian.Uint64(b[bucketWord:])
	count := w2 >> countShift & 0xff
	if count > bucketSlots {
		return matches{}, w2>>markShift == mark
	}
	t := uint64(tag) * lowBits
	m.first = zeroBytes(w1^t) & (1<<(8*count) - 1) // a shift by 64 or more gives 0
	m.second = zeroBytes(w2^t) & lastTags & (1<<(8*max(count, 8)-48) - 1)
	return m, w2>>markShift == mark
}

// any is true if there are slots left.
func (m *matches) any() bool { return m.first|m.second != 0 }

// next takes the lowest slot out.
func (m *matches) next() (slot int) {
	if m.first != 0 {
		slot = bits.TrailingZeros64(m.first) / 8
		m.first &= m.first - 1
		return slot
	}
	slot = bits.TrailingZeros64(m.second)/8 + 6
	m.second &= m.second - 1
	return slot
}
