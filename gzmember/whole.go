package gzmember

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/tarpack/tpk/gzmember/coding"
)

// MaxWhole is the length in bytes of the longest C, and the size of the largest content, that
// [AppendWhole] reads.
const MaxWhole = 1 << 20

// wholes are buffers for C.
var wholes = sync.Pool{New: func() any { return new([]byte) }}

// AppendWhole appends the content of the C that c describes, in the archive src, to dst. It reads C
// at once, so for a small file it takes less time than [NewReader]. It allocates nothing if dst has
// room for the content. Neither c.Length nor c.Size may be more than [MaxWhole].
//
// The errors are those of NewReader and its Reader. After an error dst is returned unchanged.
func AppendWhole(dst []byte, src io.ReaderAt, c *Content) ([]byte, error) {
	if c.Size == 0 {
		return dst, nil
	}
	if err := c.check(); err != nil {
		return dst, err
	}
	if c.Length > MaxWhole || c.Size > MaxWhole {
		return dst, fmt.Errorf("gzmember: %d bytes of content in %d bytes are not read at once",
			c.Size, c.Length)
	}
	buf := wholes.Get().(*[]byte)
	defer wholes.Put(buf)
	*buf = slices.Grow((*buf)[:0], int(c.Length))[:c.Length]
	out, err := appendWhole(dst, *buf, src, c)
	if err != nil {
		return dst, fmt.Errorf("content member at offset %d: %w", c.Offset, err)
	}
	return out, nil
}

// appendWhole is AppendWhole with a buffer for C.
func appendWhole(dst, member []byte, src io.ReaderAt, c *Content) ([]byte, error) {
	if n, err := src.ReadAt(member, c.Offset); n < len(member) {
		if err == nil || errors.Is(err, io.EOF) {
			err = fmt.Errorf("%w: the archive ends at offset %d", ErrTruncated, c.Offset+int64(n))
		}
		return nil, err
	}
	if err := checkPlainHeader(member[:HeaderSize]); err != nil {
		return nil, err
	}
	out, used, err := Inflate(slices.Grow(dst, int(c.Size)), member, int(c.Size))
	switch crc := member[len(member)-MemberTrailerSize:]; {
	case err != nil:
		return nil, err
	case used < len(member):
		return nil, fmt.Errorf("%w: it ends at byte %d of %d", ErrCorrupt, used, len(member))
	case int64(len(out)-len(dst)) != c.Size:
		return nil, fmt.Errorf("%w: %d bytes of content, not %d", ErrCorrupt, len(out)-len(dst), c.Size)
	case c.Coding == coding.Stored && !IsStored(member, c.Size):
		return nil, fmt.Errorf("%w: it is not stored", ErrCorrupt)
	case binary.LittleEndian.Uint32(crc) != c.CRC:
		return nil, fmt.Errorf("%w: the trailer has another CRC-32 than the index", ErrCorrupt)
	}
	return out, nil
}
