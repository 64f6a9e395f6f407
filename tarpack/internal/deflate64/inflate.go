package deflate64

import (
	"errors"
	"io"
)

// ErrCorrupt: the stream breaks the rules of Deflate64.
var ErrCorrupt = errors.New("damaged Deflate64 data")

// window is how far a match can reach back in bytes, as of the last byte of the longest distance:
// 65,537 + 2^14 - 1. Encoders stay within 65,536.
const window = 1 << 17

// A Reader decodes a stream. It never takes a byte from the source that is not part of the stream.
type Reader struct {
	bits  bitReader
	err   error
	final bool // the current block is the last one
	step  func(*Reader)

	left          int     // bytes of a stored block that are left
	lit, distance decoder // of the current block

	out   [window]byte // a ring
	n     int64        // bytes decoded so far
	taken int64        // bytes that Read has returned
	copy  int          // bytes left of a match
	from  int          // distance of the match
}

// NewReader returns a Reader of the stream that r is at. An early end is io.ErrUnexpectedEOF, a
// stream that breaks the rules ErrCorrupt.
func NewReader(r io.ByteReader) *Reader {
	return &Reader{bits: bitReader{r: r}, step: (*Reader).block}
}

// Read decodes the next bytes.
func (z *Reader) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for z.n == z.taken && z.err == nil {
		z.step(z)
	}
	if z.n == z.taken {
		return 0, z.err
	}
	from := int(z.taken % window)
	n := copy(b, z.out[from:min(from+int(z.n-z.taken), window)])
	z.taken += int64(n)
	return n, nil
}

// room returns how many bytes can be decoded before Read must take some.
func (z *Reader) room() int { return window/2 - int(z.n-z.taken) }

func (z *Reader) put(c byte) {
	z.out[z.n%window] = c
	z.n++
}

// fail ends the stream with the error of reading, or else ErrCorrupt.
func (z *Reader) fail() {
	if z.err = z.bits.err; z.err == nil {
		z.err = ErrCorrupt
	}
}

// block reads the header of a block (RFC 1951 §3.2.3).
func (z *Reader) block() {
	if z.final {
		z.err = io.EOF
		return
	}
	z.final = z.bits.bits(1) == 1
	ok := false
	switch z.bits.bits(2) {
	case 0:
		z.bits.align()
		z.left = z.bits.bits(16)
		ok = z.left^0xffff == z.bits.bits(16)
		z.step = (*Reader).stored
	case 1:
		ok = z.fixed()
		z.step = (*Reader).symbols
	case 2:
		ok = z.dynamic()
		z.step = (*Reader).symbols
	}
	if !ok || z.bits.err != nil {
		z.fail()
	}
}

// stored copies bytes of a stored block.
func (z *Reader) stored() {
	for ; z.left > 0 && z.room() > 0; z.left-- {
		c := byte(z.bits.bits(8))
		if z.bits.err != nil {
			z.fail()
			return
		}
		z.put(c)
	}
	if z.left == 0 {
		z.step = (*Reader).block
	}
}

// Numbers of symbols.
const (
	endSymbol   = 256
	litSymbols  = 288 // 286 and 287 never occur
	distSymbols = 32
	maxLit      = 286 // in a dynamic block
)

// fixed sets the decoders to the fixed codes (RFC 1951 §3.2.6).
func (z *Reader) fixed() bool {
	var lengths [litSymbols]uint8
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	var distances [distSymbols]uint8
	for i := range distances {
		distances[i] = 5
	}
	return z.lit.init(lengths[:]) && z.distance.init(distances[:])
}

// order is the order in which the lengths of the codes of code lengths come (RFC 1951 §3.2.7).
var order = [...]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// dynamic reads the codes of a block (RFC 1951 §3.2.7).
func (z *Reader) dynamic() bool {
	b := &z.bits
	numLit, numDist, numCodes := b.bits(5)+257, b.bits(5)+1, b.bits(4)+4
	if numLit > maxLit {
		return false
	}
	var lengths [maxLit + distSymbols]uint8
	for _, i := range order[:numCodes] {
		lengths[i] = uint8(b.bits(3))
	}
	if !z.lit.init(lengths[:len(order)]) {
		return false
	}
	clear(lengths[:len(order)])
	for i := 0; i < numLit+numDist; {
		symbol := z.lit.decode(b)
		if symbol < 0 {
			return false
		}
		if symbol < 16 {
			lengths[i] = uint8(symbol)
			i++
			continue
		}
		var last uint8
		repeat := 0
		switch symbol {
		case 16:
			if i == 0 {
				return false
			}
			last, repeat = lengths[i-1], 3+b.bits(2)
		case 17:
			repeat = 3 + b.bits(3)
		default:
			repeat = 11 + b.bits(7)
		}
		if i+repeat > numLit+numDist {
			return false
		}
		for ; repeat > 0; repeat-- {
			lengths[i] = last
			i++
		}
	}
	return lengths[endSymbol] > 0 && z.lit.init(lengths[:numLit]) &&
		z.distance.init(lengths[numLit:numLit+numDist])
}

// symbols decodes literals and matches of a block (RFC 1951 §3.2.5).
func (z *Reader) symbols() {
	for z.room() > 0 {
		for ; z.copy > 0 && z.room() > 0; z.copy-- {
			z.put(z.out[(z.n-int64(z.from))%window])
		}
		if z.copy > 0 {
			return
		}
		symbol := z.lit.decode(&z.bits)
		switch {
		case symbol < 0:
			z.fail()
			return
		case symbol < endSymbol:
			z.put(byte(symbol))
		case symbol == endSymbol:
			z.step = (*Reader).block
			return
		default:
			if !z.match(symbol) {
				z.fail()
				return
			}
		}
	}
}

// match reads the rest of a match that begins with the symbol of its length.
func (z *Reader) match(symbol int) bool {
	i := symbol - endSymbol - 1
	switch {
	case i < 8:
		z.copy = 3 + i
	case i < 28:
		extra := uint(i/4 - 1)
		z.copy = 3 + (4+i%4)<<extra + z.bits.bits(extra)
	case i == 28:
		z.copy = 3 + z.bits.bits(16)
	default:
		return false
	}
	d := z.distance.decode(&z.bits)
	switch {
	case d < 0:
		return false
	case d < 4:
		z.from = 1 + d
	default:
		extra := uint(d/2 - 1)
		z.from = 1 + (2+d%2)<<extra + z.bits.bits(extra)
	}
	return z.bits.err == nil && int64(z.from) <= z.n
}
