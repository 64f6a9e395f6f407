package gzmember

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

// inflater is a flate reader over bytes, to be used again.
type inflater struct {
	src bytes.Reader
	r   io.ReadCloser
}

var inflaters = sync.Pool{New: func() any {
	f := new(inflater)
	f.r = flate.NewReader(&f.src)
	return f
}}

// Inflate appends the content of the member that begins at member[0] to dst, at most limit bytes of it. Used is the number
// of bytes of the whole member; more may follow. CRC-32 and size are checked. The error wraps
// ErrCorrupt, also if the content is longer than limit, or ErrTruncated; dst is then returned as it was.
func Inflate(dst, member []byte, limit int) (out []byte, used int, err error) {
	h, err := ParseHeader(member)
	if err != nil {
		return dst, 0, err
	}
	out, n, err := inflateStream(dst, member[h.Length:], limit)
	if err != nil {
		return dst, 0, err
	}
	used = h.Length + n
	if len(member)-used < TrailerSize {
		return dst, 0, fmt.Errorf("%w: in the trailer", ErrTruncated)
	}
	if err := checkTrailer(member[used:], crc32.ChecksumIEEE(out[len(dst):]), int64(len(out)-len(dst))); err != nil {
		return dst, 0, err
	}
	return out, used + TrailerSize, nil
}

// checkTrailer compares the trailer at the beginning of b with what the content came out as.
func checkTrailer(b []byte, crc uint32, size int64) error {
	if want := binary.LittleEndian.Uint32(b); want != crc {
		return fmt.Errorf("%w: content has CRC-32 %08x, the trailer says %08x", ErrCorrupt, crc, want)
	}
	if want := binary.LittleEndian.Uint32(b[4:]); want != uint32(size) {
		return fmt.Errorf("%w: content has %d bytes, the trailer says %d modulo 2^32", ErrCorrupt, size, want)
	}
	return nil
}

func inflateStream(dst, stream []byte, limit int) ([]byte, int, error) {
	f := inflaters.Get().(*inflater)
	defer inflaters.Put(f)
	f.src.Reset(stream)
	if err := f.r.(flate.Resetter).Reset(&f.src, nil); err != nil {
		return dst, 0, err
	}
	start := len(dst)
	for {
		if len(dst) == cap(dst) {
			dst = append(dst, 0)[:len(dst)]
		}
		room := min(cap(dst)-len(dst), limit-(len(dst)-start)+1)
		n, err := f.r.Read(dst[len(dst) : len(dst)+room])
		dst = dst[:len(dst)+n]
		if len(dst)-start > limit {
			return dst[:start], 0, fmt.Errorf("%w: more than %d bytes of content", ErrCorrupt, limit)
		}
		switch {
		case err == nil:
		case err == io.EOF:
			return dst, len(stream) - f.src.Len(), nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return dst, 0, fmt.Errorf("%w: in the deflate stream", ErrTruncated)
		default:
			return dst, 0, fmt.Errorf("%w: %v", ErrCorrupt, err)
		}
	}
}
