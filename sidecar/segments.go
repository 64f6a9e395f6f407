package sidecar

import (
	"encoding/binary"
	"fmt"
	"runtime/debug"
)

// The section of segments (FORMAT.md 2.2): the number K of segmented files, K rows in path order, then the ends.
const (
	segCount = 8

	segRow     = 16
	segOrdinal = 0 // u32; shift u8, 3 zero bytes
	segIndex   = 8 // u64: of the file's first end

	segEnd = 8

	segShift = 32 // bits, in the word at segOrdinal
	segZero  = 40
)

// SegmentTable says where the segments of a segmented file end. It is valid as long as the Index is.
type SegmentTable struct {
	Shift       uint8 // a segment holds 2^Shift bytes of content, the last one maybe fewer
	NumSegments int   // 2 to 4000

	x     *Index
	entry int
	at    int64 // of the first end, in the section
	total int64 // length of the deflate stream
}

// Segments gives the segments of entry i. The error wraps [ErrRange] if it is not a segmented file.
func (x *Index) Segments(i int) (t SegmentTable, err error) {
	defer x.caught(debug.SetPanicOnFault(true), &err)
	if err := x.inRange(i); err != nil {
		return t, err
	}
	sc := x.borrow()
	defer x.giveBack(sc)
	var e Entry
	if err := x.entry(&e, i, sc); err != nil {
		return t, err
	}
	if e.Coding != CodingSegmented {
		return t, fmt.Errorf("%w: entry %d is not segmented but of coding %v", ErrRange, i, e.Coding)
	}
	return x.segments(&e, i, sc)
}

// segments is Segments for an entry that is segmented.
func (x *Index) segments(e *Entry, i int, sc *scratch) (t SegmentTable, err error) {
	k, err := x.segmentedFiles(sc)
	if err != nil {
		return t, err
	}
	row, ok, err := x.findRow(k, uint64(i), sc)
	if err != nil {
		return t, err
	}
	if !ok {
		return t, corrupt("entry %d is segmented, and has no segments", i)
	}
	return x.segmentRow(row, k, e, i)
}

// segmentedFiles is K.
func (x *Index) segmentedFiles(sc *scratch) (int64, error) {
	b, err := x.view(secSegments, 0, segCount, &sc.text)
	if err != nil {
		return 0, err
	}
	k := binary.LittleEndian.Uint64(b)
	if k > uint64(x.sections[secSegments].len-segCount)/segRow {
		return 0, corrupt("%d segmented files", k)
	}
	return int64(k), nil
}

// findRow bisects the rows for the one of an entry.
func (x *Index) findRow(k int64, ordinal uint64, sc *scratch) (row []byte, ok bool, err error) {
	lo, hi := int64(0), k
	for lo < hi {
		mid := (lo + hi) / 2
		row, err = x.view(secSegments, segCount+mid*segRow, segRow, &sc.text)
		if err != nil {
			return nil, false, err
		}
		switch o := uint64(binary.LittleEndian.Uint32(row[segOrdinal:])); {
		case o == ordinal:
			return row, true, nil
		case o < ordinal:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return nil, false, nil
}

// segmentRow makes the table of a row, which is one of k.
func (x *Index) segmentRow(row []byte, k int64, e *Entry, i int) (SegmentTable, error) {
	w, index := binary.LittleEndian.Uint64(row[segOrdinal:]), binary.LittleEndian.Uint64(row[segIndex:])
	shift := uint8(w >> segShift)
	if w>>segZero != 0 || shift > maxShift {
		return SegmentTable{}, corrupt("entry %d: segments of shift %d", i, w>>segShift)
	}
	n := segmentsOf(e.Size, shift)
	if err := checkSegments(e.Size, shift, n); err != nil {
		return SegmentTable{}, corrupt("entry %d: %v", i, err)
	}
	from := segCount + k*segRow
	if ends := uint64(x.sections[secSegments].len-from) / segEnd; index > ends || uint64(n) > ends-index {
		return SegmentTable{}, corrupt("entry %d: segment ends %d to %d of %d", i, index, index+uint64(n), ends)
	}
	return SegmentTable{
		Shift: shift, NumSegments: int(n),
		x: x, entry: i, at: from + int64(index)*segEnd, total: e.ContentLen - memberOverhead,
	}, nil
}

// End is where segment k ends, 0 to NumSegments − 1, in bytes from the start of the deflate stream, which is 10 bytes into
// C. Ends ascend, and the last one is the end of the stream.
func (t SegmentTable) End(k int) (end int64, err error) {
	if k < 0 || k >= t.NumSegments {
		return 0, fmt.Errorf("%w: segment %d of entry %d, which has %d", ErrRange, k, t.entry, t.NumSegments)
	}
	x := t.x
	defer x.caught(debug.SetPanicOnFault(true), &err)
	sc := x.borrow()
	defer x.giveBack(sc)
	first := max(k-1, 0)
	b, err := x.view(secSegments, t.at+int64(first)*segEnd, int64(k-first+1)*segEnd, &sc.text)
	if err != nil {
		return 0, err
	}
	before := uint64(0)
	if k > 0 {
		before = binary.LittleEndian.Uint64(b)
		b = b[segEnd:]
	}
	v := binary.LittleEndian.Uint64(b)
	if v <= before || v > uint64(t.total) || k == t.NumSegments-1 && v != uint64(t.total) {
		return 0, corrupt("entry %d: segment %d lies from %d to %d of %d", t.entry, k, before, v, t.total)
	}
	return int64(v), nil
}
