package gzmember

import (
	"math/bits"
	"sync"
)

// The Huffman decoder. A table is indexed by the next bits of the stream, as many as the table is
// wide. A longer code leads to a subtable, indexed by the following bits, as in zlib and
// libdeflate. An entry contains all that is needed at once:
//
//	         31    30 … 16        15    14   13   12  11 … 8     7 … 0
//	literal   1    the byte       0                              bits of the code
//	match     0    base           0                   bits of    bits of the code and extra bits
//	                                                  the code
//	subtable  0    where it is    1     1              its width  bits that lead to it
//	end       0                   1          1                    bits of the code
//	invalid   0                   1               1               1
const (
	entryLiteral  = 1 << 31
	entrySpecial  = 1 << 15 // subtable, end or invalid
	entrySubtable = 1 << 14
	entryEnd      = 1 << 13
	entryInvalid  = 1 << 12
)

// Numbers of symbols (RFC 1951 §3.2.5 to 3.2.7), longest codes in bits, widths of the tables in
// bits and their sizes in entries.
const (
	litSymbols   = 288 // 286 and 287 never occur
	distSymbols  = 32  // 30 and 31 never occur
	clenSymbols  = 19
	maxCode      = 15
	maxClenCode  = 7
	litBits      = 10
	distBits     = 8
	litEntries   = 1334 // the most that a table with subtables takes: zlib's "enough 288 10 15"
	distEntries  = 402  // "enough 32 8 15"
	clenEntries  = 1 << maxClenCode
	maxLitCodes  = 286 // in a dynamic block
	maxDistCodes = 30
)

type (
	litTable  [litEntries]uint32
	distTable [distEntries]uint32
)

// Entries of the symbols, without the bits of the code.
var (
	litResults  [litSymbols]uint32
	distResults [distSymbols]uint32
	clenResults [clenSymbols]uint32
)

func init() {
	for v := range 256 {
		litResults[v] = entryLiteral | uint32(v)<<16
	}
	litResults[endSymbol] = entrySpecial | entryEnd
	base := minMatch
	for sym := endSymbol + 1; sym < 285; sym++ {
		extra := lengthExtra(sym)
		litResults[sym] = uint32(base)<<16 | uint32(extra)
		base += 1 << extra
	}
	litResults[285] = maxMatch << 16
	litResults[286] = entrySpecial | entryInvalid
	litResults[287] = entrySpecial | entryInvalid
	for sym := range fixedDist {
		distResults[sym] = fixedDist[sym].base<<16 | uint32(fixedDist[sym].extra)
	}
	distResults[30] = entrySpecial | entryInvalid
	distResults[31] = entrySpecial | entryInvalid
	for sym := range clenResults {
		clenResults[sym] = uint32(sym) << 16
	}
}

// result returns the entry of a symbol whose code, or the part of it in this table, has n bits.
func result(r uint32, n int) uint32 { return r + uint32(n)<<8 + uint32(n) }

// buildTable fills table, of 1<<width entries and the subtables after them, with the code whose
// lengths in bits are given by symbol. It reports whether the lengths make a code. Like
// compress/flate it accepts an incomplete code only of one symbol, of one bit, or of none.
func buildTable(table []uint32, width int, lengths []uint8, results []uint32) bool {
	var count [maxCode + 1]int
	for _, n := range lengths {
		count[n]++
	}
	count[0] = 0
	// at has the index of the first symbol of each length after sorting by length. left is the part
	// of the code space, in codes of n bits, that no symbol takes.
	var at [maxCode + 2]int
	left, longest := 1, 0
	for n := 1; n <= maxCode; n++ {
		at[n+1] = at[n] + count[n]
		left = left<<1 - count[n]
		if left < 0 {
			return false
		}
		if count[n] > 0 {
			longest = n
		}
	}
	if left > 0 {
		if longest > 1 {
			return false
		}
		invalid := uint32(entrySpecial | entryInvalid | 1)
		for i := range table[:1<<width] {
			table[i] = invalid
		}
		if longest == 0 {
			return true
		}
	}
	var sorted [litSymbols]uint16
	for sym, n := range lengths {
		if n > 0 {
			sorted[at[n]] = uint16(sym)
			at[n]++
		}
	}
	if left > 0 {
		e := result(results[sorted[0]], 1)
		for i := 0; i < 1<<width; i += 2 {
			table[i] = e
		}
		return true
	}
	fillTable(table, width, &count, sorted[:], results)
	return true
}

// fillTable fills table with a complete code: count[n] symbols of n bits, the symbols sorted by n.
//
// For n from 1 up it fills the part that n bits can index. When this part doubles, the entries of
// shorter codes are copied. The first bit of a code is its lowest, as in the stream (RFC 1951
// §3.1.1).
func fillTable(
	table []uint32, width int, count *[maxCode + 1]int, sorted []uint16, results []uint32,
) {
	code, n, filled := 0, 1, 2
	for ; n <= width; n++ {
		for range count[n] {
			table[code] = result(results[sorted[0]], n)
			sorted = sorted[1:]
			if code == filled-1 { // all ones, the last code
				for ; filled < 1<<width; filled *= 2 {
					copy(table[filled:2*filled], table[:filled])
				}
				return
			}
			code = nextCode(code, n)
		}
		if n < width {
			copy(table[filled:2*filled], table[:filled])
			filled *= 2
		}
	}
	prefix, start, end := -1, 0, 1<<width
	for left := count[n]; ; {
		for left == 0 {
			n++
			left = count[n]
		}
		if p := code & (1<<width - 1); p != prefix {
			// The subtable is as wide as the codes with this prefix need, which are the next ones.
			sub, space := n-width, left
			for space < 1<<sub {
				sub++
				space = space<<1 + count[width+sub]
			}
			prefix, start, end = p, end, end+1<<sub
			table[prefix] = entrySpecial | entrySubtable |
				uint32(start)<<16 | uint32(sub)<<8 | uint32(width)
		}
		e := result(results[sorted[0]], n-width)
		for i := start + code>>width; i < end; i += 1 << (n - width) {
			table[i] = e
		}
		if code == 1<<n-1 {
			return
		}
		sorted = sorted[1:]
		code = nextCode(code, n)
		left--
	}
}

// nextCode returns the code of n bits after code, which is not the last. Both have their first bit
// lowest, so it adds 1 at the other end.
func nextCode(code, n int) int {
	high := 1 << (bits.Len(uint(code^(1<<n-1))) - 1) // the last 0 bit
	return code&(high-1) | high
}

// fixedTables returns the tables for blocks with fixed codes (RFC 1951 §3.2.6).
var fixedTables = sync.OnceValue(func() *huffmanTables {
	var t huffmanTables
	var lengths [litSymbols]uint8
	for sym := range lengths {
		lengths[sym] = fixedSymbol(sym).n
	}
	buildTable(t.lit[:], litBits, lengths[:], litResults[:])
	for sym := range distSymbols {
		lengths[sym] = 5
	}
	buildTable(t.dist[:], distBits, lengths[:distSymbols], distResults[:])
	return &t
})

// huffmanTables are the two codes of a block.
type huffmanTables struct {
	lit  litTable
	dist distTable
}
