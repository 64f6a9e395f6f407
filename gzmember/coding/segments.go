package coding

import "fmt"

// Limits of a segmented content member (FORMAT.md 1.3). A segment holds 1 << shift bytes of
// content, the last one perhaps fewer.
const (
	MinShift = 20 // segments of 1 MiB
	// MaxShift allows segments of 2 GiB: the compressed length of one still fits 32 bits, even if
	// deflate saves nothing.
	MaxShift    = 31
	MinSegments = 2 // a file of one segment is not segmented

	// MaxTable is the most bytes of segment lengths in the extra field of P. Busybox refuses an
	// extra field of more than 16 KiB.
	MaxTable = 16_000
	// MaxSegmented is the largest segmented file, 7.8 TiB. A larger one is stored.
	MaxSegmented = MaxTable / longLength << MaxShift

	shortShift  = 23 // up to this shift a compressed length fits shortLength bytes
	shortLength = 3
	longLength  = 4
)

// LengthSize returns the number of bytes that the length of a segment takes in the extra field of
// P: 3 up to segments of 8 MiB, else 4.
func LengthSize(shift uint8) int {
	if shift <= shortShift {
		return shortLength
	}
	return longLength
}

// MaxSegments returns the most segments of 1 << shift bytes that a file may have: 5,333 or 4,000.
func MaxSegments(shift uint8) int64 { return int64(MaxTable / LengthSize(shift)) }

// Segments returns the number of segments of 1 << shift bytes that hold size bytes.
func Segments(size int64, shift uint8) int64 {
	n := size >> shift
	if n<<shift != size {
		n++
	}
	return n
}

// ShiftFor returns the shift with which tpk writes a file of size bytes, at most MaxSegmented: the
// smallest, from MinShift, that needs at most MaxSegments.
func ShiftFor(size int64) uint8 {
	shift := uint8(MinShift)
	for Segments(size, shift) > MaxSegments(shift) {
		shift++
	}
	return shift
}

// CheckSegments returns an error unless a file of size bytes may be written as n segments of
// 1 << shift bytes.
func CheckSegments(size int64, shift uint8, n int64) error {
	if shift < MinShift || shift > MaxShift || n < MinSegments || n > MaxSegments(shift) ||
		n != Segments(size, shift) {
		return fmt.Errorf("%d segments, shift %d, for a file of %d bytes", n, shift, size)
	}
	return nil
}
