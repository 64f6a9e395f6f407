package gzmember

import (
	"fmt"
	"hash/crc32"
	"slices"
	"sync"
)

var inflaters = sync.Pool{New: func() any { return new(inflater) }}

// Inflate appends the content of the member that begins at member[0] to dst, at most limit bytes
// (limit ≥ 0). Used is the length of that member; more may follow it. CRC-32 and size are checked.
//
// The error says where in member it is. It wraps ErrTruncated if member ends too early, else
// ErrCorrupt, also if the content is longer than limit; dst is then returned as it was.
// Nothing is allocated if dst has room for the content.
func Inflate(dst, member []byte, limit int) (out []byte, used int, err error) {
	h, err := ParseHeader(member)
	if err != nil {
		return dst, 0, err
	}
	z := inflaters.Get().(*inflater)
	defer inflaters.Put(z)
	z.reset()
	out, used, err = z.appendAll(dst, member[h.Length:], limit)
	used += h.Length
	if err == nil && len(member)-used < TrailerSize {
		err = fmt.Errorf("%w: in the trailer", ErrTruncated)
	}
	if err == nil {
		content := out[len(dst):]
		err = checkTrailer(member[used:], crc32.ChecksumIEEE(content), int64(len(content)))
	}
	if err != nil {
		return dst, 0, fmt.Errorf("%w at byte %d", err, used)
	}
	return out, used + TrailerSize, nil
}

// appendAll appends the content of a whole stream.
func (z *inflater) appendAll(dst, in []byte, limit int) (out []byte, used int, err error) {
	start := len(dst)
	out = dst
	for {
		room := out[start : start+min(cap(out)-start, limit)]
		end, n, v := z.inflate(room, len(out)-start, in[used:])
		out = out[:start+end]
		used += n
		switch {
		case v == ended:
			return out, used, nil
		case v == needInput:
			return out, used, fmt.Errorf("%w: in the deflate stream", ErrTruncated)
		case v == corrupt:
			return out, used, fmt.Errorf("%w: in the deflate stream", ErrCorrupt)
		case len(room) == limit:
			return out, used, fmt.Errorf("%w: more than %d bytes of content", ErrCorrupt, limit)
		}
		// Most content is 2 to 5 times as long as its stream; but much may follow the member in in.
		more := max(512, min(3*(len(in)-used), 64<<10), end)
		out = slices.Grow(out, min(more, limit-end))
	}
}

// checkTrailer compares the trailer at the beginning of b with what the content came out as.
func checkTrailer(b []byte, crc uint32, size int64) error {
	wantCRC, wantSize := ParseTrailer(b)
	if wantCRC != crc {
		return fmt.Errorf("%w: content has CRC-32 %08x, the trailer says %08x", ErrCorrupt, crc, wantCRC)
	}
	if wantSize != uint32(size) {
		return fmt.Errorf("%w: content has %d bytes, the trailer says %d modulo 2^32", ErrCorrupt, size, wantSize)
	}
	return nil
}
