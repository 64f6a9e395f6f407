package sidecar

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"
)

// A block of paths (FORMAT.md 2.2), so laid out that the place of any path in it is found without walking the ones before:
//
//	16 × u8   bytes that each path shares with the path before it, 0 for the first
//	16 × u8   bytes that follow
//	u32       number of the block
//	u16 …     the true number for each of the 32 that is 255
//	bytes …   those that follow, path after path; then zeros up to a multiple of 4
const (
	blockPaths = 16
	pathLens   = 2 * blockPaths
	blockHead  = pathLens + 4
	longLen    = 255

	// maxBlock is the most that a block can take.
	maxBlock = blockHead + 2*pathLens + blockPaths*maxPath + blockAlign - 1
	// usualBlock is what most blocks take less than.
	usualBlock = 1024
)

// pathBlocks is the number of blocks for n paths.
func pathBlocks(n int64) int64 { return (n + blockPaths - 1) / blockPaths }

// pathBlock is a block whose numbers are there. What they count need not be.
type pathBlock struct {
	b    []byte
	text int   // where the bytes begin
	long bool  // a number is 255
	near uint8 // see newPathBlock
}

// newPathBlock begins to read the block that b starts with. It touches the next cache lines all at once: which of them hold
// what is looked for turns out only when the numbers are there, and waiting for one after the other takes longer.
func newPathBlock(b []byte) (p pathBlock, err error) {
	if len(b) < blockHead {
		return p, corrupt("path block of %d bytes", len(b))
	}
	end := len(b) - 1
	p.near = b[min(64, end)] | b[min(128, end)] | b[min(192, end)] | b[min(256, end)]
	p.b, p.text = b, blockHead
	le := binary.LittleEndian
	w0, w1, w2, w3 := le.Uint64(b), le.Uint64(b[8:]), le.Uint64(b[16:]), le.Uint64(b[24:])
	if zeroBytes(^w0)|zeroBytes(^w1)|zeroBytes(^w2)|zeroBytes(^w3) != 0 {
		p.long = true
		p.text += 2 * bytes.Count(b[:pathLens], []byte{longLen})
		if p.text > len(b) {
			return p, corrupt("path block of %d bytes", len(b))
		}
	}
	return p, nil
}

// number of the block.
func (p *pathBlock) number() uint32 { return binary.LittleEndian.Uint32(p.b[pathLens:]) }

// size of the block, which is more than there is if it is cut off or corrupt.
func (p *pathBlock) size() int { return (p.start(blockPaths) + blockAlign - 1) &^ (blockAlign - 1) }

// num is number j of the 32.
func (p *pathBlock) num(j int) int {
	n := int(p.b[j])
	if n == longLen {
		return p.longNum(j)
	}
	return n
}

// longNum is num for one that is 255.
func (p *pathBlock) longNum(j int) int {
	at := blockHead + 2*bytes.Count(p.b[:j], []byte{longLen})
	return int(binary.LittleEndian.Uint16(p.b[at:]))
}

// shared is how many bytes path k shares with the one before it.
func (p *pathBlock) shared(k int) int { return p.num(k) }

// further is how many bytes follow these.
func (p *pathBlock) further(k int) int { return p.num(blockPaths + k) }

// start is where the further bytes of path k begin. They may begin beyond the end of a block that is corrupt.
func (p *pathBlock) start(k int) int {
	if p.long {
		at := p.text
		for j := range k {
			at += p.further(j)
		}
		return at
	}
	le := binary.LittleEndian
	w0, w1 := le.Uint64(p.b[blockPaths:])&firstBytes(k), le.Uint64(p.b[blockPaths+8:])&firstBytes(max(k, 8)-8)
	return p.text + sumBytes(w0) + sumBytes(w1)
}

// firstBytes has the first n bytes of a word set, all of them if n is 8 or more.
func firstBytes(n int) uint64 { return 1<<(8*uint(n)) - 1 } // a shift by 64 or more gives 0

// lessBytes has the highest bit set in each byte of x that is less than n, and no other bit.
func lessBytes(x uint64, n int) uint64 {
	const high = 0x80 * lowBits
	switch {
	case n <= 0x80:
		return ^((x | high) - uint64(n)*lowBits | x) & high
	case n <= 0xff:
		return ^(((x | high) - uint64(n-0x80)*lowBits) & x) & high
	}
	return high
}

// sumBytes adds the 8 bytes of x.
func sumBytes(x uint64) int {
	const odd = 0x00ff00ff00ff00ff
	x = x&odd + x>>8&odd
	return int(x * 0x0001000100010001 >> 48)
}

// length of path k. It is an error if the path is longer than a path can be or its bytes are not in the block.
func (p *pathBlock) length(k int) (int, error) {
	n := p.shared(k) + p.further(k)
	if n < 1 || n > maxPath || p.start(k)+p.further(k) > len(p.b) {
		return 0, corrupt("path %d of a block: %d bytes", k, n)
	}
	return n, nil
}

// equal is true if path k is path. It goes backwards from the bytes of path k itself, which is where paths differ, to
// those that it shares, and looks only at the paths that these stand in.
func (p *pathBlock) equal(k int, path string) (bool, error) {
	need, n := p.shared(k), p.further(k)
	if need+n != len(path) {
		return false, p.lost(k)
	}
	at := p.start(k)
	if at+n > len(p.b) {
		return false, corrupt("path %d of a block", k)
	}
	if string(p.b[at:at+n]) != path[need:] {
		return false, p.lost(k)
	}
	for need > 0 {
		s, text, err := p.before(&k, need)
		if err != nil {
			return false, err
		}
		if string(text) != path[s:need] {
			return false, p.lost(k)
		}
		need = s
	}
	return true, nil
}

// before goes from path k, whose first need bytes are those of the path before it, to the path where the last of these
// bytes stand, which it makes k. It gives them, and how many come before them.
func (p *pathBlock) before(k *int, need int) (s int, text []byte, err error) {
	j := p.holder(*k, need)
	if j < 0 {
		return 0, nil, corrupt("the first path of a block shares %d bytes", need)
	}
	s = p.shared(j)
	if s+p.further(j) < need {
		return 0, nil, corrupt("path %d of a block shares more than there is", j+1)
	}
	*k = j
	at := p.start(j)
	return s, p.b[at : at+need-s], nil
}

// holder is the last path before path k that shares fewer than need bytes, -1 if there is none.
func (p *pathBlock) holder(k, need int) int {
	if p.long {
		for k--; k >= 0 && p.shared(k) >= need; {
			k--
		}
		return k
	}
	le := binary.LittleEndian
	if w := lessBytes(le.Uint64(p.b[8:]), need) & firstBytes(max(k, 8)-8); w != 0 {
		return 7 + bits.Len64(w)/8
	}
	return bits.Len64(lessBytes(le.Uint64(p.b), need)&firstBytes(k))/8 - 1
}

// lost is an error if path k is no path but zeros, as those that a file system puts where it has lost data.
func (p *pathBlock) lost(k int) error {
	at, n := p.start(k), p.further(k)
	if n == 0 || at+n > len(p.b) || bytes.IndexByte(p.b[at:at+n], 0) >= 0 {
		return corrupt("path %d of a block", k)
	}
	return nil
}

// appendPath appends path k, filling it from its end to its beginning as equal does.
func (p *pathBlock) appendPath(dst []byte, k int) ([]byte, error) {
	n, err := p.length(k)
	if err != nil {
		return dst, err
	}
	base := len(dst)
	dst = append(dst, make([]byte, n)...)
	path, at := dst[base:], p.start(k)
	need := p.shared(k)
	copy(path[need:], p.b[at:])
	for need > 0 {
		s, text, err := p.before(&k, need)
		if err != nil {
			return dst[:base], err
		}
		copy(path[s:], text)
		need = s
	}
	return dst, nil
}

// appendAll appends the first count paths, which are all that the block has, and says where each ends in dst. It is strict:
// it takes only blocks that blockWriter makes.
func (p *pathBlock) appendAll(dst []byte, count int, ends *[blockPaths]int) ([]byte, error) {
	at, before := p.text, dst[len(dst):]
	for k := range blockPaths {
		s, n := p.shared(k), p.further(k)
		if p.b[k] == longLen && s < longLen || p.b[blockPaths+k] == longLen && n < longLen {
			return dst, corrupt("path %d of a block has a number in the long form that has a short one", k)
		}
		if k >= count {
			if s|n != 0 {
				return dst, corrupt("a block of %d paths has more", count)
			}
			continue
		}
		if s > len(before) || s+n < 1 || s+n > maxPath || n > len(p.b)-at || k == 0 && s > 0 {
			return dst, corrupt("path %d of a block shares %d bytes, has %d more", k, s, n)
		}
		text := p.b[at : at+n]
		if k > 0 && n > 0 && s < len(before) && before[s] == text[0] {
			return dst, corrupt("path %d of a block shares more than %d bytes", k, s)
		}
		begin := len(dst)
		dst = append(append(dst, before[:s]...), text...)
		before, ends[k] = dst[begin:], len(dst)
		at += n
	}
	if bytes.IndexByte(p.b[p.text:at], 0) >= 0 {
		return dst, corrupt("a path with a NUL byte")
	}
	if rest := p.b[at:]; len(p.b)%blockAlign != 0 || len(rest) >= blockAlign || bytes.Count(rest, []byte{0}) != len(rest) {
		return dst, corrupt("a block of paths ends at %d of %d", at, len(p.b))
	}
	return dst, nil
}

// pathWriter writes the sections of paths and of path blocks, or without them only tells where paths will lie.
type pathWriter struct {
	paths, blocks *sectionWriter // both, or nil

	off   int64 // of the block, in the section of paths
	count uint32
	lens  [pathLens]int
	text  []byte // further bytes of the paths of the block
	buf   []byte
}

// add takes the next path, given how many bytes it shares with the one before it, and tells its place.
func (w *pathWriter) add(shared int, path []byte) (place uint64) {
	k := int(w.count % blockPaths)
	if k == 0 {
		w.flush()
		shared = 0
	}
	w.lens[k], w.lens[blockPaths+k] = shared, len(path)-shared
	w.text = append(w.text, path[shared:]...)
	w.count++
	return newPlace(w.off, k)
}

// flush writes the block that was begun, if any. After the last path it is to be called by the caller.
func (w *pathWriter) flush() {
	if len(w.text) == 0 {
		return
	}
	b := w.buf[:0]
	for _, n := range w.lens {
		b = append(b, uint8(min(n, longLen)))
	}
	b = binary.LittleEndian.AppendUint32(b, (w.count-1)/blockPaths)
	for _, n := range w.lens {
		if n >= longLen {
			b = binary.LittleEndian.AppendUint16(b, uint16(n))
		}
	}
	b = append(b, w.text...)
	for len(b)%blockAlign != 0 {
		b = append(b, 0)
	}
	if w.paths != nil {
		w.blocks.uint64(uint64(w.off))
		w.paths.write(b)
	}
	w.off += int64(len(b))
	w.buf, w.text, w.lens = b, w.text[:0], [pathLens]int{}
}

// ComparePaths gives the path order (FORMAT.md 2.1): −1 if a comes before b, 0 if they are equal, else 1. It compares
// component by component, each by its bytes, which puts a directory directly before all that is below it.
func ComparePaths(a, b string) int {
	i := 0
	for n := min(len(a), len(b)); i < n && a[i] == b[i]; {
		i++
	}
	switch {
	case i == len(a) || i == len(b) || a[i] != '/' && b[i] != '/':
		return strings.Compare(a[i:], b[i:])
	case a[i] == '/':
		return -1
	default:
		return 1
	}
}
