package patch

import (
	"cmp"
	"fmt"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/internal/order"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
)

// A piece is n bytes of an archive from offset off.
type piece struct {
	off, n int64
	i      uint32 // ordinal of the file, or of the first entry of a group
	part   uint32 // of the content
	kind   pieceKind
	size   int64 // of a content or a segment, decompressed
}

type pieceKind uint8

const (
	pieceOther   pieceKind = iota // trailer, index, empty members
	pieceHeader                   // H
	pieceGroup                    // G
	pieceContent                  // C: deflate
	pieceFrame                    // header or trailer of a C in segments
	pieceSegment                  // of a C
	pieceLast                     // its last segment
	pieceRaw                      // a part of a stored or large C
	piecePadding                  // P
)

func (p *piece) end() int64 { return p.off + p.n }

// rawPart is how many bytes of a stored content are one piece.
const rawPart = 1 << 20

// pieces divides an archive into pieces, sorted by offset and without gaps.
func pieces(a *indexed.File) ([]piece, error) {
	var list []piece
	groups := map[int64]int{}
	for row, err := range a.Index.All(0, a.Index.Len()) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		e, i := &row.Entry, uint32(row.Ordinal)
		if e.Type != sidecar.TypeFile {
			if k, ok := groups[e.Offset]; !ok {
				groups[e.Offset] = len(list)
				list = append(list, piece{off: e.Offset, n: int64(e.HeaderLen), i: i, kind: pieceGroup})
			} else if i < list[k].i {
				list[k].i = i
			}
			continue
		}
		list = append(list, piece{off: e.Offset, n: int64(e.HeaderLen), i: i, kind: pieceHeader})
		if list, err = appendContent(list, a, i, e); err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		if e.PadLen > 0 {
			list = append(list, piece{off: e.ContentOffset() + e.ContentLen, n: int64(e.PadLen), i: i,
				kind: piecePadding})
		}
	}
	order.Sort(list, func(a, b piece) int { return cmp.Compare(a.off, b.off) })
	return fillGaps(list, a)
}

// appendContent appends the pieces of the C of file i, whose record is e.
func appendContent(list []piece, a *indexed.File, i uint32, e *sidecar.Entry) ([]piece, error) {
	at, n := e.ContentOffset(), e.ContentLen
	switch {
	case n == 0:
		return list, nil
	case e.Coding == coding.Segmented:
		return appendSegments(list, a.Index, i, e)
	case e.Coding == coding.Deflate && e.Size <= maxData/2 && n <= maxData/2:
		return append(list, piece{off: at, n: n, i: i, kind: pieceContent, size: e.Size}), nil
	}
	return appendRaw(list, at, n, i), nil
}

// appendRaw appends pieces that are not decompressed.
func appendRaw(list []piece, at, n int64, i uint32) []piece {
	for part := uint32(0); n > 0; part++ {
		length := min(n, rawPart)
		list = append(list, piece{off: at, n: length, i: i, part: part, kind: pieceRaw, size: length})
		at, n = at+length, n-length
	}
	return list
}

func appendSegments(list []piece, x *sidecar.Index, i uint32, e *sidecar.Entry) ([]piece, error) {
	t, err := x.Segments(int(i))
	if err != nil {
		return list, err
	}
	if int64(1)<<t.Shift > maxData/2 {
		return appendRaw(list, e.ContentOffset(), e.ContentLen, i), nil
	}
	lengths, err := t.AppendLengths(nil)
	if err != nil {
		return list, err
	}
	at := e.ContentOffset()
	frame := func(n int64) {
		list = append(list, piece{off: at, n: n, i: i, kind: pieceFrame})
		at += n
	}
	frame(gzmember.HeaderSize)
	left := e.Size
	for k, n := range lengths {
		p := piece{off: at, n: int64(n), i: i, part: uint32(k), kind: pieceSegment,
			size: min(left, int64(1)<<t.Shift)}
		if k == len(lengths)-1 {
			p.kind = pieceLast
		}
		list = append(list, p)
		at, left = at+int64(n), left-p.size
	}
	if n := e.ContentOffset() + e.ContentLen - gzmember.MemberTrailerSize - at; n > 0 {
		frame(n)
	}
	frame(gzmember.MemberTrailerSize)
	return list, nil
}

// fillGaps adds what no entry has.
func fillGaps(list []piece, a *indexed.File) ([]piece, error) {
	all := make([]piece, 0, len(list)+16)
	end := int64(0)
	gap := func(until int64) {
		for ; end < until; end = min(end+rawPart, until) {
			all = append(all, piece{off: end, n: min(rawPart, until-end), kind: pieceOther})
		}
	}
	for _, p := range list {
		if p.off < end || p.n < 0 {
			return nil, fmt.Errorf("%s: %w: entries overlap at offset %d", a.Name, format.ErrCorrupt,
				p.off)
		}
		gap(p.off)
		all = append(all, p)
		end = p.end()
	}
	gap(a.Size)
	return all, nil
}
