package gzmember

import "fmt"

// Content says where the C of a file is and how it is written. It is not trusted: NewReader checks it.
type Content struct {
	Offset int64  // of C in the archive
	Length int64  // of C, in bytes
	Size   int64  // of the file, in bytes. 0: there is no C, and nothing but Size matters
	CRC    uint32 // CRC-32 of the file
	Coding Coding

	// The segment table, for Segmented only. Ends returns the end of segment k, in bytes from the
	// start of the deflate stream; 0 ≤ k < SegmentsOf(Size, Shift). Several goroutines may call it.
	Shift uint8
	Ends  func(k int) (int64, error)
}

// maxExpansion is the most bytes of content that a byte of deflate stream can stand for: four matches of
// 258 bytes, with two codes of a bit each.
const maxExpansion = 4 * maxMatch

// check returns an error that wraps ErrCorrupt if c contradicts itself.
func (c *Content) check() error {
	bad := func(what string) error {
		return fmt.Errorf("%w: %s (%s, %d bytes of content in %d bytes at offset %d)",
			ErrCorrupt, what, c.Coding, c.Size, c.Length, c.Offset)
	}
	if c.Size == 0 {
		return nil
	}
	if c.Size < 0 || c.Size > MaxSize || c.Length < HeaderSize+1+TrailerSize || c.Length > MaxSize ||
		c.Offset < 0 || c.Offset > MaxSize-c.Length {
		return bad("impossible numbers")
	}
	switch c.Coding {
	case Stored:
		if c.Length != StoredLength(c.Size) {
			return bad("wrong length")
		}
		return nil
	case Deflate, Segmented:
		if c.Size/maxExpansion > c.Length {
			return bad("impossible size")
		}
	default:
		return bad("unknown coding")
	}
	if c.Coding == Deflate {
		return nil
	}
	if c.Shift < MinShift || c.Shift > MaxShift || c.Ends == nil {
		return bad("no segment table")
	}
	if n := SegmentsOf(c.Size, c.Shift); n < MinSegments || n > MaxSegments(c.Shift) {
		return bad(fmt.Sprintf("%d segments", n))
	}
	return nil
}

// segment returns where in the deflate stream segment k lies, and how many bytes of the file it holds.
func (c *Content) segment(k int64) (start, end, size int64, err error) {
	if k > 0 {
		if start, err = c.Ends(int(k - 1)); err != nil {
			return 0, 0, 0, err
		}
	}
	if end, err = c.Ends(int(k)); err != nil {
		return 0, 0, 0, err
	}
	stream := c.Length - HeaderSize - TrailerSize
	size = min(int64(1)<<c.Shift, c.Size-k<<c.Shift)
	last := k == SegmentsOf(c.Size, c.Shift)-1
	if start < 0 || end <= start || end > stream || last && end != stream || size/maxExpansion > end-start {
		return 0, 0, 0, fmt.Errorf("%w: segment %d from byte %d to %d of a stream of %d bytes",
			ErrCorrupt, k, start, end, stream)
	}
	return start, end, size, nil
}
