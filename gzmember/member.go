package gzmember

import (
	"fmt"
	"hash/crc32"
	"slices"
	"sync"
)

var inflaters = sync.Pool{New: func() any { return new(inflater) }}

// Inflate appends to dst the content of the member that begins at member[0], at most limit bytes
// (limit ≥ 0), and checks CRC-32 and size. Used is the length of that member; other bytes may
// follow it. Nothing is allocated if dst has room for the content.
//
// The error contains the offset in member. It wraps [ErrTruncated] if member ends too early, else
// [ErrCorrupt], also if the content is longer than limit. After an error dst is returned unchanged.
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
	if err == nil && len(member)-used < MemberTrailerSize {
		err = fmt.Errorf("%w: in the trailer", ErrTruncated)
	}
	if err == nil {
		content := out[len(dst):]
		err = checkTrailer(member[used:], crc32.ChecksumIEEE(content), int64(len(content)))
	}
	if err != nil {
		return dst, 0, fmt.Errorf("%w at byte %d", err, used)
	}
	return out, used + MemberTrailerSize, nil
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
		// Most content is 2 to 5 times as long as its stream, but in may go on after the member.
		more := max(512, min(3*(len(in)-used), 64<<10), end)
		out = slices.Grow(out, min(more, limit-end))
	}
}

// checkTrailer compares the trailer at the beginning of b with the CRC-32 and size of the content.
func checkTrailer(b []byte, crc uint32, size int64) error {
	wantCRC, wantSize := parseTrailer(b)
	if wantCRC != crc {
		return fmt.Errorf("%w: content has CRC-32 %08x, the trailer says %08x",
			ErrCorrupt, crc, wantCRC)
	}
	if wantSize != uint32(size) {
		return fmt.Errorf("%w: content of length %d, the trailer says %d modulo 2^32",
			ErrCorrupt, size, wantSize)
	}
	return nil
}
