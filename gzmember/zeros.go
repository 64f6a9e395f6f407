package gzmember

import (
	"hash/crc32"
	"sync"
)

// tarBlock is the size of a tar block in bytes. P pads content to a multiple of it.
const tarBlock = 512

// AppendZeros appends the member that inflates to n zero bytes: a P (n < 512) or a T (n = 1024).
// Its bytes are those that FORMAT.md §1.2 requires. If extra is not empty, it is the payload of the
// extra field. AppendZeros needs no allocation.
func AppendZeros(dst []byte, n int, extra []byte) []byte {
	if n < tarBlock && len(extra) == 0 {
		return append(dst, plainPadding()[n]...)
	}
	return appendZeros(dst, n, extra)
}

// plainPadding returns every P without an extra field. Most archives need no other.
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

// zeros is the content of T.
var zeros [2 * tarBlock]byte

// zerosCRC returns the CRC-32 of n zero bytes.
func zerosCRC(n int) (crc uint32) {
	for ; n > 0; n -= len(zeros) {
		crc = crc32.Update(crc, crc32.IEEETable, zeros[:min(n, len(zeros))])
	}
	return crc
}
