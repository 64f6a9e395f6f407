package hpack

import (
	"strings"

	"golang.org/x/net/http2/hpack"
)

// Lengths of codes in bits (RFC 7541, appendix B).
const (
	rootBits   = 8  // those up to here are found in huffmanRoot
	maxBits    = 30 // the longest, among them EOS
	maxPadding = 7
)

// huffmanRoot finds a symbol by the next eight bits, if its code is not longer.
var huffmanRoot [1 << rootBits]struct{ symbol, bits uint8 }

// huffmanLong has the codes of one length. They are consecutive numbers, in the order of their
// symbols: the code is canonical.
var huffmanLong [maxBits + 1]struct {
	first   uint32
	symbols []uint8
}

// x/net does not export its table of codes. But a string of eight times the same symbol takes as
// many bytes as the symbol's code has bits, and begins with the code.
func init() {
	for symbol := range 256 {
		text := strings.Repeat(string([]byte{byte(symbol)}), 8)
		bits := int(hpack.HuffmanEncodeLength(text))
		packed := uint64(0)
		for i, c := range hpack.AppendHuffmanString(nil, text)[:(bits+7)/8] {
			packed |= uint64(c) << (56 - 8*i)
		}
		code := uint32(packed >> (64 - bits))
		if bits > rootBits {
			long := &huffmanLong[bits]
			if len(long.symbols) == 0 {
				long.first = code
			}
			long.symbols = append(long.symbols, uint8(symbol))
			continue
		}
		start := int(code) << (rootBits - bits)
		for i := range 1 << (rootBits - bits) {
			huffmanRoot[start+i].symbol, huffmanRoot[start+i].bits = uint8(symbol), uint8(bits)
		}
	}
}

// appendHuffman appends what encoded stands for, up to limit bytes.
func appendHuffman(dst, encoded []byte, limit int) ([]byte, error) {
	bits, n := uint64(0), 0 // the low n bits are to be decoded
	for {
		for ; n <= 56 && len(encoded) > 0; n += 8 {
			bits = bits<<8 | uint64(encoded[0])
			encoded = encoded[1:]
		}
		symbol, length := nextSymbol(bits, n)
		if length == 0 {
			break
		}
		if len(dst) == limit {
			return dst, errStringLength
		}
		dst = append(dst, symbol)
		n -= length
	}
	// What is left must be a beginning of EOS, which is all ones.
	if n > maxPadding || bits&(1<<n-1) != 1<<n-1 {
		return dst, errHuffman
	}
	return dst, nil
}

// nextSymbol returns the symbol that the low n bits begin with, and the length of its code, or 0 if
// they begin with none.
func nextSymbol(bits uint64, n int) (symbol uint8, length int) {
	var next uint64
	if n >= rootBits {
		next = bits >> (n - rootBits)
	} else {
		next = bits << (rootBits - n)
	}
	if e := huffmanRoot[next&(1<<rootBits-1)]; e.bits > 0 {
		if int(e.bits) > n {
			return 0, 0
		}
		return e.symbol, int(e.bits)
	}
	for length = rootBits + 1; length <= min(maxBits, n); length++ {
		long := &huffmanLong[length]
		code := uint32(bits>>(n-length)) & (1<<length - 1)
		if at := code - long.first; at < uint32(len(long.symbols)) {
			return long.symbols[at], length
		}
	}
	return 0, 0
}
