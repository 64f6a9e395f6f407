package sidecar

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// scratch is where bytes go that are read from an io.ReaderAt: one buffer for each view that is in use at the same time.
// A sidecar in memory needs none of them.
type scratch struct {
	bucket, record, blocks, path, text []byte
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

// view gives n bytes of a section, from off on: a part of the sidecar in memory, or read into buf. It is the only way to
// the sidecar's bytes.
func (x *Index) view(sec int, off, n int64, buf *[]byte) ([]byte, error) {
	if x.r == nil {
		if s := x.sec[sec]; off >= 0 && n >= 0 && off <= int64(len(s))-n {
			return s[off : off+n : off+n], nil
		}
	}
	return x.readView(sec, off, n, buf)
}

// readView is view for all but a part of memory.
func (x *Index) readView(sec int, off, n int64, buf *[]byte) ([]byte, error) {
	s := x.sections[sec]
	switch {
	case x.closed:
		return nil, os.ErrClosed
	case off < 0 || n < 0 || off > s.len-n:
		return nil, corrupt("%d bytes at %d in section %s of %d bytes", n, off, sectionNames[sec], s.len)
	}
	if int64(cap(*buf)) < n {
		*buf = make([]byte, n)
	}
	b := (*buf)[:n]
	return b, readFull(x.r, b, s.off+off)
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
