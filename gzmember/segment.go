package gzmember

import (
	"encoding/binary"
	"fmt"

	"github.com/tarpack/tpk/gzmember/coding"
)

// Segments is the segment table of a C, as the extra field of its P holds it.
type Segments struct {
	Shift   uint8    // segment k holds the bytes of the content from k << Shift on
	Lengths []uint32 // of each segment in the deflate stream, in bytes
}

const (
	// segmentsHead is the size of the bytes before the lengths in a payload: the kind and the
	// shift.
	segmentsHead = 1 + 1
	// longLength is the most bytes that a length takes: a u32.
	longLength = 4
)

// AppendExtra appends the table as the payload of P's extra field, for AppendZeros.
func (s Segments) AppendExtra(dst []byte) []byte {
	dst = append(dst, KindSegments, s.Shift)
	size := coding.LengthSize(s.Shift)
	for _, n := range s.Lengths {
		dst = binary.LittleEndian.AppendUint32(dst, n)
		dst = dst[:len(dst)-longLength+size]
	}
	return dst
}

// ParseSegments returns the table in a payload that AppendExtra made. The error wraps [ErrCorrupt]
// if the shift, the number of segments or one of their lengths cannot be right. The caller checks
// that they fit their C: the sum of the lengths is its length − 18, and their number is
// coding.Segments.
func ParseSegments(payload []byte) (Segments, error) {
	if len(payload) < segmentsHead || payload[0] != KindSegments {
		return Segments{}, fmt.Errorf("%w: not a segment table", ErrCorrupt)
	}
	shift, table := payload[1], payload[segmentsHead:]
	if shift < coding.MinShift || shift > coding.MaxShift {
		return Segments{}, fmt.Errorf("%w: segments of 2^%d bytes", ErrCorrupt, shift)
	}
	size := coding.LengthSize(shift)
	if n := len(table) / size; len(table)%size != 0 ||
		n < coding.MinSegments || len(table) > coding.MaxTable {
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
