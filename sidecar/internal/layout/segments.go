package layout

import "encoding/binary"

// Sizes in the section of segments (FORMAT.md 2.2): the number K of segmented files, one row for
// each of them in path order, then the ends of all segments.
const (
	SegmentCountSize = 8  // K, u64
	SegmentRowSize   = 16 // see SegmentRow
	SegmentEndSize   = 8  // u64
)

// Offsets in a row.
const (
	segOrdinal = 0 // u32
	segShift   = 4 // u8
	segZero    = 5 // 3 bytes
	segIndex   = 8 // u64
)

// SegmentsLen returns the length of the section for some segmented files and all their segments.
func SegmentsLen(files, segments int64) int64 {
	return SegmentEndsAt(files) + segments*SegmentEndSize
}

// SegmentRowAt returns the offset in the section of row k.
func SegmentRowAt(k int64) int64 { return SegmentCountSize + k*SegmentRowSize }

// SegmentEndsAt returns the offset in the section of the first end, after the rows of all files.
func SegmentEndsAt(files int64) int64 { return SegmentRowAt(files) }

// SegmentRow is the row of one segmented file.
type SegmentRow [SegmentRowSize]byte

// AsSegmentRow returns the row that b, of at least SegmentRowSize bytes, begins with. It shares
// memory with b.
func AsSegmentRow(b []byte) *SegmentRow { return (*SegmentRow)(b) }

// Ordinal returns the ordinal of the file.
func (r *SegmentRow) Ordinal() uint32 { return binary.LittleEndian.Uint32(r[segOrdinal:]) }

// Shift returns the base-2 logarithm of the bytes of content in a segment.
func (r *SegmentRow) Shift() uint8 { return r[segShift] }

// ReservedZero reports whether the reserved bytes are zero.
func (r *SegmentRow) ReservedZero() bool { return [3]byte(r[segZero:segIndex]) == [3]byte{} }

// Index returns the number of ends, of other files, before the first end of this file.
func (r *SegmentRow) Index() uint64 { return binary.LittleEndian.Uint64(r[segIndex:]) }

// Set sets all fields.
func (r *SegmentRow) Set(ordinal uint32, shift uint8, index uint64) {
	binary.LittleEndian.PutUint64(r[segOrdinal:], uint64(ordinal)|uint64(shift)<<(8*segShift))
	binary.LittleEndian.PutUint64(r[segIndex:], index)
}
