package gzmember

import (
	"encoding/binary"
	"fmt"
)

// The limits of a segmented C (FORMAT.md §1.3).
const (
	MinShift    = 20 // segments of 1 MiB
	MaxShift    = 31 // of 2 GiB: what deflate makes of one has a length of 32 bits, even where it saves nothing
	MinSegments = 2  // a file of one segment is not segmented

	maxTable                = 16_000 // bytes of lengths in an extra field: busybox does not read one over 16 KiB
	shortShift              = 23     // up to this one a length fits shortLength bytes, whatever deflate makes of the segment
	shortLength, longLength = 3, 4   // bytes

	MaxSegmented = maxTable / longLength << MaxShift // bytes of content, 7.8 TiB: what is larger is stored
)

// lengthSize is how many bytes a segment's length takes in a table.
func lengthSize(shift uint8) int {
	if shift <= shortShift {
		return shortLength
	}
	return longLength
}

// MaxSegments returns how many segments of 1 << shift bytes a file may have.
func MaxSegments(shift uint8) int64 { return int64(maxTable / lengthSize(shift)) }

// Segments is the segment table of a C, as the extra field of its P holds it.
type Segments struct {
	Shift   uint8    // segment k holds the content's bytes from k << Shift
	Lengths []uint32 // of each segment in the deflate stream, in bytes
}

// ShiftFor returns the shift with which tpk writes a file of size bytes, at most MaxSegmented: the
// smallest, from MinShift, that needs no more segments than there may be.
func ShiftFor(size int64) uint8 {
	shift := uint8(MinShift)
	for SegmentsOf(size, shift) > MaxSegments(shift) {
		shift++
	}
	return shift
}

// SegmentsOf returns the number of segments of 1 << shift bytes that hold size bytes.
func SegmentsOf(size int64, shift uint8) int64 {
	n := size >> shift
	if n<<shift != size {
		n++
	}
	return n
}

// segmentsHead is the size of what precedes the lengths in a payload: the kind and the shift.
const segmentsHead = 1 + 1

// AppendExtra appends the table as the payload of P's extra field, for AppendZeros.
func (s Segments) AppendExtra(dst []byte) []byte {
	dst = append(dst, KindSegments, s.Shift)
	size := lengthSize(s.Shift)
	for _, n := range s.Lengths {
		dst = binary.LittleEndian.AppendUint32(dst, n)
		dst = dst[:len(dst)-longLength+size]
	}
	return dst
}

// ParseSegments reads a payload that AppendExtra made. The error wraps ErrCorrupt if the shift, the
// number of segments or one of their lengths cannot be right. Whether they fit their C is for the
// caller to check: their sum is its length − 18, and their number is SegmentsOf.
func ParseSegments(payload []byte) (Segments, error) {
	if len(payload) < segmentsHead || payload[0] != KindSegments {
		return Segments{}, fmt.Errorf("%w: not a segment table", ErrCorrupt)
	}
	shift, table := payload[1], payload[segmentsHead:]
	if shift < MinShift || shift > MaxShift {
		return Segments{}, fmt.Errorf("%w: segments of 2^%d bytes", ErrCorrupt, shift)
	}
	size := lengthSize(shift)
	if n := len(table) / size; len(table)%size != 0 || n < MinSegments || len(table) > maxTable {
		return Segments{}, fmt.Errorf("%w: segment table of %d bytes", ErrCorrupt, len(payload))
	}
	s := Segments{Shift: shift, Lengths: make([]uint32, len(table)/size)}
	for i := range s.Lengths {
		var length [longLength]byte
		copy(length[:], table[:size])
		table = table[size:]
		s.Lengths[i] = binary.LittleEndian.Uint32(length[:])
		if s.Lengths[i] == 0 {
			return Segments{}, fmt.Errorf("%w: segment %d is empty", ErrCorrupt, i)
		}
	}
	return s, nil
}
