package patch

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
)

// A maker is one run of Make.
type maker struct {
	old, new *indexed.File
	res      Result
	progress func(done, total int64)

	pairs   pairs
	places  map[uint64]int // of old pieces, by the hash of their bytes
	level   int
	encoder encoder
	out     *chunkWriter
	end     int64 // of the last copy in the old archive

	bytes, other []byte // of a piece of the new archive, and of the old one
	inflater     inflater
	data, made   []byte
	sources      []source
}

// minCopied is how many bytes of a piece are worth to be looked for anywhere in the old archive.
const minCopied = 40

// prepare reads the old archive, and finds out the level of the new one.
func (m *maker) prepare(ctx context.Context) (err error) {
	if m.pairs.old, err = pieces(m.old); err != nil {
		return err
	}
	if m.pairs.new, err = pieces(m.new); err != nil {
		return err
	}
	if err := m.pairs.prepare(m.old.Index, m.new.Index); err != nil {
		return err
	}
	m.places = make(map[uint64]int, len(m.pairs.old))
	for k := range m.pairs.old {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		p := &m.pairs.old[k]
		if p.n < minCopied {
			continue
		}
		if m.other, err = read(m.other, m.old, p.off, p.n); err != nil {
			return err
		}
		m.places[xxhash.Sum64(m.other)] = k
	}
	if m.level, err = m.findLevel(); err != nil {
		return err
	}
	m.encoder, err = newEncoder(m.level)
	return err
}

// read reads n bytes of an archive from off.
func read(b []byte, x *indexed.File, off, n int64) ([]byte, error) {
	if int64(cap(b)) < n {
		b = make([]byte, n)
	}
	b = b[:n]
	if _, err := x.OSFile.ReadAt(b, off); err != nil {
		return b, fmt.Errorf("%s: at byte %d: %w", x.Name, off, err)
	}
	return b, nil
}

// run makes the steps of all pieces.
func (m *maker) run(ctx context.Context) (err error) {
	for k := range m.pairs.new {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		p := &m.pairs.new[k]
		if m.bytes, err = read(m.bytes, m.new, p.off, p.n); err != nil {
			return err
		}
		copied, err := m.copy(p)
		if err == nil && !copied {
			err = m.change(p)
		}
		if err != nil {
			return err
		}
		m.progress(p.end(), m.new.Size)
	}
	return m.out.flush()
}

// copy adds a copy, if the old archive has the bytes of a piece of the new one.
func (m *maker) copy(p *piece) (done bool, err error) {
	off, ok := m.end, false
	if off > 0 && off+p.n <= m.old.Size {
		if ok, err = m.isAt(off); err != nil {
			return false, err
		}
	}
	if !ok && p.n >= minCopied {
		if k, found := m.places[xxhash.Sum64(m.bytes)]; found && m.pairs.old[k].n == p.n {
			off = m.pairs.old[k].off
			if ok, err = m.isAt(off); err != nil {
				return false, err
			}
		}
	}
	if !ok {
		m.end = 0
		return false, nil
	}
	if err := m.out.begin(0, 0, nil); err != nil {
		return false, err
	}
	m.out.copied(off, p.n)
	m.res.Copied += p.n
	m.end = off + p.n
	return true, nil
}

// isAt reports whether the old archive has the bytes of the piece at off.
func (m *maker) isAt(off int64) (same bool, err error) {
	m.other, err = read(m.other, m.old, off, int64(len(m.bytes)))
	return err == nil && bytes.Equal(m.other, m.bytes), err
}

// stepOf is which step makes a piece.
var stepOf = map[pieceKind]stepKind{
	pieceHeader: stepHeader, pieceGroup: stepGroup, pieceContent: stepContent,
	pieceSegment: stepSegment, pieceLast: stepLast, piecePadding: stepZeros,
}

// change adds the step that makes a piece which the old archive does not have.
func (m *maker) change(p *piece) error {
	s := step{how: stepOf[p.kind]}
	right, err := m.recompress(p, &s)
	if err != nil {
		return err
	}
	data := m.data
	if !right {
		s, data = step{how: stepRaw}, m.bytes
		m.res.Raw += p.n
	} else {
		m.res.Recompressed += p.n
	}
	m.sources = m.sources[:0]
	for _, q := range m.pairs.similar(p) {
		src := source{how: sourceRaw, off: q.off, n: q.n, len: q.n}
		if right {
			if src, err = m.sourceOf(q); err != nil {
				return err
			}
		}
		m.sources = append(m.sources, src)
	}
	if err := m.out.begin(len(data), len(m.bytes), m.sources); err != nil {
		return err
	}
	for _, src := range m.sources {
		if err := m.out.source(src); err != nil {
			return err
		}
	}
	m.out.add(s, data, m.bytes)
	return nil
}

// sourceOf returns the source of a piece of the old archive, decompressed.
func (m *maker) sourceOf(q *piece) (s source, err error) {
	s = source{how: sourceRaw, off: q.off, n: q.n, len: q.n}
	switch q.kind {
	case pieceContent:
		s.how, s.len = sourceMember, q.size
	case pieceSegment, pieceLast:
		s.how, s.len = sourceSegment, q.size
	case pieceHeader, pieceGroup:
		if m.other, err = read(m.other, m.old, q.off, q.n); err != nil {
			return s, err
		}
		b, _, err := gzmember.Inflate(nil, m.other, maxGroup)
		if err != nil {
			return s, fmt.Errorf("%s: at byte %d: %w", m.old.Name, q.off, err)
		}
		s.how, s.len = sourceMember, int64(len(b))
	}
	return s, nil
}

// maxGroup is how many bytes H and G decompress to at most (FORMAT.md 1).
const maxGroup = 1 << 16

// recompress decompresses a piece into m.data, and compresses it again. It completes the step, and
// reports whether it makes the bytes of the piece.
func (m *maker) recompress(p *piece, s *step) (right bool, err error) {
	m.data = m.data[:0]
	switch p.kind {
	case pieceHeader, pieceGroup, piecePadding:
		m.data, right = m.inflate(maxGroup)
	case pieceContent:
		m.data, right = m.inflate(int(p.size))
	case pieceSegment, pieceLast:
		m.data, err = m.inflater.appendSegment(m.data, m.bytes, p.size)
		if errors.Is(err, ErrCorrupt) {
			return false, nil
		}
		right = err == nil
	}
	if !right {
		return false, err
	}
	if s.how == stepZeros {
		s.zeros = int64(len(m.data))
		m.data = m.data[:0]
	}
	if s.how == stepGroup || s.how == stepZeros {
		h, err := gzmember.ParseHeader(m.bytes)
		if err != nil {
			return false, nil
		}
		s.extra = int64(len(h.Extra))
		m.data = append(m.data, h.Extra...)
	}
	s.data = int64(len(m.data)) - s.extra
	m.made = m.encoder.append(m.made[:0], s, m.data)
	return bytes.Equal(m.made, m.bytes), nil
}

// inflate decompresses the member m.bytes, which becomes at most limit bytes.
func (m *maker) inflate(limit int) ([]byte, bool) {
	b, used, err := gzmember.Inflate(m.data[:0], m.bytes, limit)
	return b, err == nil && used == len(m.bytes)
}

const (
	levelProbes  = 16 // contents by which the level is found
	defaultLevel = 6
)

// findLevel returns the level that makes most of some contents of the new archive.
func (m *maker) findLevel() (int, error) {
	var probes []*piece
	for k := range m.pairs.new {
		if p := &m.pairs.new[k]; p.kind == pieceContent && p.size > 1024 || p.kind == pieceSegment {
			probes = append(probes, p)
		}
	}
	if step := len(probes) / levelProbes; step > 1 {
		few := probes[:0]
		for k := step / 2; k < len(probes); k += step {
			few = append(few, probes[k])
		}
		probes = few
	}
	best, most := defaultLevel, -1
	for _, level := range []int{6, 9, 1, 2, 3, 4, 5, 7, 8} {
		var err error
		if m.encoder, err = newEncoder(level); err != nil {
			return 0, err
		}
		n := 0
		for _, p := range probes {
			if m.bytes, err = read(m.bytes, m.new, p.off, p.n); err != nil {
				return 0, err
			}
			right, err := m.recompress(p, &step{how: stepOf[p.kind]})
			if err != nil {
				return 0, err
			}
			if right {
				n++
			}
		}
		if n > most {
			best, most = level, n
		}
		if most == len(probes) {
			break
		}
	}
	return best, nil
}
