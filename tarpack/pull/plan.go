package pull

import (
	"cmp"
	"fmt"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/internal/order"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// A part is what a piece is of its archive.
type part uint8

const (
	partOther   part = iota // members that no entry has
	partHeader              // H of file i
	partGroup               // G of group i
	partContent             // C of file i
	partFirst               // header of the C of file i, which is in parts
	partSegment             // a part of the content of file i
	partLast                // trailer of the C of file i, which is in parts
	partPadding             // P of file i
	partIndex               // index in the archive
	partTrailer             // T
)

// How the bytes of a piece are got.
type how uint8

const (
	fetched how = iota
	copied      // from the old archive
	made        // computed from the index
)

// A piece is n bytes of the new archive from offset off.
type piece struct {
	off, n int64
	at     int64  // offset in the old archive
	i      uint32 // see part
	part   part
	how    how
}

func (p *piece) end() int64 { return p.off + p.n }

// ofContent reports whether the bytes are of the C of file i.
func (p *piece) ofContent() bool { return p.part >= partContent && p.part <= partLast }

// plan divides the new archive into pieces, sorted by offset.
func (j *job) plan() error {
	groups := map[int64]int{}
	for row, err := range j.index.All(0, j.index.Len()) {
		if err != nil {
			return err
		}
		e := &row.Entry
		if e.Type == sidecar.TypeFile {
			err = j.planFile(row.Ordinal, e)
		} else {
			k, ok := groups[e.Offset]
			if !ok {
				k = len(j.groups)
				groups[e.Offset] = k
				j.groups = append(j.groups, nil)
				j.add(piece{off: e.Offset, n: int64(e.HeaderLen), i: uint32(k), part: partGroup})
			}
			j.groups[k] = append(j.groups[k], uint32(row.Ordinal))
		}
		if err != nil {
			return err
		}
	}
	t := j.from.Trailer()
	if e, err := j.from.Embedded(); err == nil {
		j.embedded = true
		j.add(piece{off: e.Base, n: e.Length(), part: partIndex, how: made})
	}
	j.add(piece{off: t.Offset, n: format.EndSize, part: partTrailer, how: made})
	order.Sort(j.pieces, func(a, b piece) int { // one without bytes is before the next one
		return cmp.Or(cmp.Compare(a.off, b.off), cmp.Compare(a.n, b.n))
	})
	return j.fillGaps()
}

// add adds a piece, unless it is empty.
func (j *job) add(p piece) {
	if p.n != 0 {
		j.pieces = append(j.pieces, p)
	}
}

// planFile adds the pieces of a file.
func (j *job) planFile(i int, e *sidecar.Entry) error {
	j.add(piece{off: e.Offset, n: int64(e.HeaderLen), i: uint32(i), part: partHeader})
	at := e.ContentOffset()
	if e.ContentLen > 0 {
		old, ok, err := j.match(i, e)
		switch {
		case err != nil:
			return err
		case ok:
			j.add(piece{off: at, n: e.ContentLen, at: old, i: uint32(i), part: partContent,
				how: copied})
		case j.hasParts(e) && len(j.segments) > 0:
			if err := j.planParts(i, e); err != nil {
				return err
			}
		default:
			j.add(piece{off: at, n: e.ContentLen, i: uint32(i), part: partContent})
		}
	}
	if e.PadLen > 0 {
		j.add(piece{off: at + e.ContentLen, n: int64(e.PadLen), i: uint32(i), part: partPadding,
			how: made})
	}
	return nil
}

// planParts adds the pieces of a content, some of which the old archive may have.
func (j *job) planParts(i int, e *sidecar.Entry) error {
	keys, ends, err := j.partKeys(j.index, i, e)
	if err != nil {
		return err
	}
	at, end := e.ContentOffset(), e.ContentOffset()+e.ContentLen
	stream := at + firstBytes
	j.add(piece{off: at, n: firstBytes, i: uint32(i), part: partFirst, how: made})
	begin := int64(0)
	for k, key := range keys {
		p := piece{off: stream + begin, n: ends[k] - begin, i: uint32(i), part: partSegment}
		if old, ok := j.segments[key]; ok {
			p.at, p.how = old, copied
		}
		j.add(p)
		begin = ends[k]
	}
	last := end - gzmember.MemberTrailerSize
	j.add(piece{off: stream + begin, n: last - stream - begin, i: uint32(i), part: partSegment})
	j.add(piece{off: last, n: gzmember.MemberTrailerSize, i: uint32(i),
		part: partLast, how: made})
	return nil
}

// fillGaps adds what no entry has, and refuses entries that overlap.
func (j *job) fillGaps() error {
	all := make([]piece, 0, len(j.pieces))
	end := int64(0)
	for _, p := range j.pieces {
		if p.off < end || p.n < 0 {
			return fmt.Errorf("%w: two entries of its index overlap at offset %d",
				format.ErrCorrupt, p.off)
		}
		if p.off > end {
			all = append(all, piece{off: end, n: p.off - end})
		}
		all = append(all, p)
		end = p.end()
	}
	if end != j.from.Size() {
		return fmt.Errorf("%w: its trailer is not at its end", format.ErrCorrupt)
	}
	j.pieces = all
	return nil
}

// wanted returns what must be fetched, sorted.
func (j *job) wanted() (list []span) {
	for k := range j.pieces {
		if p := &j.pieces[k]; p.how == fetched {
			list = append(list, span{off: p.off, n: p.n})
		}
	}
	return list
}
