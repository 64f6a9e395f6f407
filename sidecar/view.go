package sidecar

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// buffer is where bytes go that are read from an io.ReaderAt. With ahead it reads that much at once, and keeps it for the
// next views.
type buffer struct {
	b     []byte
	sec   int
	off   int64 // in the section
	ahead int64
}

// scratch has a buffer for each view that is in use at the same time. A sidecar in memory needs none of them.
type scratch struct {
	bucket, record, target, blocks, path, text buffer
}

// noScratch stands for the buffers of a sidecar in memory, which are never touched.
var noScratch scratch

// borrow gives buffers, to be given back.
func (x *Index) borrow() *scratch {
	if x.r == nil {
		return &noScratch
	}
	return x.pool.Get().(*scratch)
}

// giveBack is the other half of borrow.
func (x *Index) giveBack(s *scratch) {
	if x.r != nil {
		x.pool.Put(s)
	}
}

// sequential gives buffers for reading entries one after the other, ahead bytes at once.
func (x *Index) sequential(ahead int64) *scratch {
	if x.r == nil {
		return &noScratch
	}
	s := new(scratch)
	s.record.ahead, s.blocks.ahead, s.path.ahead, s.text.ahead = ahead, ahead, ahead, ahead
	return s
}

// view gives n bytes of a section, from off on: a part of the sidecar in memory, or read into buf. It is the only way to
// the sidecar's bytes.
func (x *Index) view(sec int, off, n int64, buf *buffer) ([]byte, error) {
	if x.r == nil {
		if s := x.sec[sec]; off >= 0 && n >= 0 && off <= int64(len(s))-n {
			return s[off : off+n : off+n], nil
		}
	}
	return x.readView(sec, off, n, buf)
}

// readView is view for all but a part of memory.
func (x *Index) readView(sec int, off, n int64, buf *buffer) ([]byte, error) {
	s := x.sections[sec]
	switch {
	case x.closed:
		return nil, os.ErrClosed
	case off < 0 || n < 0 || off > s.len-n:
		return nil, corrupt("%d bytes at %d in section %s of %d bytes", n, off, sectionNames[sec], s.len)
	case buf.ahead > 0 && buf.sec == sec && off >= buf.off && off+n <= buf.off+int64(len(buf.b)):
		return buf.b[off-buf.off:][:n], nil
	}
	more := max(n, min(buf.ahead, s.len-off))
	if int64(cap(buf.b)) < more {
		buf.b = make([]byte, more)
	}
	buf.b, buf.sec, buf.off = buf.b[:more], sec, off
	if err := readFull(x.r, buf.b, s.off+off); err != nil {
		buf.b = buf.b[:0]
		return nil, err
	}
	return buf.b[:n], nil
}

// readFull fills b from offset off of a sidecar. That it ends before is corruption: its size was said when it was opened.
func readFull(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	switch {
	case n == len(b):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return corrupt("it ends at byte %d", off+int64(n))
	}
	return fmt.Errorf("reading the sidecar at byte %d: %w", off+int64(n), err)
}
