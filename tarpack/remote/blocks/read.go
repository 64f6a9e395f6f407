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
func (c *Cache) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errOffset
	}
	if off >= c.size {
		if len(p) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	end := min(c.size, off+int64(len(p)))
	r := reading{c: c, p: p[:end-off], off: off, end: end}
	err := r.run(context.Background())
	n := int(r.off - off)
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// ReadNow implements source.Source.
func (c *Cache) ReadNow(p []byte, off int64) bool {
	if off < 0 || int64(len(p)) > c.size-off {
		return false
	}
	for len(p) > 0 {
		n := c.cached(p, off, true)
		if n == 0 {
			return false
		}
		p, off = p[n:], off+int64(n)
	}
	return true
}

// Fetch implements source.Source. Without a directory, more bytes than are kept in memory can't be
// read by ReadNow afterwards.
func (c *Cache) Fetch(ctx context.Context, off, n int64) error {
	if off < 0 {
		return errOffset
	}
	r := reading{c: c, off: off, end: min(c.size, off+max(0, n))}
	return r.run(ctx)
}

// Piece implements source.Source. ok is false unless all n bytes are in the cache file. They stay
// there until the Piece is released, so it should be released soon.
func (c *Cache) Piece(off, n int64) (piece source.Piece, ok bool, err error) {
	if c.disk == nil || off < 0 || n > c.size-off {
		return source.Piece{}, false, nil
	}
	file, release, ok := c.disk.Pin(off, n)
	if !ok {
		return source.Piece{}, false, nil
	}
	return source.Piece{File: file, Offset: off, Length: n, Release: release}, true, nil
}

// Map implements source.Source. It returns nil: what is missing in the file would be zeros.
func (c *Cache) Map() ([]byte, func() error) { return nil, nil }

// cached reads what is in the cache from offset off, as much of p as it can, and at least one byte
// unless it returns 0. With now it does not block.
func (c *Cache) cached(p []byte, off int64, now bool) int {
	if c.disk != nil {
		if n := c.disk.Read(p, off, now); n > 0 {
			return n
		}
	}
	return c.memory.read(p, off)
}

// reading brings a part of the object into the cache, and copies it.
type reading struct {
	c        *Cache
	p        []byte // what is left of the reader's memory; nil if nothing is copied
	off, end int64  // what is left to be read
}

// run reads all. If it fails, off is where it has stopped.
func (r *reading) run(ctx context.Context) error {
	c := r.c
	if r.off >= r.end {
		return nil
	}
	ahead := c.blockEnd(c.streams.note(r.off, r.end-r.off))
	for r.off < r.end {
		if r.cached(r.end) {
			continue
		}
		first := r.off / blockSize
		end := min(c.blockEnd(r.end), first+c.window)
		until := end
		if end == c.blockEnd(r.end) && ahead > end {
			until, ahead = ahead, 0
		}
		waits, err := c.want(first, end, until, r.p != nil)
		if err != nil {
			return err
		}
		if err := r.collect(ctx, waits); err != nil {
			return err
		}
	}
	if ahead > c.blockEnd(r.end) {
		c.readAhead(c.blockEnd(r.end), ahead)
	}
	return nil
}

// blockEnd returns the number of the first block after an offset.
func (c *Cache) blockEnd(off int64) int64 {
	return (min(off, c.size) + blockSize - 1) / blockSize
}

// readAhead requests blocks that nobody waits for.
func (c *Cache) readAhead(first, end int64) {
	c.running.Go(func() { _, _ = c.want(first, first, end, false) })
}

// collect waits for blocks, which are in order. Between them are blocks that are in the cache. If
// such a block has been removed meanwhile, collect stops before it.
func (r *reading) collect(ctx context.Context, waits []*pending) error {
	for i, w := range waits {
		begin := w.block * blockSize
		for r.off < begin {
			if !r.cached(begin) {
				r.c.leave(waits[i:])
				return nil
			}
		}
		select {
		case <-w.done:
		case <-ctx.Done():
			r.c.leave(waits[i:])
			return context.Cause(ctx)
		}
		if w.err != nil {
			r.c.leave(waits[i+1:])
			return w.err
		}
		n := min(r.end, begin+r.c.length(w.block)) - r.off
		if r.p != nil {
			copy(r.p[:n], w.data[r.off-begin:])
			r.p = r.p[n:]
		}
		r.off += n
		waits[i] = nil // the data may be many
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
	n := r.c.cached(p[:min(int64(len(p)), end-r.off)], r.off, false)
	r.off += int64(n)
	if r.p != nil {
		r.p = r.p[n:]
	}
	return n > 0
}
