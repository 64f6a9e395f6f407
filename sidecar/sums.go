package sidecar

import (
	"fmt"
	"runtime/debug"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// Sum is a SHA-256. The zero value stands for none.
type Sum = layout.Sum

// EmptySum is the SHA-256 of no bytes, which every empty file has.
var EmptySum = layout.EmptySum

// SumMiB is the number of bytes of content for each sum of a [SumTable].
const SumMiB = 1 << layout.SumShift

// NumMiBSums returns how many sums of MiBs a content of size bytes has: none if it is at most one.
func NumMiBSums(size int64) int64 { return layout.NumMiBSums(size) }

// HasSHA256 reports whether the sidecar has the SHA-256 of each content.
func (x *Index) HasSHA256() bool { return x.hasSums() }

// SHA256 returns the SHA-256 of the content of entry i. It reads 32 bytes. A hard link has the sum
// of its target; what is neither a file nor a hard link has the zero Sum. The error wraps
// [ErrNoSums], [ErrRange] or [ErrCorrupt].
func (x *Index) SHA256(i int) (s Sum, err error) {
	defer x.caught(debug.SetPanicOnFault(true), &err)
	if err := x.inRange(i); err != nil {
		return s, err
	}
	if !x.hasSums() {
		return s, ErrNoSums
	}
	sc := x.borrow()
	defer x.giveBack(sc)
	b, err := x.view(layout.ContentSums, int64(i)*layout.SumSize, layout.SumSize, &sc.text)
	if err == nil {
		s = Sum(b)
	}
	return s, err
}

// SumTable holds the SHA-256 of each MiB of a content. It is valid as long as the Index is.
type SumTable struct {
	// Len is the number of sums. It is 0 for a content of at most 1 MiB: only the sum of the whole
	// is there.
	Len int

	x  *Index
	at int64 // of the first sum, in the section
}

// MiBSums returns the sums of the MiBs of entry i, a file or a hard link. Sum k is that of the
// bytes of the content from k MiB up to, but not including, k + 1 MiB; the last one may be of
// fewer. The error wraps [ErrNoSums], [ErrRange] or [ErrCorrupt].
func (x *Index) MiBSums(i int) (t SumTable, err error) {
	defer x.caught(debug.SetPanicOnFault(true), &err)
	if err := x.inRange(i); err != nil {
		return t, err
	}
	if !x.hasSums() {
		return t, ErrNoSums
	}
	sc := x.borrow()
	defer x.giveBack(sc)
	var e Entry
	if err := x.entry(&e, i, sc); err != nil {
		return t, err
	}
	file := i
	switch e.Type {
	case TypeFile:
	case TypeHardlink:
		file = int(e.Target)
	default:
		return t, fmt.Errorf("%w: entry %d is of type %v", ErrRange, i, e.Type)
	}
	t.x = x
	if layout.NumMiBSums(e.Size) == 0 {
		return t, nil
	}
	return x.mibSums(file, e.Size, sc)
}

// mibSums is MiBSums for a file of size bytes that has such sums.
func (x *Index) mibSums(file int, size int64, sc *scratch) (t SumTable, err error) {
	files, err := x.numRows(layout.MiBSums, sc)
	if err != nil {
		return t, err
	}
	row, ok, err := x.findRow(layout.MiBSums, files, uint64(file), sc)
	if err != nil {
		return t, err
	}
	if !ok {
		return t, layout.Corruptf("entry %d has more than a MiB, and no sums of them", file)
	}
	return x.sumRow(row, files, file, size)
}

// sumRow returns the table of a file of size bytes from its row, one of as many as there are files.
func (x *Index) sumRow(
	row *layout.SegmentRow, files int64, file int, size int64,
) (SumTable, error) {
	if !row.ReservedZero() || row.Shift() != layout.SumShift {
		return SumTable{}, layout.Corruptf("entry %d: sums of shift %d", file, row.Shift())
	}
	from, n := layout.MiBSumsAt(files), layout.NumMiBSums(size)
	sums := uint64(x.sections[layout.MiBSums].Len-from) / layout.SumSize
	if index := row.Index(); index > sums || uint64(n) > sums-index {
		return SumTable{}, layout.Corruptf("entry %d: sums %d to %d of %d",
			file, index, index+uint64(n), sums)
	}
	return SumTable{Len: int(n), x: x, at: from + int64(row.Index())*layout.SumSize}, nil
}

// Sum returns sum k, 0 to Len − 1. The error wraps [ErrRange] or [ErrCorrupt].
func (t SumTable) Sum(k int) (s Sum, err error) {
	b, err := t.AppendSums(nil, k, 1)
	if err == nil {
		s = Sum(b)
	}
	return s, err
}

// AppendSums appends n sums, 32 bytes each, from sum k on. The error wraps [ErrRange] or
// [ErrCorrupt].
func (t SumTable) AppendSums(dst []byte, k, n int) (out []byte, err error) {
	out = dst // the result after a fault
	if k < 0 || n < 0 || k > t.Len-n {
		return dst, fmt.Errorf("%w: sums %d to %d of %d", ErrRange, k, k+n, t.Len)
	}
	if n == 0 {
		return dst, nil
	}
	x := t.x
	defer x.caught(debug.SetPanicOnFault(true), &err)
	sc := x.borrow()
	defer x.giveBack(sc)
	b, err := x.view(layout.MiBSums, t.at+int64(k)*layout.SumSize, int64(n)*layout.SumSize, &sc.text)
	if err != nil {
		return dst, err
	}
	return append(dst, b...), nil
}
