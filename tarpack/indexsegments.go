package tarpack

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// segmentedContent says how to read a C as segments. Its lengths have been checked to fit.
func segmentedContent(it *build.Item, table gzmember.Segments) (gzmember.Content, error) {
	ends := make([]int64, len(table.Lengths))
	sum := int64(0)
	for i, n := range table.Lengths {
		sum += int64(n)
		ends[i] = sum
	}
	if want := it.ContentLen - gzmember.HeaderSize - gzmember.MemberTrailerSize; sum != want {
		return gzmember.Content{}, fmt.Errorf("%w: its segments have %d bytes, its deflate stream %d", ErrCorrupt, sum, want)
	}
	if n := coding.Segments(it.Size, table.Shift); n != int64(len(ends)) {
		return gzmember.Content{}, fmt.Errorf("%w: it has %d segments instead of %d", ErrCorrupt, len(ends), n)
	}
	return gzmember.Content{
		Offset: it.ContentOffset(), Length: it.ContentLen, Size: it.Size, CRC: it.CRC, Coding: coding.Segmented,
		Shift: table.Shift, Ends: func(k int) (int64, error) { return ends[k], nil },
	}, nil
}

// checkSegments makes sure that each segment can be entered and is as long as it should be, by inflating them one by one.
// Needed where C was read as any deflate stream, before its table was.
func (u *unitReader) checkSegments(it *build.Item) error {
	c, err := segmentedContent(it, gzmember.Segments{Shift: it.Shift, Lengths: it.Segments})
	if err != nil {
		return err
	}
	return u.inflate(c, io.Discard)
}

// inflate writes all of a content to w.
func (u *unitReader) inflate(c gzmember.Content, w io.Writer) error {
	r, err := gzmember.NewReader(u.src, c)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = r.WriteTo(w)
	return err
}

// readSegmented reads C and P of a file whose H was read, if it is segmented, and says whether it was and all was right. The table is in
// P, and where P is only the end of C tells. But P can be found without inflating: the lengths in its table add up to the
// distance from the beginning of C. So C is inflated once only, segment by segment.
func (u *unitReader) readSegmented(un *unit, it *build.Item) bool {
	c := *it
	table, ok := u.findTable(&c)
	if !ok {
		return false
	}
	content, err := segmentedContent(&c, table)
	if err != nil {
		return false
	}
	d := &u.digest
	d.reset(c.Size)
	if err := u.inflate(content, d); err != nil {
		return false // it will be said what is wrong when it is read as any other
	}
	c.Coding, c.Shift, c.Segments = coding.Segmented, table.Shift, table.Lengths
	c.Hash, c.Sniff = d.hash.Sum64(), sidecar.SniffContent(d.head)
	*it = c
	un.end = it.Offset + it.Length()
	u.seek(un.end)
	return true
}

// findTable looks for the P of a segmented C, sets the lengths of both and the CRC, and returns the table.
func (u *unitReader) findTable(it *build.Item) (gzmember.Segments, bool) {
	const (
		// Deflate adds that much to what it cannot compress, with some to spare. tpk stores such content.
		expansion = 1 << 20
		// A window overlaps the one before by the longest P.
		overlap = gzmember.HeaderSize + gzmember.MaxExtra
	)
	start := it.ContentOffset()
	limit := min(u.size, start+it.Size+expansion)
	buf := make([]byte, 4*overlap)
	for off := start; off < limit; off += int64(len(buf) - overlap) {
		n, err := u.src.ReadAt(buf[:min(int64(len(buf)), u.size-off)], off)
		if err != nil && err != io.EOF {
			return gzmember.Segments{}, false
		}
		b := buf[:n]
		if off == start && len(b) > gzmember.HeaderSize && b[gzmember.HeaderSize] == 0 {
			return gzmember.Segments{}, false // a stored block, as stored content begins
		}
		for at := 0; ; at++ {
			i := bytes.Index(b[at:], memberStart)
			if i < 0 {
				break
			}
			at += i
			if table, ok := u.tableAt(b[at:], off+int64(at)-start, it); ok {
				return table, true
			}
		}
	}
	return gzmember.Segments{}, false
}

// tableAt says whether b begins with the P of a C of length bytes.
func (u *unitReader) tableAt(b []byte, length int64, it *build.Item) (gzmember.Segments, bool) {
	h, err := gzmember.ParseHeader(b)
	if err != nil || h.Extra == nil || length < gzmember.HeaderSize+gzmember.MemberTrailerSize {
		return gzmember.Segments{}, false
	}
	table, err := gzmember.ParseSegments(h.Extra)
	if err != nil {
		return gzmember.Segments{}, false
	}
	p := gzmember.AppendZeros(nil, padding(it.Size), h.Extra)
	if !bytes.HasPrefix(b, p) {
		return gzmember.Segments{}, false
	}
	var trailer [gzmember.MemberTrailerSize]byte
	if _, err := u.src.ReadAt(trailer[:], it.ContentOffset()+length-gzmember.MemberTrailerSize); err != nil {
		return gzmember.Segments{}, false
	}
	it.ContentLen, it.PadLen, it.CRC = length, int32(len(p)), binary.LittleEndian.Uint32(trailer[:])
	_, err = segmentedContent(it, table)
	return table, err == nil
}
