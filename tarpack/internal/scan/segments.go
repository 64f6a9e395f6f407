package scan

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
)

// segmentedContent returns a C as gzmember reads it in segments. It checks the number of segments
// and the sum of their lengths.
func segmentedContent(it *build.Item, table gzmember.Segments) (gzmember.Content, error) {
	ends := make([]int64, len(table.Lengths))
	sum := int64(0)
	for i, n := range table.Lengths {
		sum += int64(n)
		ends[i] = sum
	}
	want := it.ContentLen - gzmember.HeaderSize - gzmember.MemberTrailerSize
	if sum != want {
		return gzmember.Content{}, fmt.Errorf("%w: its segments have %d bytes, its deflate stream %d",
			format.ErrCorrupt, sum, want)
	}
	if n := coding.Segments(it.Size, table.Shift); n != int64(len(ends)) {
		return gzmember.Content{}, fmt.Errorf("%w: it has %d segments instead of %d",
			format.ErrCorrupt, len(ends), n)
	}
	return gzmember.Content{
		Offset: it.ContentOffset(), Length: it.ContentLen, Size: it.Size, CRC: it.CRC,
		Coding: coding.Segmented, Shift: table.Shift,
		Ends: func(k int) (int64, error) { return ends[k], nil },
	}, nil
}

// checkSegments checks that each segment can be entered and has the right length, by inflating them
// one by one. It is needed for a C that was read as plain deflate before its table was found.
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

// readSegmented reads the C and P of a file, whose H was read, if C is segmented. It returns false,
// and changes nothing, if C is not segmented or has a fault.
//
// The segment table is in P, after C. P is found without inflating: its lengths add up to its
// distance from the beginning of C. So C is inflated only once.
func (u *unitReader) readSegmented(un *Unit, it *build.Item) bool {
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
		return false // reading it as plain deflate returns the error
	}
	c.Coding, c.Shift, c.Segments = coding.Segmented, table.Shift, table.Lengths
	if err := d.record(&c); err != nil {
		return false
	}
	*it = c
	un.End = it.Offset + it.Length()
	u.seek(un.End)
	return true
}

// findTable searches for the P of a segmented C. It sets the lengths of both and the CRC-32 in the
// item, and returns the table.
func (u *unitReader) findTable(it *build.Item) (gzmember.Segments, bool) {
	const (
		// What deflate can add to content that it can't compress, and some more.
		expansion = 1 << 20
		// Each window overlaps the one before it by the longest P.
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
			return gzmember.Segments{}, false // a stored block: the content is stored
		}
		for at := 0; ; at++ {
			i := bytes.Index(b[at:], format.MemberStart)
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

// tableAt returns the table if b begins with the P of a C of length bytes.
func (u *unitReader) tableAt(b []byte, length int64, it *build.Item) (gzmember.Segments, bool) {
	h, err := gzmember.ParseHeader(b)
	if err != nil || h.Extra == nil || length < gzmember.HeaderSize+gzmember.MemberTrailerSize {
		return gzmember.Segments{}, false
	}
	table, err := gzmember.ParseSegments(h.Extra)
	if err != nil {
		return gzmember.Segments{}, false
	}
	p := gzmember.AppendZeros(nil, format.Padding(it.Size), h.Extra)
	if !bytes.HasPrefix(b, p) {
		return gzmember.Segments{}, false
	}
	var trailer [gzmember.MemberTrailerSize]byte
	at := it.ContentOffset() + length - gzmember.MemberTrailerSize
	if _, err := u.src.ReadAt(trailer[:], at); err != nil {
		return gzmember.Segments{}, false
	}
	it.ContentLen, it.PadLen, it.CRC = length, int32(len(p)), binary.LittleEndian.Uint32(trailer[:])
	_, err = segmentedContent(it, table)
	return table, err == nil
}
