package deflate64

import "math/bits"

const (
	maxCode   = 15 // bits of the longest code
	shortCode = 9  // bits of the codes that are looked up at once
)

// A decoder decodes the symbols of one Huffman code (RFC 1951 §3.2.2).
type decoder struct {
	// short is indexed by the next shortCode bits. An entry is symbol<<4 | bits of the code, or 0
	// if the code is longer or invalid.
	short   [1 << shortCode]uint16
	count   [maxCode + 1]int // codes of each length
	symbols []uint16         // in the order of their codes
}

// init makes the decoder of the code in which symbol i has a code of lengths[i] bits, or none if
// that is 0. It reports whether the code is one: complete, or a single code of one bit, as zlib
// requires.
func (d *decoder) init(lengths []uint8) bool {
	d.short, d.count = [1 << shortCode]uint16{}, [maxCode + 1]int{}
	for _, n := range lengths {
		d.count[n]++
	}
	d.count[0] = 0
	var next, at [maxCode + 2]int // the next code of each length, and its place in symbols
	left, used := 1, 0            // codes of the current length that are free
	for n := 1; n <= maxCode; n++ {
		left = 2*left - d.count[n]
		if left < 0 {
			return false
		}
		used += d.count[n]
		next[n+1] = (next[n] + d.count[n]) << 1
		at[n+1] = at[n] + d.count[n]
	}
	if left > 0 && (used > 1 || used != d.count[1]) {
		return false
	}
	d.symbols = append(d.symbols[:0], make([]uint16, used)...)
	for symbol, n := range lengths {
		if n == 0 {
			continue
		}
		d.symbols[at[n]] = uint16(symbol)
		at[n]++
		if n <= shortCode {
			code := int(bits.Reverse16(uint16(next[n])) >> (16 - n))
			for i := code; i < len(d.short); i += 1 << n {
				d.short[i] = uint16(symbol)<<4 | uint16(n)
			}
		}
		next[n]++
	}
	return true
}

// decode returns the next symbol, or -1 if the bits are no code or there are not enough of them.
func (d *decoder) decode(b *bitReader) int {
	for {
		if e := d.short[b.acc&(1<<shortCode-1)]; e != 0 && uint(e&15) <= b.n {
			b.drop(uint(e & 15))
			return int(e >> 4)
		}
		if b.n >= shortCode || b.err != nil {
			break
		}
		b.need(b.n + 1)
	}
	// code is the first n bits, first the lowest code of that many, base its place in symbols.
	code, first, base := 0, 0, 0
	for n := 1; n <= maxCode; n++ {
		if b.need(uint(n)); b.n < uint(n) {
			return -1
		}
		code = code<<1 | int(b.acc>>(n-1)&1)
		first <<= 1
		if i := code - first; i >= 0 && i < d.count[n] {
			b.drop(uint(n))
			return int(d.symbols[base+i])
		}
		first += d.count[n]
		base += d.count[n]
	}
	return -1
}
