package deflate64

import "io"

// A bitReader reads bits, the lowest of each byte first (RFC 1951 §3.1.1). It takes no byte before
// it needs one of its bits. The first error stays; bits that are missing are then 0.
type bitReader struct {
	r   io.ByteReader
	acc uint32 // bits that were read and not used
	n   uint   // how many
	err error
}

// need reads until there are n bits, at most 24, or an error.
func (b *bitReader) need(n uint) {
	for b.n < n && b.err == nil {
		c, err := b.r.ReadByte()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if b.err = err; err != nil {
			return
		}
		b.acc |= uint32(c) << b.n
		b.n += 8
	}
}

// bits returns the next n bits, at most 16.
func (b *bitReader) bits(n uint) int {
	b.need(n)
	v := b.acc & (1<<n - 1)
	b.drop(n)
	return int(v)
}

// drop skips n bits that were read.
func (b *bitReader) drop(n uint) {
	n = min(n, b.n)
	b.acc >>= n
	b.n -= n
}

// align skips the rest of the current byte.
func (b *bitReader) align() { b.drop(b.n & 7) }
