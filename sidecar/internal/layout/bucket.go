package layout

import (
	"encoding/binary"
	"math/bits"
)

// The table (FORMAT.md 2.2) has buckets of one cache line. A slot holds the place of a path, not an
// ordinal, so a lookup waits for two reads that depend on each other, and not for three.
const (
	BucketSize  = 64
	BucketSlots = 10
	// MaxReach is the most buckets after its home in which an entry may lie, which bounds the work
	// of a lookup. Chance never comes near: it would take 2,560 paths of neighbouring hashes.
	MaxReach = 255

	bucketLoad = 8 // entries for each home bucket, on average

	// Offsets in a bucket.
	bucketPlace = 0                       // 10 × u40
	bucketTag   = placeSize * BucketSlots // 10 × u8
	bucketCount = bucketTag + BucketSlots // u8: slots in use
	bucketReach = bucketCount + 1         // u8
	bucketMark  = bucketReach + 1         // "TP", unlike the zeros that a disk leaves for lost data

	bucketWord = BucketSize - 8                 // a word of the last 4 tags, count, reach and mark
	countShift = 8 * (bucketCount - bucketWord) // of count in that word
	markShift  = 8 * (bucketMark - bucketWord)  // of the mark
	mark       = 'T' | 'P'<<8
	lastTags   = 0xffff0000 // the tags of slots 8 and 9

	// A place combines the offset of a block in the section of paths, in units of 4 bytes, with the
	// number of the path in the block.
	placeSize  = 5
	placeMask  = 1<<(8*placeSize) - 1
	blockAlign = 4

	// MaxPaths is the most bytes that the section of paths may take, 2^38.
	MaxPaths = 1 << (8 * placeSize) / BlockPaths * blockAlign
)

// Homes returns M, the number of home buckets for n entries.
func Homes(n int64) int64 { return max(1, (n+bucketLoad-1)/bucketLoad) }

// Home returns the home bucket, of m, of a path with hash h.
func Home(h uint64, m int64) int64 {
	hi, _ := bits.Mul64(h, uint64(m))
	return int64(hi)
}

// NewPlace returns the place of path k of the block at offset off of the section of paths.
func NewPlace(off int64, k int) uint64 {
	return uint64(off)/blockAlign*BlockPaths + uint64(k)
}

// SplitPlace returns the offset of the block and the number of the path in it.
func SplitPlace(place uint64) (off int64, k int) {
	return int64(place / BlockPaths * blockAlign), int(place % BlockPaths)
}

// Bucket is a bucket of the table, BucketSize bytes.
type Bucket []byte

// newBucket returns an empty bucket.
func newBucket() (b [BucketSize]byte) {
	binary.LittleEndian.PutUint16(b[bucketMark:], mark)
	return b
}

// Count returns the number of slots in use, as the bucket states it.
func (b Bucket) Count() int { return int(b[bucketCount]) }

// Reach returns the number of buckets after this one that may hold entries whose home this is.
func (b Bucket) Reach() int { return int(b[bucketReach]) }

// Place returns the place in a slot, 0 to BucketSlots − 1.
func (b Bucket) Place(slot int) uint64 {
	return binary.LittleEndian.Uint64(b[bucketPlace+placeSize*slot:]) & placeMask
}

// set puts an entry into a slot.
func (b Bucket) set(slot int, tag uint8, place uint64) {
	p := b[bucketPlace+placeSize*slot:]
	binary.LittleEndian.PutUint32(p, uint32(place))
	p[4] = uint8(place >> 32)
	b[bucketTag+slot] = tag
}

// Matches is a set of slots. The highest bit of byte k stands for slot k in first, and for slot
// k + 6 in second.
type Matches struct{ first, second uint64 }

// Match returns the slots in use that have a tag. It reports false if the bytes are not a bucket.
// It has no branches that depend on the content of a bucket: no processor could predict them.
func (b Bucket) Match(tag uint8) (m Matches, ok bool) {
	w1 := binary.LittleEndian.Uint64(b[bucketTag:])
	w2 := binary.LittleEndian.Uint64(b[bucketWord:])
	count := w2 >> countShift & 0xff
	if count > BucketSlots {
		return Matches{}, w2>>markShift == mark
	}
	t := uint64(tag) * lowBits
	m.first = zeroBytes(w1^t) & (1<<(8*count) - 1) // a shift by 64 or more gives 0
	m.second = zeroBytes(w2^t) & lastTags & (1<<(8*max(count, 8)-48) - 1)
	return m, w2>>markShift == mark
}

// Any reports whether the set has slots.
func (m *Matches) Any() bool { return m.first|m.second != 0 }

// Next removes the lowest slot from the set and returns it.
func (m *Matches) Next() (slot int) {
	if m.first != 0 {
		slot = bits.TrailingZeros64(m.first) / 8
		m.first &= m.first - 1
		return slot
	}
	slot = bits.TrailingZeros64(m.second)/8 + 6
	m.second &= m.second - 1
	return slot
}
