package gzmember

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
	"sync"
)

// AppendTarHeader appends the member H of a tar header: blocks is one block of 512 bytes, or a few
// if there are PAX records. Any other content is also written correctly, but not small.
//
// The code is all in this package, so equal headers result in equal bytes with any version of Go
// and of the libraries.
func AppendTarHeader(dst, blocks []byte) []byte {
	dst = appendFixed(AppendMemberHeader(dst, nil), blocks)
	return AppendMemberTrailer(dst, crc32.ChecksumIEEE(blocks), int64(len(blocks)))
}

// blockFixedFinal is the header of a final block with fixed Huffman codes: BFINAL = 1, BTYPE = 01
// (RFC 1951 §3.2.3).
const blockFixedFinal = 0b011

// appendFixed appends a deflate stream of one block with fixed Huffman codes.
//
// A general encoder takes 5 to 25 µs for a tar header: it clears large tables, and weighs Huffman
// codes whose description takes more room than they save. With fixed codes the cost of each choice
// is known before, so dynamic programming finds the cheapest sequence of literals and matches. It
// takes a tenth of the time of flate at level 9, and the result has the same size.
func appendFixed(dst, b []byte) []byte {
	w := bitWriter{dst: dst}
	w.add(blockFixedFinal, 3)
	p := parsers.Get().(*parser)
	p.run(&w, b)
	parsers.Put(p)
	w.add(endOfBlock.bits, endOfBlock.n)
	return w.finish()
}

const (
	parseWindow = tarBlock // bytes parsed at a time; matches do not cross its end
	// chainWindow is how far back matches are searched. In a file with PAX records, two similar
	// headers are 1,024 bytes apart.
	chainWindow = 2048
	chainTries  = 4 // earlier places with the same three bytes that are tried
	// runEntry is how many bytes before the end of a run of equal bytes a match that goes beyond
	// the run may begin.
	runEntry = 3
	hashBits = 9
)

// A node is the cheapest way to a byte of the window: maxCost minus the cost in bits << 32, length
// of the last step << 16, and its distance. So the cheaper of two ways is the greater number. A
// literal is a step of length 1. 0 stands for a byte that no way reaches.
type node uint64

const maxCost = 16 * parseWindow // in bits, more than any way costs

func (n node) length() int   { return int(n >> 16 & 0xffff) }
func (n node) distance() int { return int(n & 0xffff) }

// parser finds the cheapest sequence. Parsers are pooled.
type parser struct {
	// head has, by hash of three bytes, 1 + the last place where they were seen.
	head [1 << hashBits]int32
	// prev has, by place modulo chainWindow, the distance to the place before it in its chain, or
	// 0.
	prev [chainWindow]uint16
	node [parseWindow + 1]node
}

var parsers = sync.Pool{New: func() any { return new(parser) }}

// run appends the cheapest sequence for b.
func (p *parser) run(w *bitWriter, b []byte) {
	clear(p.head[:])
	for start := 0; start < len(b); start += parseWindow {
		end := min(start+parseWindow, len(b))
		p.search(b, start, end)
		p.emit(w, b, start, end)
	}
}

// search finds the cheapest ways to all bytes of b[start:end] and to its end.
func (p *parser) search(b []byte, start, end int) {
	clear(p.node[1:])
	p.node[0] = maxCost << 32
	runEnd := start // end of the run of equal bytes that pos is in
	for pos := start; pos < end; {
		if pos >= runEnd {
			runEnd = pos + 1
			if runEnd < end && b[runEnd] == b[pos] {
				runEnd += matchLength(b[pos:], b[runEnd:end])
			}
		}
		best := minMatch - 1
		if left := runEnd - pos; left >= minMatch && pos > 0 && b[pos-1] == b[pos] {
			// One match to the end of the run, or almost. Shorter matches are of no use.
			best = min(left, maxMatch)
			p.relax(pos-start, max(best-runEntry, minMatch), best, 1)
			if best > minMatch+runEntry {
				pos += best - runEntry
				continue
			}
		}
		p.relaxLiteral(pos-start, b[pos])
		if pos+4 <= len(b) {
			p.matches(b, pos, start, end, best)
		}
		pos++
	}
}

// matches tries the earlier places with the same three bytes as pos, nearest first. A farther match
// is of use only if it is longer than best, up to which cheaper ones exist.
func (p *parser) matches(b []byte, pos, start, end, best int) {
	h := binary.LittleEndian.Uint32(b[pos:]) << 8 * 0x9E3779B1 >> (32 - hashBits)
	last := int(p.head[h]) - 1
	p.head[h] = int32(pos + 1)
	if last < 0 || pos-last >= chainWindow {
		p.prev[pos&(chainWindow-1)] = 0
		return
	}
	p.prev[pos&(chainWindow-1)] = uint16(pos - last)
	limit := min(end-pos, maxMatch)
	for tries := chainTries; tries > 0 && best < limit; tries-- {
		if b[last+best] == b[pos+best] {
			if n := matchLength(b[last:], b[pos:pos+limit]); n > best {
				p.relax(pos-start, max(best+1, n-1), n, pos-last)
				best = n
			}
		}
		back := int(p.prev[last&(chainWindow-1)])
		last -= back
		if back == 0 || pos-last >= chainWindow {
			return
		}
	}
}

// relaxLiteral offers the way from i to i+1 by a literal.
func (p *parser) relaxLiteral(i int, c byte) {
	way := p.node[i]&^(1<<32-1) - node(fixedLiteral[c].n)<<32 | 1<<16
	p.node[i+1] = max(p.node[i+1], way)
}

// relax offers the ways from i by matches of each length from low to high.
func (p *parser) relax(i, low, high, distance int) {
	way := p.node[i]&^(1<<32-1) - node(distanceCost(distance))<<32 | node(distance)
	lengths := fixedLength[low-minMatch : high-minMatch+1]
	for k, to := range p.node[i+low : i+high+1] {
		p.node[i+low+k] = max(to, way-node(lengths[k].n)<<32|node(low+k)<<16)
	}
}

// distanceCost returns the number of bits of a distance: a code of 5, and the extra bits.
func distanceCost(distance int) int { return 3 + max(2, bits.Len(uint(distance-1))) }

// emit writes the cheapest sequence that search found.
func (p *parser) emit(w *bitWriter, b []byte, start, end int) {
	// Reverse the chain of last steps, so that each node has the next step.
	i := end - start
	step := p.node[i]
	for i > 0 {
		from := i - step.length()
		step, p.node[from] = p.node[from], step
		i = from
	}
	for i := start; i < end; {
		step := p.node[i-start]
		if step.length() == 1 {
			c := fixedLiteral[b[i]]
			w.add(c.bits, c.n)
		} else {
			w.match(step.length(), uint32(step.distance()))
		}
		w.spill()
		i += step.length()
	}
}

// matchLength returns the number of bytes in which the beginnings of a and b agree. a is at least
// as long as b.
func matchLength(a, b []byte) int {
	n := 0
	for len(b)-n >= 8 {
		if x := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)>>3
		}
		n += 8
	}
	for n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
