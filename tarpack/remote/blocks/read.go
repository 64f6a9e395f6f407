package blocks

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/tarpack/tpk/tarpack/source"
)

var errOffset = errors.New("negative offset")

// ReadAt implements source.Source. It waits for what is missing.
func (g *Generation) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errOffset
	}
	if off >= g.size {
		if len(p) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	end := off + min(int64(len(p)), g.size-off)
	r := reading{g: g, p: p[:end-off], off: off, end: end}
	err := r.run(context.Background())
	n := int(r.off - off)
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// ReadNow implements source.Source.
func (g *Generation) ReadNow(p []byte, off int64) bool {
	if off < 0 || int64(len(p)) > g.size-off {
		return false
	}
	for len(p) > 0 {
		n := g.cached(p, off, true)
		if n == 0 {
			return false
		}
		p, off = p[n:], off+int64(n)
	}
	return true
}

// Fetch implements source.Source. Without a directory it fetches only the first part of a long
// range, since the rest would drive that out of memory.
func (g *Generation) Fetch(ctx context.Context, off, n int64) error {
	if off < 0 {
		return errOffset
	}
	n = min(n, g.size-off)
	if g.disk == nil {
		n = min(n, g.window*blockSize)
	}
	r := reading{g: g, off: off, end: off + n}
	return r.run(ctx)
}

// Piece implements source.Source. ok is false unless all n bytes are in the cache file. They stay
// there until the Piece is released, so it should be released soon.
func (g *Generation) Piece(off, n int64) (piece source.Piece, ok bool, err error) {
	if g.disk == nil || off < 0 || n > g.size-off {
		return source.Piece{}, false, nil
	}
	file, release, ok := g.disk.Pin(off, n)
	if !ok {
		return source.Piece{}, false, nil
	}
	return source.Piece{File: file, Offset: off, Length: n, Release: release}, true, nil
}

// Map implements source.Source. It returns nil: what is missing in the file would be zeros.
func (g *Generation) Map() ([]byte, func() error) { return nil, nil }

// cached reads what is in the cache from offset off, as much of p as it can, and at least one byte
// unless it returns 0. With now it does not block.
func (g *Generation) cached(p []byte, off int64, now bool) int {
	if g.disk != nil {
		if n := g.disk.Read(p, off, now); n > 0 {
			return n
		}
	}
	return g.cache.memory.read(address{g, off / blockSize}, p, off%blockSize)
}

// reading brings a part of the object into the cache, and copies it.
type reading struct {
	g        *Generation
	p        []byte // what is left of the reader's memory; nil if nothing is copied
	off, end int64  // what is left to be read
}

// run reads all. If it fails, off is where it has stopped.
func (r *reading) run(ctx context.Context) error {
	g := r.g
	if r.off >= r.end {
		return nil
	}
	ahead := g.blockEnd(g.streams.note(r.off, r.end-r.off))
	for r.off < r.end {
		if r.cached(r.end) {
			continue
		}
		first := r.off / blockSize
		end := min(g.blockEnd(r.end), first+g.window)
		until := end
		if end < g.blockEnd(r.end) {
			until = min(g.blockEnd(r.end), end+g.streams.limit/blockSize)
		} else if ahead > end {
			until, ahead = ahead, 0
		}
		waits, err := g.want(first, end, until, r.p != nil)
		if err != nil {
			return err
		}
		if err := r.collect(ctx, waits); err != nil {
			return err
		}
	}
	if ahead > g.blockEnd(r.end) {
		g.readAhead(g.blockEnd(r.end), ahead)
	}
	return nil
}

// blockEnd returns the number of the first block after an offset.
func (g *Generation) blockEnd(off int64) int64 {
	off = min(off, g.size)
	end := off / blockSize
	if off%blockSize > 0 { // adding blockSize - 1 first could overflow
		end++
	}
	return end
}

// readAhead requests blocks that nobody waits for.
func (g *Generation) readAhead(first, end int64) {
	g.running.Go(func() { _, _ = g.want(first, first, end, false) })
}

// collect waits for blocks, which are in order. Between them are blocks that are in the cache. If
// such a block has been removed meanwhile, collect stops before it.
func (r *reading) collect(ctx context.Context, waits []*pending) error {
	for i, w := range waits {
		begin := w.block * blockSize
		for r.off < begin {
			if !r.cached(begin) {
				r.g.leave(waits[i:])
				return nil
			}
		}
		select {
		case <-w.done:
		case <-ctx.Done():
			r.g.leave(waits[i:])
			return context.Cause(ctx)
		}
		if w.err != nil {
			r.g.leave(waits[i+1:])
			return w.err
		}
		n := min(r.end, begin+r.g.length(w.block)) - r.off
		if r.p != nil {
			copy(r.p[:n], w.data[r.off-begin:])
			r.p = r.p[n:]
		}
		r.off += n
		waits[i] = nil // its data may go
	}
	return nil
}

// scratch is memory for bytes that are read to have them in the system's memory.
var scratch = sync.Pool{New: func() any { b := make([]byte, 256<<10); return &b }}

// cached reads what is in the cache, up to an offset, and reports whether there is anything.
func (r *reading) cached(end int64) bool {
	p := r.p
	if p == nil {
		buf := scratch.Get().(*[]byte)
		defer scratch.Put(buf)
		p = *buf
	}
	n := r.g.cached(p[:min(int64(len(p)), end-r.off)], r.off, false)
	r.off += int64(n)
	if r.p != nil {
		r.p = r.p[n:]
	}
	return n > 0
}
