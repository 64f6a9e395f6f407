package sidecar

import (
	"encoding/binary"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// SegmentTable locates the segments of a segmented file. It is valid as long as the Index is.
type SegmentTable struct {
	// Shift is 20 to 31. A segment holds 2^Shift bytes of content, the last one perhaps fewer.
	Shift       uint8
	NumSegments int // 2 to 5,333

	x     *Index
	entry int
	at    int64 // of the first end, in the section
	total int64 // length of the deflate stream
}

// Segments returns the segments of entry i. The error wraps [ErrRange] if it is not a segmented
// file, or [ErrCorrupt].
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
	if e.Coding != coding.Segmented {
		return t, fmt.Errorf("%w: entry %d is not segmented but of coding %v",
			ErrRange, i, e.Coding)
	}
	return x.segments(&e, i, sc)
}

// segments is Segments for an entry that is segmented.
func (x *Index) segments(e *Entry, i int, sc *scratch) (t SegmentTable, err error) {
	files, err := x.numRows(layout.Segments, sc)
	if err != nil {
		return t, err
	}
	row, ok, err := x.findRow(layout.Segments, files, uint64(i), sc)
	if err != nil {
		return t, err
	}
	if !ok {
		return t, layout.Corruptf("entry %d is segmented, and has no segments", i)
	}
	return x.segmentRow(row, files, e, i)
}

// numRows returns K, the number of files that have a row in a section: that of segments or that of
// MiB sums.
func (x *Index) numRows(sec int, sc *scratch) (int64, error) {
	b, err := x.view(sec, 0, layout.SegmentCountSize, &sc.text)
	if err != nil {
		return 0, err
	}
	k := binary.LittleEndian.Uint64(b)
	rest := uint64(x.sections[sec].Len - layout.SegmentCountSize)
	if k > rest/layout.SegmentRowSize {
		return 0, layout.Corruptf("%d files in section %s", k, layout.SectionNames[sec])
	}
	return int64(k), nil
}

// rowAt returns row k of a section.
func (x *Index) rowAt(sec int, k int64, buf *buffer) (*layout.SegmentRow, error) {
	b, err := x.view(sec, layout.SegmentRowAt(k), layout.SegmentRowSize, buf)
	if err != nil {
		return nil, err
	}
	return layout.AsSegmentRow(b), nil
}

// findRow finds the row of an entry in a section by binary search.
func (x *Index) findRow(
	sec int, files int64, ordinal uint64, sc *scratch,
) (row *layout.SegmentRow, ok bool, err error) {
	lo, hi := int64(0), files
	for lo < hi {
		mid := (lo + hi) / 2
		row, err := x.rowAt(sec, mid, &sc.text)
		if err != nil {
			return nil, false, err
		}
		switch o := uint64(row.Ordinal()); {
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

// segmentRow returns the table of entry i from its row, one of as many as there are files.
func (x *Index) segmentRow(
	row *layout.SegmentRow, files int64, e *Entry, i int,
) (SegmentTable, error) {
	shift, index := row.Shift(), row.Index()
	if !row.ReservedZero() || shift > coding.MaxShift {
		return SegmentTable{}, layout.Corruptf("entry %d: segments of shift %d", i, shift)
	}
	n := coding.Segments(e.Size, shift)
	if err := coding.CheckSegments(e.Size, shift, n); err != nil {
		return SegmentTable{}, layout.Corruptf("entry %d: %v", i, err)
	}
	from := layout.SegmentEndsAt(files)
	ends := uint64(x.sections[layout.Segments].Len-from) / layout.SegmentEndSize
	if index > ends || uint64(n) > ends-index {
		return SegmentTable{}, layout.Corruptf("entry %d: segment ends %d to %d of %d",
			i, index, index+uint64(n), ends)
	}
	return SegmentTable{
		Shift: shift, NumSegments: int(n),
		x: x, entry: i, at: from + int64(index)*layout.SegmentEndSize,
		total: e.ContentLen - coding.Overhead,
	}, nil
}

// End returns the end of segment k, 0 to NumSegments − 1, in bytes from the start of the deflate
// stream, which is 10 bytes into C. Ends ascend, and the last one is the end of the stream. The
// error wraps [ErrRange] or [ErrCorrupt].
func (t SegmentTable) End(k int) (end int64, err error) {
	if k < 0 || k >= t.NumSegments {
		return 0, fmt.Errorf("%w: segment %d of entry %d, which has %d",
			ErrRange, k, t.entry, t.NumSegments)
	}
	x := t.x
	defer x.caught(debug.SetPanicOnFault(true), &err)
	sc := x.borrow()
	defer x.giveBack(sc)
	first := max(k-1, 0)
	b, err := t.ends(first, k-first+1, sc)
	if err != nil {
		return 0, err
	}
	before := uint64(0)
	if k > 0 {
		before = binary.LittleEndian.Uint64(b)
		b = b[layout.SegmentEndSize:]
	}
	return t.check(k, before, binary.LittleEndian.Uint64(b))
}

// AppendLengths appends the length of each segment in the deflate stream, in bytes, to dst. The
// error wraps [ErrCorrupt].
func (t SegmentTable) AppendLengths(dst []uint32) (out []uint32, err error) {
	out = dst // the result after a fault
	x := t.x
	defer x.caught(debug.SetPanicOnFault(true), &err)
	sc := x.borrow()
	defer x.giveBack(sc)
	b, err := t.ends(0, t.NumSegments, sc)
	if err != nil {
		return dst, err
	}
	lengths := slices.Grow(dst, t.NumSegments)
	before := int64(0)
	for k := range t.NumSegments {
		next := binary.LittleEndian.Uint64(b[k*layout.SegmentEndSize:])
		end, err := t.check(k, uint64(before), next)
		if err != nil {
			return dst, err
		}
		lengths = append(lengths, uint32(end-before))
		before = end
	}
	return lengths, nil
}

// ends returns the bytes of n ends from that of segment k on.
func (t SegmentTable) ends(k, n int, sc *scratch) ([]byte, error) {
	const size = layout.SegmentEndSize
	return t.x.view(layout.Segments, t.at+int64(k)*size, int64(n)*size, &sc.text)
}

// check returns the end of segment k, or an error if it is not after the end before it or not
// within the deflate stream.
func (t SegmentTable) check(k int, before, end uint64) (int64, error) {
	last := k == t.NumSegments-1
	if end <= before || end > uint64(t.total) || last && end != uint64(t.total) {
		return 0, layout.Corruptf("entry %d: segment %d lies from %d to %d of %d",
			t.entry, k, before, end, t.total)
	}
	return int64(end), nil
}
