package patch

import (
	"encoding/binary"
	"fmt"
)

// A source is a part of the dictionary: bytes of the old archive.
type source struct {
	how sourceKind
	off int64 // in the old archive
	n   int64 // bytes there
	len int64 // bytes that they become; n if they are raw
}

type sourceKind uint8

const (
	sourceRaw     sourceKind = iota // as they are
	sourceMember                    // a member, decompressed
	sourceSegment                   // a part of a deflate stream, decompressed
	sourceKinds
)

// A step makes the next bytes of the new archive.
type step struct {
	how   stepKind
	off   int64 // stepCopy: in the old archive
	out   int64 // bytes of the new archive
	data  int64 // bytes of data that it takes
	extra int64 // bytes of data after these: the extra field; stepZeros: see zeros
	zeros int64 // stepZeros: how many are compressed
}

type stepKind uint8

const (
	stepCopy    stepKind = iota // from the old archive
	stepRaw                     // as the data is
	stepHeader                  // H of a file
	stepGroup                   // G, and an extra field
	stepContent                 // C
	stepSegment                 // a segment of a C that is not the last one
	stepLast                    // the last segment of a C
	stepZeros                   // P, with an extra field
	stepKinds
)

// instructions are the sources of a dictionary and the steps of a chunk.
//
//	number of sources
//	source  kind, offset, length in the old archive, and unless raw, decompressed length
//	step    kind, arguments
//
// Numbers are varints. An offset counts from the end of the source or copy before it, zigzag.
type instructions struct {
	sources []source
	steps   []step
}

func (x *instructions) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(x.sources)))
	end := int64(0)
	for _, s := range x.sources {
		dst = append(dst, byte(s.how))
		dst = binary.AppendVarint(dst, s.off-end)
		dst = binary.AppendUvarint(dst, uint64(s.n))
		if s.how != sourceRaw {
			dst = binary.AppendUvarint(dst, uint64(s.len))
		}
		end = s.off + s.n
	}
	end = 0
	for _, s := range x.steps {
		dst = append(dst, byte(s.how))
		switch s.how {
		case stepCopy:
			dst = binary.AppendVarint(dst, s.off-end)
			end = s.off + s.out
		case stepRaw:
		case stepZeros:
			dst = binary.AppendUvarint(dst, uint64(s.zeros))
			dst = binary.AppendUvarint(dst, uint64(s.extra))
		default:
			dst = binary.AppendUvarint(dst, uint64(s.data))
			if s.how == stepGroup {
				dst = binary.AppendUvarint(dst, uint64(s.extra))
			}
		}
		dst = binary.AppendUvarint(dst, uint64(s.out))
	}
	return dst
}

// A numbers reads varints. After an error it returns 0, and bad is set.
type numbers struct {
	b   []byte
	bad bool
}

func (r *numbers) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

// count returns a number from 0 to limit.
func (r *numbers) count(limit int64) int64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || limit < 0 || v > uint64(limit) {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return int64(v)
}

// place returns an offset, of n bytes that end at size at most. It is written as the distance from
// end, which is 0 to size.
func (r *numbers) place(end, size int64) int64 {
	d, n := binary.Varint(r.b)
	if n <= 0 || d < -end || d > size-end {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return end + d
}

// parseInstructions returns the instructions of a chunk, whose lengths all fit. The old archive has
// size bytes.
func parseInstructions(b []byte, c *chunk, size int64) (x instructions, err error) {
	r := &numbers{b: b}
	end, left := int64(0), int64(c.dictionary)
	for range r.count(int64(len(b))) {
		s := source{how: sourceKind(r.byte())}
		s.off = r.place(end, size)
		s.n = r.count(min(size-s.off, maxDictionary))
		s.len = s.n
		if s.how != sourceRaw {
			s.len = r.count(left)
		}
		if r.bad || s.how >= sourceKinds || s.len > left || s.n == 0 || s.len == 0 {
			return x, fmt.Errorf("%w: a source of its dictionary", ErrCorrupt)
		}
		left, end = left-s.len, s.off+s.n
		x.sources = append(x.sources, s)
	}
	if r.bad || left != 0 {
		return x, fmt.Errorf("%w: its dictionary has another length", ErrCorrupt)
	}
	room := room{data: int64(c.data), made: maxMade, out: c.output}
	end = 0
	for len(r.b) > 0 {
		s := parseStep(r, &room, end, size)
		if r.bad || s.how >= stepKinds || s.out == 0 {
			return x, fmt.Errorf("%w: step %d of a chunk", ErrCorrupt, len(x.steps))
		}
		if s.how == stepCopy {
			end = s.off + s.out
		}
		x.steps = append(x.steps, s)
	}
	if room.data != 0 || room.out != 0 {
		return x, fmt.Errorf("%w: the steps of a chunk make another length", ErrCorrupt)
	}
	return x, nil
}

// room is what is left of a chunk's lengths for the steps that follow.
type room struct{ data, made, out int64 }

// maxZeros is how many zeros a member of stepZeros decompresses to at most: those of T.
const maxZeros = 1024

// parseStep returns the next step.
func parseStep(r *numbers, left *room, end, size int64) step {
	s := step{how: stepKind(r.byte())}
	switch s.how {
	case stepCopy:
		s.off = r.place(end, size)
		s.out = r.count(min(left.out, size-s.off))
		left.out -= s.out
		return s
	case stepRaw:
		s.out = r.count(left.data)
		s.data = s.out
	case stepZeros:
		s.zeros = r.count(maxZeros)
		s.extra = r.count(min(left.data, maxExtra))
	default:
		s.data = r.count(left.data)
		if s.how == stepGroup {
			s.extra = r.count(min(left.data-s.data, maxExtra))
		}
	}
	if s.how != stepRaw {
		s.out = r.count(left.out)
	}
	left.data -= s.data + s.extra
	left.made -= s.out
	left.out -= s.out
	if left.made < 0 || left.out < 0 {
		r.bad = true
	}
	return s
}

// maxExtra is the length of the longest payload of an extra field (FORMAT.md 1.2).
const maxExtra = 1<<16 - 1 - 4
