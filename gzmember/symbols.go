package gzmember

import "encoding/binary"

// symbols decodes the symbols of a block up to its end.
func (z *inflater) symbols(d *bitReader, out []byte, pos int) (int, verdict) {
	for {
		var v verdict
		if pos, v = fastSymbols(d, z.tables, out, pos); v != again {
			return pos, v
		}
		// Near the end of the input or of the room: symbol by symbol, with every check.
		if pos, v = slowSymbol(d, z.tables, out, pos); v != again {
			return pos, v
		}
	}
}

// slowSymbol decodes one symbol. If there is not enough input or room for it, nothing changes.
func slowSymbol(d *bitReader, t *huffmanTables, out []byte, pos int) (int, verdict) {
	before := *d
	d.fill()
	e, length, v := d.symbol(t.lit[:], litBits)
	switch {
	case v != proceed:
	case e&entryLiteral != 0:
		if pos < len(out) {
			out[pos] = byte(e >> 16)
			return pos + 1, again
		}
		v = needRoom
	case e&entrySpecial != 0:
		return pos, proceed
	default:
		var distance int
		if _, distance, v = d.symbol(t.dist[:], distBits); v != proceed {
			break
		}
		if distance > pos {
			return pos, corrupt
		}
		if length <= len(out)-pos {
			for end := pos + length; pos < end; pos++ {
				out[pos] = out[pos-distance]
			}
			return pos, again
		}
		v = needRoom
	}
	*d = before
	return pos, v
}

// symbol takes a code and its extra bits. Value is the sum of the base and the extra bits.
func (d *bitReader) symbol(table []uint32, width uint) (e uint32, value int, v verdict) {
	e = table[d.acc&(1<<width-1)]
	if e&(entryLiteral|entrySpecial|entrySubtable) == entrySpecial|entrySubtable &&
		uint(e&0xff) <= d.n {
		d.take(uint(e & 0xff))
		e = table[uint64(e>>16)+(d.acc&(1<<(e>>8&15)-1))]
	}
	used := uint(e & 0xff)
	if used > d.n {
		return e, 0, needInput
	}
	if e&(entryLiteral|entrySpecial|entryInvalid) == entrySpecial|entryInvalid {
		return e, 0, corrupt
	}
	extra := d.take(used) >> (e >> 8 & 15)
	return e, int(e>>16&0x7fff) + int(extra), proceed
}

// Bytes that fastSymbols needs for one round of its loop: room for two literals and a match, which
// is copied copyWidth bytes at a time, and two times 8 bytes of input.
const (
	copyWidth = 16
	fastRoom  = 2 + maxMatch + copyWidth
	fastInput = 2 * 8
)

// fastSymbols decodes symbols as long as there is enough input and room for a round. The verdict is
// again when there is not, and proceed after the end of the block.
//
// The bits of acc above n are not zero here but the next bits of the stream, so that filling it
// takes one load and one or. 56 bits are enough for three literals (15 bits each), or for a match
// (15 + 5 and 15 + 13).
func fastSymbols(d *bitReader, t *huffmanTables, out []byte, pos int) (int, verdict) {
	in, at, acc, n := d.in, d.pos, d.acc, d.n
	v := again
	for at+fastInput <= len(in) && pos+fastRoom <= len(out) {
		acc |= binary.LittleEndian.Uint64(in[at:]) << (n & 63)
		at += int((63 - n) >> 3)
		n |= 56

		e := t.lit[acc&(1<<litBits-1)]
		if e&entryLiteral != 0 {
			out[pos] = byte(e >> 16)
			pos++
			acc >>= e & 63
			n -= uint(e & 63)
			e = t.lit[acc&(1<<litBits-1)]
			if e&entryLiteral != 0 {
				out[pos] = byte(e >> 16)
				pos++
				acc >>= e & 63
				n -= uint(e & 63)
				e = t.lit[acc&(1<<litBits-1)]
				if e&entryLiteral != 0 {
					out[pos] = byte(e >> 16)
					pos++
					acc >>= e & 63
					n -= uint(e & 63)
					continue
				}
			}
			acc |= binary.LittleEndian.Uint64(in[at:]) << (n & 63)
			at += int((63 - n) >> 3)
			n |= 56
		}
		if e&entrySpecial != 0 {
			if e&entrySubtable != 0 {
				acc >>= e & 63
				n -= uint(e & 63)
				e = t.lit[uint64(e>>16)+(acc&(1<<(e>>8&15)-1))]
				if e&entryLiteral != 0 {
					out[pos] = byte(e >> 16)
					pos++
					acc >>= e & 63
					n -= uint(e & 63)
					continue
				}
			}
			if e&entrySpecial != 0 {
				acc >>= e & 63
				n -= uint(e & 63)
				v = proceed
				if e&entryInvalid != 0 {
					v = corrupt
				}
				break
			}
		}
		length := int(e>>16) + int(acc&(1<<(e&63)-1)>>(e>>8&15))
		acc >>= e & 63
		n -= uint(e & 63)

		e = t.dist[acc&(1<<distBits-1)]
		if e&entrySpecial != 0 {
			if e&entrySubtable != 0 {
				acc >>= e & 63
				n -= uint(e & 63)
				e = t.dist[uint64(e>>16)+(acc&(1<<(e>>8&15)-1))]
			}
			if e&entrySpecial != 0 {
				v = corrupt
				break
			}
		}
		distance := int(e>>16) + int(acc&(1<<(e&63)-1)>>(e>>8&15))
		acc >>= e & 63
		n -= uint(e & 63)
		if distance > pos {
			v = corrupt
			break
		}
		if distance >= 8 {
			copyWords(out, pos, distance)
			if length > copyWidth {
				copyMatch(out, pos+copyWidth, distance, length-copyWidth)
			}
		} else {
			copyMatch(out, pos, distance, length)
		}
		pos += length
	}
	d.pos, d.acc, d.n = at, acc&(1<<n-1), n
	return pos, v
}

// copyWords copies copyWidth bytes to out[pos:] from distance bytes before. Distance is at least 8,
// so that no word overlaps its copy.
func copyWords(out []byte, pos, distance int) {
	to, from := out[pos:pos+copyWidth], out[pos-distance:pos-distance+copyWidth]
	binary.LittleEndian.PutUint64(to, binary.LittleEndian.Uint64(from))
	binary.LittleEndian.PutUint64(to[8:], binary.LittleEndian.Uint64(from[8:]))
}

// copyMatch copies length bytes to out[pos:] from distance bytes before. It may write up to
// copyWidth − 1 bytes more.
func copyMatch(out []byte, pos, distance, length int) {
	end := pos + length
	switch {
	case distance >= 8:
		for ; pos < end; pos += copyWidth {
			copyWords(out, pos, distance)
		}
	case distance == 1:
		word := uint64(out[pos-1]) * 0x0101010101010101
		for ; pos < end; pos += 8 {
			binary.LittleEndian.PutUint64(out[pos:], word)
		}
	default:
		for ; pos < end; pos++ {
			out[pos] = out[pos-distance]
		}
	}
}
