package gzmember

import (
	"encoding/binary"

	"github.com/tarpack/tpk/gzmember/coding"
)

// An inflater decodes a deflate stream (RFC 1951) from one slice into another. The stream and the
// room for its content may come piece by piece. Between two calls it holds no more than 7 bits of
// the stream, so it knows the exact byte where the stream ends, and the end of each block that ends
// at a byte boundary.
//
// A library does not suffice. Neither compress/flate nor klauspost/compress/flate reveals the
// blocks of a stream or whether it stands between two of them. This decides whether a C is stored,
// and whether a segment ends in a flush. They also read byte by byte through an interface, to and
// from windows of their own, at half the speed. The tests compare this inflater with
// compress/flate: the streams accepted, their content, and where they end.
type inflater struct {
	acc    uint64 // bits taken from the input and not used, lowest first
	n      uint   // how many
	state  state
	final  bool           // the current block is the last
	left   int            // bytes left of a stored block
	tables *huffmanTables // of the current block: own or the fixed ones
	own    huffmanTables
	lens   [litSymbols + distSymbols]uint8

	blocks  int64 // begun so far
	layout  bool  // all blocks so far have the layout of a stored C
	flushed bool  // the last block was stored, empty and not final
}

type state uint8

const (
	atBlock   state = iota // at the header of a block
	inStored               // in the bytes of a stored block
	inHuffman              // in the symbols of another block
	atEnd                  // after the last block
)

// verdict is the reason why inflate returned.
type verdict uint8

const (
	needInput verdict = iota // the rest of the input is not enough to go on
	needRoom                 // there is more content
	ended                    // the stream is at its end
	corrupt                  // it is not a deflate stream
	proceed                  // internal to inflate: there is no reason to return yet
	again                    // internal to symbols: the block has more of them
)

// reset makes z begin with the first block of a stream.
func (z *inflater) reset() {
	z.acc, z.n, z.state, z.final = 0, 0, atBlock, false
	z.blocks, z.layout, z.flushed = 0, true, false
}

// stored reports whether a stream that has ended has the layout of a stored C.
func (z *inflater) stored() bool { return z.layout && z.blocks > 0 }

// atFlush reports whether the stream so far ends in a flush: an empty stored block that is not
// final. It ends at a byte boundary.
func (z *inflater) atFlush() bool { return z.state == atBlock && z.flushed }

// maxBlockHead is the most bytes that the header of a block takes: 3 + 14 bits, 19 code lengths of
// 3 bits, and 286 + 30 lengths of at most 7 + 7 bits each, after up to 7 bits of the block before.
// So inflate uses some of its input whenever it gets that many bytes.
const maxBlockHead = (7 + 3 + 14 + 19*3 + (286+30)*14 + 7) / 8

// inflate decodes from in to out[pos:]. Matches may reach back to out[0]. It returns the end of the
// content in out, and how many bytes of in it used; the next call must pass the others again. It
// may write to all of out after pos.
func (z *inflater) inflate(out []byte, pos int, in []byte) (end, used int, v verdict) {
	d := bitReader{in: in, acc: z.acc, n: z.n}
	v = corrupt
loop:
	for {
		switch z.state {
		case atBlock:
			if v = z.blockHead(&d); v != proceed {
				break loop
			}
		case inStored:
			n := copy(out[pos:], d.in[d.pos:min(len(d.in), d.pos+z.left)])
			d.pos += n
			pos += n
			if z.left -= n; z.left > 0 {
				v = needInput
				if pos == len(out) {
					v = needRoom
				}
				break loop
			}
			z.endBlock()
		case inHuffman:
			if pos, v = z.symbols(&d, out, pos); v != proceed {
				break loop
			}
			z.endBlock()
		case atEnd:
			v = ended
			break loop
		}
	}
	d.giveBack()
	z.acc, z.n = d.acc, d.n
	return pos, d.pos, v
}

func (z *inflater) endBlock() {
	z.state = atBlock
	if z.final {
		z.state = atEnd
	}
}

// bitReader takes bits from a slice.
type bitReader struct {
	in  []byte
	pos int
	acc uint64
	n   uint
}

// fill takes input until n is at least 56, or no input is left.
func (d *bitReader) fill() {
	if d.pos+8 <= len(d.in) {
		d.acc |= binary.LittleEndian.Uint64(d.in[d.pos:]) << (d.n & 63)
		d.pos += int((63 - d.n) >> 3)
		d.n |= 56
		d.acc &= 1<<d.n - 1
		return
	}
	for d.n < 56 && d.pos < len(d.in) {
		d.acc |= uint64(d.in[d.pos]) << (d.n & 63)
		d.pos++
		d.n += 8
	}
}

// take returns the next n bits, which must be there.
func (d *bitReader) take(n uint) uint {
	v := uint(d.acc) & (1<<n - 1)
	d.acc >>= n & 63
	d.n -= n
	return v
}

// giveBack returns whole bytes to the input.
func (d *bitReader) giveBack() {
	d.pos -= int(d.n >> 3)
	d.n &= 7
	d.acc &= 1<<d.n - 1
}

// blockHead reads the header of a block (RFC 1951 §3.2.3). If the input ends within it, nothing
// changes.
func (z *inflater) blockHead(d *bitReader) verdict {
	before := *d
	aligned := d.n&7 == 0
	d.fill()
	if d.n < 3 {
		*d = before
		return needInput
	}
	final := d.take(1) != 0
	v := proceed
	layout, flushed := false, false
	state := inHuffman
	switch d.take(2) {
	case 0:
		state = inStored
		if v = z.storedHead(d); v == proceed {
			flushed = z.left == 0 && !final
			layout = aligned && z.left > 0 && (final || z.left == coding.StoredBlock)
		}
	case 1:
		z.tables = fixedTables()
	case 2:
		v = z.dynamicHead(d)
		z.tables = &z.own
	default:
		v = corrupt
	}
	if v != proceed {
		if v == needInput {
			*d = before
		}
		return v
	}
	z.state, z.final, z.flushed = state, final, flushed
	z.layout = z.layout && layout
	z.blocks++
	return proceed
}

// storedHead reads LEN and NLEN (RFC 1951 §3.2.4). The bits before them, up to the byte boundary,
// are ignored.
func (z *inflater) storedHead(d *bitReader) verdict {
	d.take(d.n & 7)
	d.fill()
	if d.n < 32 {
		return needInput
	}
	n := d.take(16)
	if d.take(16) != n^0xffff {
		return corrupt
	}
	d.giveBack()
	z.left = int(n)
	return proceed
}

// clenOrder is the order of the lengths of the code length code in a header (RFC 1951 §3.2.7).
var clenOrder = [clenSymbols]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// dynamicHead reads the codes of a block (RFC 1951 §3.2.7).
func (z *inflater) dynamicHead(d *bitReader) verdict {
	if d.n < 14 {
		return needInput
	}
	lits, dists, clens := int(d.take(5))+257, int(d.take(5))+1, int(d.take(4))+4
	if lits > maxLitCodes || dists > maxDistCodes {
		return corrupt
	}
	var clen [clenSymbols]uint8
	for _, sym := range clenOrder[:clens] {
		if d.n < 3 {
			if d.fill(); d.n < 3 {
				return needInput
			}
		}
		clen[sym] = uint8(d.take(3))
	}
	var table [clenEntries]uint32
	if !buildTable(table[:], maxClenCode, clen[:], clenResults[:]) {
		return corrupt
	}
	if v := z.codeLengths(d, &table, lits+dists); v != proceed {
		return v
	}
	if !buildTable(z.own.lit[:], litBits, z.lens[:lits], litResults[:]) ||
		!buildTable(z.own.dist[:], distBits, z.lens[lits:lits+dists], distResults[:]) {
		return corrupt
	}
	return proceed
}

// codeLengths reads the code lengths of both codes, total of them, to lens.
func (z *inflater) codeLengths(d *bitReader, table *[clenEntries]uint32, total int) verdict {
	for i := 0; i < total; {
		if d.n < maxClenCode+7 {
			d.fill()
		}
		e := table[d.acc&(clenEntries-1)]
		if n := uint(e & 0xff); n > d.n {
			return needInput
		} else if e&entrySpecial != 0 {
			return corrupt
		} else {
			d.take(n)
		}
		sym := e >> 16
		if sym < 16 {
			z.lens[i] = uint8(sym)
			i++
			continue
		}
		repeat, extra, value := 3, uint(2), uint8(0)
		switch sym {
		case 16:
			if i == 0 {
				return corrupt
			}
			value = z.lens[i-1]
		case 17:
			extra = 3
		case 18:
			repeat, extra = 11, 7
		}
		if d.n < extra {
			return needInput
		}
		repeat += int(d.take(extra))
		if i+repeat > total {
			return corrupt
		}
		for end := i + repeat; i < end; i++ {
			z.lens[i] = value
		}
	}
	return proceed
}
