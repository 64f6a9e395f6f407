package sidecar

import (
	"encoding/binary"
	"math/bits"
)

// The table (FORMAT.md 2.2): buckets of one cache line, offsets in bytes.
const (
	bucketSize  = 64
	bucketSlots = 12
	bucketLoad  = 10 // entries a home bucket, on average

	bucketTags  = 4 * bucketSlots            // 12 × u8, after 12 × ordinal u32
	bucketCount = bucketTags + bucketSlots   // u8
	bucketSpill = bucketCount + 1            // u8, then 2 zero bytes
	bucketWord2 = bucketTags + 8             // the last 4 tags, count, spill, zeros, in one word
	tagsWord2   = 1<<(8*(bucketSlots-8)) - 1 // the tags in that word
	countShift  = 8 * (bucketCount - bucketWord2)
	spillShift  = 8 * (bucketSpill - bucketWord2)

	// maxReach is how many buckets beyond its home an entry may lie at most, so that no table makes a lookup read more than
	// that. By chance it never comes near: it would take 12,000 paths with neighbouring hashes.
	maxReach = 1024
)

// homes is M, the number of home buckets for n entries.
func homes(n int64) int64 { return max(1, (n+bucketLoad-1)/bucketLoad) }

// home is the home bucket, of m, of a path with hash h.
func home(h uint64, m int64) int64 {
	hi, _ := bits.Mul64(h, uint64(m))
	return int64(hi)
}

const (
	lowBits  = 0x0101010101010101
	lowSeven = 0x7f7f7f7f7f7f7f7f
	highBits = 0x8080808080808080
)

// zeroBytes has the highest bit set in each byte of x that is zero, and no other bit.
func zeroBytes(x uint64) uint64 {
	return ^((x&lowSeven + lowSeven) | x | lowSeven)
}

// match finds the slots of a bucket that have a tag: the highest bits of the bytes of first are the slots 0 to 7, those of
// second 8 to 11. It gives the bucket's spill flag, and false for a bucket that breaks the format.
func match(bucket []byte, tag uint8) (first, second uint64, spill, ok bool) {
	b := bucket[:bucketSize]
	w1, w2 := binary.LittleEndian.Uint64(b[bucketTags:]), binary.LittleEndian.Uint64(b[bucketWord2:])
	rest := w2 >> countShift
	count, flag := rest&0xff, rest>>8
	t := uint64(tag) * lowBits
	first, second = zeroBytes(w1^t), zeroBytes(w2^t)&tagsWord2
	if count < bucketSlots { // hide the slots that are not in use
		if count <= 8 {
			second = 0
			first &= 1<<(8*count) - 1
		} else {
			second &= 1<<(8*(count-8)) - 1
		}
	}
	return first, second, flag != 0, count <= bucketSlots && flag <= 1
}

// slotOf is the slot that the lowest bit of a word of match stands for.
func slotOf(w uint64) int { return bits.TrailingZeros64(w) / 8 }
