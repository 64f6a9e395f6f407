package layout

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// A block of paths (FORMAT.md 2.2). Any path in it is found without walking through those before:
//
//	16 × u8   bytes that each path shares with the path before it, 0 for the first
//	16 × u8   bytes that follow those
//	u32       number of the block
//	u16 …     the true number for each of these 32 that is 255
//	bytes …   the bytes that follow, path after path, then zeros up to a multiple of 4
const (
	// BlockPaths is the number of paths in each block except the last.
	BlockPaths = 16
	// BlockHead is the length of the part of a block that is always there.
	BlockHead = pathLens + 4
	// MaxBlock is the length of the longest possible block: each path has the maximum length and
	// shares nothing, and each of the 32 numbers needs two more bytes.
	MaxBlock = BlockHead + 2*pathLens + BlockPaths*MaxPath + blockAlign - 1
	// UsualBlock is a length that most blocks do not exceed.
	UsualBlock = 1024
	// BlockOffsetSize is the length of an offset in the section of path blocks, a u64.
	BlockOffsetSize = 8

	pathLens = 2 * BlockPaths
	longLen  = 255
)

// NumBlocks returns the number of blocks of n paths.
func NumBlocks(n int64) int64 { return (n + BlockPaths - 1) / BlockPaths }

// PathBlock is a block whose head has been found to be complete. Nothing else has been checked.
type PathBlock struct {
	b    []byte
	text int   // offset of the bytes of the first path
	long bool  // one of the 32 numbers is 255
	near uint8 // keeps the reads of NewPathBlock from being optimized away
}

// NewPathBlock returns the block that b starts with. The error wraps [ErrCorrupt] if the head is
// cut off.
//
// It touches the next cache lines all at once. Which of them hold the path is known only after the
// numbers have arrived, and waiting for one after the other takes longer.
func NewPathBlock(b []byte) (p PathBlock, err error) {
	if len(b) < BlockHead {
		return p, Corruptf("path block of %d bytes", len(b))
	}
	end := len(b) - 1
	p.near = b[min(64, end)] | b[min(128, end)] | b[min(192, end)] | b[min(256, end)]
	p.b, p.text = b, BlockHead
	le := binary.LittleEndian
	w0, w1, w2, w3 := le.Uint64(b), le.Uint64(b[8:]), le.Uint64(b[16:]), le.Uint64(b[24:])
	if zeroBytes(^w0)|zeroBytes(^w1)|zeroBytes(^w2)|zeroBytes(^w3) != 0 {
		p.long = true
		p.text += 2 * bytes.Count(b[:pathLens], []byte{longLen})
		if p.text > len(b) {
			return p, Corruptf("path block of %d bytes", len(b))
		}
	}
	return p, nil
}

// Extend gives p more of the bytes that NewPathBlock was given the first of.
func (p *PathBlock) Extend(b []byte) { p.b = b }

// Number returns the number of the block. Path k is that of the entry 16 × number + k.
func (p *PathBlock) Number() uint32 { return binary.LittleEndian.Uint32(p.b[pathLens:]) }

// Size returns the length of the block, which exceeds the bytes that are there if the block is cut
// off or corrupt.
func (p *PathBlock) Size() int {
	return (p.start(BlockPaths) + blockAlign - 1) &^ (blockAlign - 1)
}

// num returns number j of the 32.
func (p *PathBlock) num(j int) int {
	n := int(p.b[j])
	if n == longLen {
		return p.longNum(j)
	}
	return n
}

// longNum is num for a number that does not fit a byte.
func (p *PathBlock) longNum(j int) int {
	at := BlockHead + 2*bytes.Count(p.b[:j], []byte{longLen})
	return int(binary.LittleEndian.Uint16(p.b[at:]))
}

// Shared returns the number of bytes that path k shares with the path before it.
func (p *PathBlock) Shared(k int) int { return p.num(k) }

// further returns the number of bytes of path k after the shared ones.
func (p *PathBlock) further(k int) int { return p.num(BlockPaths + k) }

// start returns the offset of the further bytes of path k. In a corrupt block it may lie beyond the
// end.
func (p *PathBlock) start(k int) int {
	if p.long {
		at := p.text
		for j := range k {
			at += p.further(j)
		}
		return at
	}
	le := binary.LittleEndian
	w0 := le.Uint64(p.b[BlockPaths:]) & firstBytes(k)
	w1 := le.Uint64(p.b[BlockPaths+8:]) & firstBytes(max(k, 8)-8)
	return p.text + sumBytes(w0) + sumBytes(w1)
}

// length returns the length of path k. The error wraps ErrCorrupt if that is more than a path may
// have, or if its bytes are not in the block.
func (p *PathBlock) length(k int) (int, error) {
	n := p.Shared(k) + p.further(k)
	if n < 1 || n > MaxPath || p.start(k)+p.further(k) > len(p.b) {
		return 0, Corruptf("path %d of a block: %d bytes", k, n)
	}
	return n, nil
}

// Equal reports whether path k is path. It starts with the bytes of path k itself, where paths
// differ, and goes back to the bytes that it shares. It reads only the paths that contain these.
func (p *PathBlock) Equal(k int, path string) (bool, error) {
	need, n := p.Shared(k), p.further(k)
	if need+n != len(path) {
		return false, p.lost(k)
	}
	at := p.start(k)
	if at+n > len(p.b) {
		return false, Corruptf("path %d of a block", k)
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

// ChildFollows reports whether the path after path k, which has n bytes, is in the block and below
// path k.
func (p *PathBlock) ChildFollows(k, n int) bool {
	k++
	if k >= BlockPaths || p.Shared(k) != n || p.further(k) == 0 {
		return false
	}
	at := p.start(k)
	return at < len(p.b) && p.b[at] == '/'
}

// before moves k to the nearest earlier path that contains the last of the first need bytes of path
// k. It returns the part of these bytes that stands there, and how many bytes come before that.
func (p *PathBlock) before(k *int, need int) (s int, text []byte, err error) {
	j := p.holder(*k, need)
	if j < 0 {
		return 0, nil, Corruptf("the first path of a block shares %d bytes", need)
	}
	s = p.Shared(j)
	if s+p.further(j) < need {
		return 0, nil, Corruptf("path %d of a block shares more than there is", j+1)
	}
	*k = j
	at := p.start(j)
	return s, p.b[at : at+need-s], nil
}

// holder returns the last path before path k that shares fewer than need bytes, or -1.
func (p *PathBlock) holder(k, need int) int {
	if p.long {
		for k--; k >= 0 && p.Shared(k) >= need; {
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

// lost returns an error if path k consists of zeros, as a file system leaves them where it has lost
// data.
func (p *PathBlock) lost(k int) error {
	at, n := p.start(k), p.further(k)
	if n == 0 || at+n > len(p.b) || bytes.IndexByte(p.b[at:at+n], 0) >= 0 {
		return Corruptf("path %d of a block", k)
	}
	return nil
}

// AppendPath appends path k to dst, which it fills from the end of the path to its beginning.
func (p *PathBlock) AppendPath(dst []byte, k int) ([]byte, error) {
	n, err := p.length(k)
	if err != nil {
		return dst, err
	}
	base := len(dst)
	dst = append(dst, make([]byte, n)...)
	path, at := dst[base:], p.start(k)
	need := p.Shared(k)
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

// AppendAll appends the first count paths, all that the block has, and sets ends to where each of
// them ends in dst. It accepts only blocks that [PathWriter] makes.
func (p *PathBlock) AppendAll(dst []byte, count int, ends *[BlockPaths]int) ([]byte, error) {
	at, before := p.text, dst[len(dst):]
	for k := range BlockPaths {
		s, n := p.Shared(k), p.further(k)
		if p.b[k] == longLen && s < longLen || p.b[BlockPaths+k] == longLen && n < longLen {
			return dst, Corruptf("path %d of a block has a number in the long form"+
				" that has a short one", k)
		}
		if k >= count {
			if s|n != 0 {
				return dst, Corruptf("a block of %d paths has more", count)
			}
			continue
		}
		if s > len(before) || s+n < 1 || s+n > MaxPath || n > len(p.b)-at || k == 0 && s > 0 {
			return dst, Corruptf("path %d of a block shares %d bytes, has %d more", k, s, n)
		}
		text := p.b[at : at+n]
		if k > 0 && n > 0 && s < len(before) && before[s] == text[0] {
			return dst, Corruptf("path %d of a block shares more than %d bytes", k, s)
		}
		begin := len(dst)
		dst = append(append(dst, before[:s]...), text...)
		before, ends[k] = dst[begin:], len(dst)
		at += n
	}
	if bytes.IndexByte(p.b[p.text:at], 0) >= 0 {
		return dst, Corruptf("a path with a NUL byte")
	}
	rest := p.b[at:]
	if len(p.b)%blockAlign != 0 || len(rest) >= blockAlign ||
		bytes.Count(rest, []byte{0}) != len(rest) {
		return dst, Corruptf("a block of paths ends at %d of %d", at, len(p.b))
	}
	return dst, nil
}
