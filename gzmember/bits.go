package gzmember

import (
	"encoding/binary"
	"math/bits"
)

// bitWriter appends a deflate bit stream to dst, least significant bit first (RFC 1951 §3.1.1). Up
// to 56 bits may be added between two calls of spill.
type bitWriter struct {
	dst []byte
	acc uint64
	n   uint // bits in acc
}

// add appends the low n bits of v, whose other bits must be zero.
func (w *bitWriter) add(v uint32, n uint8) {
	w.acc |= uint64(v) << (w.n & 63)
	w.n += uint(n)
}

// spill moves the whole bytes of acc to dst; at most 7 bits stay behind.
func (w *bitWriter) spill() {
	w.dst = binary.LittleEndian.AppendUint64(w.dst, w.acc)
	w.dst = w.dst[:len(w.dst)-8+int(w.n>>3)]
	w.acc >>= w.n &^ 7
	w.n &= 7
}

// finish pads with zero bits to a byte and returns the bytes.
func (w *bitWriter) finish() []byte {
	w.n += 7
	w.spill()
	return w.dst
}

// code is a Huffman code with its extra bits, ready for bitWriter.add.
type code struct {
	bits uint32
	n    uint8
}

// The limits of a match (RFC 1951 §3.2.5).
const (
	minMatch    = 3
	maxMatch    = 258
	maxDistance = 32768
)

// endSymbol ends a block; the symbols after it are lengths.
const endSymbol = 256

// endOfBlock is the code of endSymbol in a block with fixed Huffman codes.
var endOfBlock = code{0, 7}

// The fixed Huffman codes (RFC 1951 §3.2.6): by literal, by length − minMatch, and by distance
// symbol. The first two include the extra bits.
var (
	fixedLiteral [256]code
	fixedLength  [maxMatch - minMatch + 1]code
	fixedDist    [30]struct {
		code
		base  uint32 // the smallest distance of this symbol
		extra uint8  // bits
	}
)

func init() {
	for v := range fixedLiteral {
		fixedLiteral[v] = fixedSymbol(v)
	}
	for sym, length := endSymbol+1, minMatch; sym < 285; sym++ {
		extra := lengthExtra(sym)
		c := fixedSymbol(sym)
		for x := 0; x < 1<<extra; x++ {
			// 258 is overwritten below: it has its own symbol, 285.
			fixedLength[length-minMatch] = code{c.bits | uint32(x)<<c.n, c.n + extra}
			length++
		}
	}
	fixedLength[maxMatch-minMatch] = fixedSymbol(285)
	for sym, base := 0, 1; sym < len(fixedDist); sym++ {
		d := &fixedDist[sym]
		d.bits, d.n = uint32(bits.Reverse8(uint8(sym))>>3), 5
		d.base, d.extra = uint32(base), uint8(max(0, sym/2-1))
		base += 1 << d.extra
	}
}

// lengthExtra returns the number of extra bits of a length symbol of 257 to 284.
func lengthExtra(sym int) uint8 { return uint8(max(0, (sym-endSymbol-1)/4-1)) }

// fixedSymbol returns the fixed code of a literal/length symbol.
func fixedSymbol(sym int) code {
	var v uint16
	var n uint8
	switch {
	case sym < 144:
		v, n = uint16(0x30+sym), 8
	case sym < 256:
		v, n = uint16(0x190+sym-144), 9
	case sym < 280:
		v, n = uint16(sym-256), 7
	default:
		v, n = uint16(0xc0+sym-280), 8
	}
	return code{uint32(bits.Reverse16(v) >> (16 - n)), n}
}

// distSymbol returns the symbol of a distance of 1 to maxDistance.
func distSymbol(distance uint32) int {
	if distance <= 2 {
		return int(distance) - 1
	}
	d := distance - 1
	high := bits.Len32(d) - 1
	return 2*high + int(d>>(high-1)&1)
}

// match appends a match with fixed codes. It needs up to 31 bits.
func (w *bitWriter) match(length int, distance uint32) {
	l := fixedLength[length-minMatch]
	w.add(l.bits, l.n)
	d := &fixedDist[distSymbol(distance)]
	w.add(d.bits|(distance-d.base)<<d.n, d.n+d.extra)
}
