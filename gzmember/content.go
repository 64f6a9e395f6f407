package gzmember

import (
	"fmt"

	"github.com/tarpack/tpk/gzmember/coding"
)

// Content describes the C of a file. [NewReader] checks it.
type Content struct {
	Offset int64  // of C in the archive, or in the archives of a set
	Length int64  // of C, in bytes
	Size   int64  // of the file, in bytes; if 0, there is no C and the other fields are ignored
	CRC    uint32 // CRC-32 of the file
	Coding coding.Coding

	// Shift and Ends are the segment table, for coding.Segmented only. A segment holds 1 << Shift
	// bytes of content. Ends returns the end of segment k in bytes from the start of the deflate
	// stream, 0 ≤ k < coding.Segments(Size, Shift). It may be called concurrently.
	Shift uint8
	Ends  func(k int) (int64, error)
}

// check returns an error that wraps ErrCorrupt if c contradicts itself.
func (c *Content) check() error {
	bad := func(what string) error {
		return fmt.Errorf("%w: %s (%s, %d bytes of content in %d bytes at offset %d)",
			ErrCorrupt, what, c.Coding, c.Size, c.Length, c.Offset)
	}
	if c.Size == 0 {
		return nil
	}
	if c.Size < 0 || c.Size > coding.MaxSize ||
		c.Length < coding.Overhead+1 || c.Length > coding.MaxSize ||
		c.Offset < 0 || c.Offset > coding.MaxSetSize-c.Length {
		return bad("impossible numbers")
	}
	switch c.Coding {
	case coding.Stored:
		if c.Length != coding.StoredLength(c.Size) {
			return bad("wrong length")
		}
		return nil
	case coding.Deflate, coding.Segmented:
		if c.Size/coding.MaxExpansion > c.Length {
			return bad("impossible size")
		}
	default:
		return bad("unknown coding")
	}
	if c.Coding == coding.Deflate {
		return nil
	}
	if c.Shift < coding.MinShift || c.Shift > coding.MaxShift || c.Ends == nil {
		return bad("no segment table")
	}
	n := coding.Segments(c.Size, c.Shift)
	if coding.CheckSegments(c.Size, c.Shift, n) != nil {
		return bad(fmt.Sprintf("%d segments", n))
	}
	return nil
}

// segment returns the place of segment k in the deflate stream, and the number of bytes of the file
// that it holds.
func (c *Content) segment(k int64) (start, end, size int64, err error) {
	if k > 0 {
		if start, err = c.Ends(int(k - 1)); err != nil {
			return 0, 0, 0, err
		}
	}
	if end, err = c.Ends(int(k)); err != nil {
		return 0, 0, 0, err
	}
	stream := c.Length - coding.Overhead
	size = min(int64(1)<<c.Shift, c.Size-k<<c.Shift)
	last := k == coding.Segments(c.Size, c.Shift)-1
	if start < 0 || end <= start || end > stream || last && end != stream ||
		size/coding.MaxExpansion > end-start {
		return 0, 0, 0, fmt.Errorf("%w: segment %d from byte %d to %d of a stream of %d bytes",
			ErrCorrupt, k, start, end, stream)
	}
	return start, end, size, nil
}
