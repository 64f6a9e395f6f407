package gzmember

import (
	"hash/crc32"
	"sync"
)

// tarBlock is the unit of a tar, to a multiple of which P pads.
const tarBlock = 512

// TrailerLength is the length in bytes of T, AppendZeros(dst, 1024, extra) with the 30 bytes of
// FORMAT.md §1.2: 10 for the header, 2 + 4 + 30 for the extra field, 10 of deflate, 8 for the trailer.
const TrailerLength = 64

// AppendZeros appends the member that inflates to n zero bytes, byte for byte as FORMAT.md §1.2 fixes it, with
// the payload extra (or nil): a P (n < 512) or a T (n = 1024). It needs no allocation.
func AppendZeros(dst []byte, n int, extra []byte) []byte {
	if n < tarBlock && len(extra) == 0 {
		return append(dst, plainPadding()[n]...)
	}
	return appendZeros(dst, n, extra)
}

// plainPadding holds each P without an extra field; they are all that most archives need.
var plainPadding = sync.OnceValue(func() *[tarBlock][]byte {
	var all [tarBlock][]byte
	var buf []byte
	for n := range all {
		start := len(buf)
		buf = appendZeros(buf, n, nil)
		all[n] = buf[start:len(buf):len(buf)]
	}
	return &all
})

func appendZeros(dst []byte, n int, extra []byte) []byte {
	w := bitWriter{dst: AppendMemberHeader(dst, extra)}
	w.add(blockFixedFinal, 3)
	left := n
	if left > 0 {
		w.add(fixedLiteral[0].bits, fixedLiteral[0].n)
		left--
	}
	for ; left >= maxMatch; left -= maxMatch {
		w.match(maxMatch, 1)
		w.spill()
	}
	if left >= minMatch {
		w.match(left, 1)
	} else {
		for ; left > 0; left-- {
			w.add(fixedLiteral[0].bits, fixedLiteral[0].n)
		}
	}
	w.add(endOfBlock.bits, endOfBlock.n)
	return AppendMemberTrailer(w.finish(), zerosCRC(n), int64(n))
}

// zeros is what P and T hold.
var zeros [2 * tarBlock]byte

// zerosCRC returns the CRC-32 of n zero bytes.
func zerosCRC(n int) (crc uint32) {
	for ; n > 0; n -= len(zeros) {
		crc = crc32.Update(crc, crc32.IEEETable, zeros[:min(n, len(zeros))])
	}
	return crc
}
