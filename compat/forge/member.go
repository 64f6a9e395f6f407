// Package forge writes archives from FORMAT.md alone, without the packages that it is used to test.
// It can also write archives that break the rules. It is for tests only.
//
//	entries, err := forge.Cut(tar)             // header blocks and content, entry by entry
//	archive := forge.Archive(entries, digest)  // H C P, G, …, T
package forge

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
)

// Member returns a gzip member with content. A non-nil extra becomes the payload of a TP subfield.
func Member(content, extra []byte) []byte {
	var body bytes.Buffer
	w, _ := flate.NewWriter(&body, flate.DefaultCompression) // the level is valid
	w.Write(content)                                         // to memory: never fails
	w.Close()
	return Wrap(body.Bytes(), content, extra)
}

// Wrap returns a member made of the deflate stream of content.
func Wrap(stream, content, extra []byte) []byte {
	m := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}
	if extra != nil {
		m[3] = 4
		m = binary.LittleEndian.AppendUint16(m, uint16(len(extra)+4))
		m = append(m, 'T', 'P')
		m = binary.LittleEndian.AppendUint16(m, uint16(len(extra)))
		m = append(m, extra...)
	}
	m = append(m, stream...)
	m = binary.LittleEndian.AppendUint32(m, crc32.ChecksumIEEE(content))
	return binary.LittleEndian.AppendUint32(m, uint32(len(content)))
}

// Stored returns the member of content in stored blocks of 65,535 bytes (FORMAT.md 1.3).
func Stored(content []byte) []byte {
	var s []byte
	for rest := content; len(rest) > 0; {
		n := min(len(rest), 65535)
		final := byte(0)
		if n == len(rest) {
			final = 1
		}
		s = append(s, final)
		s = binary.LittleEndian.AppendUint16(s, uint16(n))
		s = binary.LittleEndian.AppendUint16(s, ^uint16(n))
		s = append(s, rest[:n]...)
		rest = rest[n:]
	}
	return Wrap(s, content, nil)
}

// bitWriter writes a deflate stream: Huffman codes with the first bit first, numbers with the
// lowest bit first (RFC 1951 section 3.1.1).
type bitWriter struct {
	b    []byte
	used uint // number of bits written
}

func (w *bitWriter) bit(x uint) {
	if w.used%8 == 0 {
		w.b = append(w.b, 0)
	}
	w.b[len(w.b)-1] |= byte(x&1) << (w.used % 8)
	w.used++
}

func (w *bitWriter) number(x, n uint) {
	for i := range n {
		w.bit(x >> i)
	}
}

func (w *bitWriter) code(x, n uint) {
	for i := range n {
		w.bit(x >> (n - 1 - i))
	}
}

// Zeros returns the member of n zero bytes in the one form that P and T have (FORMAT.md 1.2).
func Zeros(n int, extra []byte) []byte {
	w := &bitWriter{}
	w.number(1, 1) // the final block
	w.number(1, 2) // with fixed codes
	literal := func() { w.code(0b00110000, 8) }
	rest := n
	if rest > 0 {
		literal()
		rest--
	}
	for ; rest >= 258; rest -= 258 {
		w.match(258)
	}
	if rest >= 3 {
		w.match(uint(rest))
		rest = 0
	}
	for range rest {
		literal()
	}
	w.code(0, 7) // end of block
	return Wrap(w.b, make([]byte, n), extra)
}

// match writes a length, 3 to 258, with distance 1 (RFC 1951 sections 3.2.5 and 3.2.6).
func (w *bitWriter) match(length uint) {
	symbol, base, extra := uint(257), uint(3), uint(0)
	for n := uint(0); ; n++ {
		if n >= 8 && n%4 == 0 {
			extra++
		}
		if length < base+1<<extra {
			break
		}
		base += 1 << extra
		symbol++
	}
	if length == 258 {
		symbol, base, extra = 285, 258, 0
	}
	if symbol < 280 {
		w.code(symbol-256, 7)
	} else {
		w.code(0b11000000+symbol-280, 8)
	}
	w.number(length-base, extra)
	w.code(0, 5)
}

// Trailer returns T (FORMAT.md 1.2), with the features of every archive.
func Trailer(entries, offset, digest uint64) []byte {
	return TrailerOf(1, 0, entries, offset, digest)
}

// TrailerOf returns T with two sets of features.
func TrailerOf(required, optional uint16, entries, offset, digest uint64) []byte {
	p := []byte{'T', 1}
	p = binary.LittleEndian.AppendUint16(p, required)
	p = binary.LittleEndian.AppendUint16(p, optional)
	p = binary.LittleEndian.AppendUint64(p, entries)
	p = binary.LittleEndian.AppendUint64(p, offset)
	p = binary.LittleEndian.AppendUint64(p, digest)
	return Zeros(1024, p)
}
