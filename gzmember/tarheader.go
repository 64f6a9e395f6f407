package gzmember

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
)

// blockFixedFinal is the header of a final block with fixed Huffman codes: BFINAL = 1, BTYPE = 01 (RFC 1951 §3.2.3).
const blockFixedFinal = 0b011

// AppendTarHeader appends the member H of a tar header: blocks is one block of 512 bytes, or a few with PAX records.
// Any other content comes out right too, only not small.
//
// A general encoder costs 10 to 60 µs for a member, as it has large tables to clear and Huffman codes to
// weigh that never pay for themselves in 512 bytes. This one makes one block with fixed codes, for which the price of each choice is
// known beforehand, so it finds the cheapest sequence of literals and matches by dynamic programming.
// It depends on nothing outside this package: equal headers give equal bytes whatever it is built with.
func AppendTarHeader(dst, blocks []byte) []byte {
	w := bitWriter{dst: AppendMemberHeader(dst, nil)}
	w.add(blockFixedFinal, 3)
	var p parser
	p.run(&w, blocks)
	w.add(endOfBlock.bits, endOfBlock.n)
	return AppendMemberTrailer(w.finish(), crc32.ChecksumIEEE(blocks), int64(len(blocks)))
}

const (
	parseWindow = tarBlock // bytes whose cheapest sequence is found at a time; matches reach back beyond it, but do not cross its end
	chainWindow = 2048     // how far back a match is looked for: past the x header and its records to the one before
	chainTries  = 12       // earlier places with the same three bytes that are tried
	hashBits    = 9
	unreached   = 1 << 15 // a cost above any true one, 9 bits for each byte of the window, that does not overflow when added to
	longRun     = 12      // a run of equal bytes so long is not worth entering in the middle
)

// step says how the cheapest sequence arrives at a byte: by a literal (length 1) or a match.
type step struct {
	length   uint16
	distance uint16
}

// parser finds the cheapest sequence. Its tables are small: they are cleared for each header.
type parser struct {
	head [1 << hashBits]int32    // by hash of three bytes: 1 + the last place they were seen
	prev [chainWindow]uint16     // by place modulo chainWindow: distance to the place before it in its chain, or 0
	cost [parseWindow + 1]uint16 // bits to get to each byte of the window
	step [parseWindow + 1]step   // the last step on the way there
}

func (p *parser) run(w *bitWriter, b []byte) {
	for start := 0; start < len(b); start += parseWindow {
		end := min(start+parseWindow, len(b))
		p.search(b, start, end)
		p.emit(w, b, start, end)
	}
}

// search fills cost and step for b[start:end].
func (p *parser) search(b []byte, start, end int) {
	for i := range p.cost {
		p.cost[i] = unreached
	}
	p.cost[0] = 0
	runEnd := 0 // end of the run of equal bytes that pos is in
	for pos := start; pos < end; pos++ {
		if pos >= runEnd {
			runEnd = pos + 1
			for runEnd < end && b[runEnd] == b[pos] {
				runEnd++
			}
		}
		inRun := pos > 0 && b[pos-1] == b[pos]
		left := runEnd - pos
		if inRun && left >= longRun {
			// Everything but the run's end is passed in one step.
			n := min(left, maxMatch)
			p.relax(pos-start, n-minMatch-1, n, 1)
			continue
		}
		p.relaxLiteral(pos-start, b[pos])
		best := minMatch - 1
		if inRun && left >= minMatch {
			best = min(left, maxMatch)
			p.relax(pos-start, minMatch, best, 1)
		}
		p.matches(b, pos, start, end, best)
	}
}

// matches tries the earlier places with the same three bytes as pos, nearest first: a farther
// one is of use only if it is longer than best, the length that costs less already.
func (p *parser) matches(b []byte, pos, start, end, best int) {
	if pos+4 > len(b) {
		return
	}
	v := binary.LittleEndian.Uint32(b[pos:]) << 8
	h := v * 0x9E3779B1 >> (32 - hashBits)
	last := int(p.head[h]) - 1
	p.head[h] = int32(pos + 1)
	if last < 0 || pos-last >= chainWindow {
		p.prev[pos%chainWindow] = 0
		return
	}
	p.prev[pos%chainWindow] = uint16(pos - last)
	limit := min(end-pos, maxMatch)
	for tries := chainTries; tries > 0 && best < limit; tries-- {
		if b[last+best] == b[pos+best] {
			if n := matchLength(b[last:], b[pos:pos+limit]); n > best {
				p.relax(pos-start, best+1, n, uint16(pos-last))
				best = n
			}
		}
		back := int(p.prev[last%chainWindow])
		last -= back
		if back == 0 || pos-last >= chainWindow {
			return
		}
	}
}

// relaxLiteral offers the way from i to i+1 by a literal.
func (p *parser) relaxLiteral(i int, c byte) {
	cost := p.cost[i] + uint16(fixedLiteral[c].n)
	if cost < p.cost[i+1] {
		p.cost[i+1] = cost
		p.step[i+1] = step{1, 0}
	}
}

// relax offers the ways from i by matches of each length from low to high.
func (p *parser) relax(i, low, high int, distance uint16) {
	d := &fixedDist[distSymbol(uint32(distance))]
	base := p.cost[i] + uint16(d.n+d.extra)
	for n := low; n <= high; n++ {
		cost := base + uint16(fixedLength[n-minMatch].n)
		if cost < p.cost[i+n] {
			p.cost[i+n] = cost
			p.step[i+n] = step{uint16(n), distance}
		}
	}
}

// emit writes the cheapest sequence that search found.
func (p *parser) emit(w *bitWriter, b []byte, start, end int) {
	// Turn the chain of last steps into one of next steps.
	i := end - start
	s := p.step[i]
	for i > 0 {
		from := i - int(s.length)
		s, p.step[from] = p.step[from], s
		i = from
	}
	for i := start; i < end; {
		s := p.step[i-start]
		if s.length == 1 {
			c := fixedLiteral[b[i]]
			w.add(c.bits, c.n)
		} else {
			w.match(int(s.length), uint32(s.distance))
		}
		w.spill()
		i += int(s.length)
	}
}

// matchLength returns how many bytes at the beginnings of a and b agree; a is at least as long as b.
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
