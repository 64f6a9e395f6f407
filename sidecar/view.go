package sidecar

import (
	"os"
	"runtime/debug"
	"unsafe"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// Another program may truncate a mapped file. A read beyond its new end raises SIGBUS, which ends a
// Go process unless the goroutine that reads has asked for a panic instead. So each exported method
// that reads the sidecar begins with
//
//	defer x.caught(debug.SetPanicOnFault(true), &err)
//
// which takes a few nanoseconds and does not allocate.

// caught turns a fault in the mapped file into an error and restores the earlier setting.
func (x *Index) caught(before bool, err *error) {
	debug.SetPanicOnFault(before)
	if r := recover(); r != nil {
		*err = x.fault(r)
	}
}

// fault returns the error for a panic raised by an access to the mapped file. It passes any other
// panic on.
func (x *Index) fault(r any) error {
	f, ok := r.(interface{ Addr() uintptr })
	if !ok || len(x.mem) == 0 {
		panic(r)
	}
	at := f.Addr() - uintptr(unsafe.Pointer(unsafe.SliceData(x.mem)))
	if at >= uintptr(len(x.mem)) {
		panic(r)
	}
	return layout.Corruptf("byte %d cannot be read:"+
		" the file was cut short, or cannot be read from disk", at)
}

// buffer holds bytes read from an io.ReaderAt. If ahead is set, each read fetches that many, which
// serve the next views.
type buffer struct {
	b     []byte
	sec   int
	off   int64 // in the section
	ahead int64
}

// scratch has a buffer for each view that is in use at the same time. A sidecar in memory needs
// none of them.
type scratch struct {
	bucket, record, target, blocks, path, text buffer

	// With dir, lookup sets below if it finds a path with one below it in the same block. So that is a
	// directory, and its record need not be read. With KeepTable, it does not ask about headers.
	dir, below bool
}

// noScratch has the buffers for a sidecar in memory, which are never touched.
var noScratch scratch

// borrow returns buffers, which the caller returns with giveBack.
func (x *Index) borrow() *scratch {
	if x.r == nil {
		return &noScratch
	}
	return x.pool.Get().(*scratch)
}

// giveBack returns buffers to the pool.
func (x *Index) giveBack(s *scratch) {
	if x.r != nil {
		x.pool.Put(s)
	}
}

// sequential returns buffers for reading entries in order, ahead bytes at once.
func (x *Index) sequential(ahead int64) *scratch {
	if x.r == nil {
		return &noScratch
	}
	s := new(scratch)
	s.record.ahead, s.blocks.ahead, s.path.ahead, s.text.ahead = ahead, ahead, ahead, ahead
	return s
}

// view returns n bytes at offset off of a section: a part of the sidecar in memory, or bytes read
// into buf. All access to sections goes through it.
func (x *Index) view(sec int, off, n int64, buf *buffer) ([]byte, error) {
	if x.r == nil {
		if s := x.sec[sec]; off >= 0 && n >= 0 && off <= int64(len(s))-n {
			return s[off : off+n : off+n], nil
		}
	}
	return x.readView(sec, off, n, buf)
}

// readView is view for bytes that are not in memory.
func (x *Index) readView(sec int, off, n int64, buf *buffer) ([]byte, error) {
	s := x.sections[sec]
	switch {
	case x.closed:
		return nil, os.ErrClosed
	case off < 0 || n < 0 || off > s.Len-n:
		return nil, layout.Corruptf("%d bytes at %d in section %s of %d bytes",
			n, off, layout.SectionNames[sec], s.Len)
	case x.sec[sec] != nil: // KeepTable has kept it
		return x.sec[sec][off : off+n : off+n], nil
	case x.parts != nil:
		if b, ok := x.part(s.Off+off, n); ok {
			return b, nil
		}
		return x.copyTo(buf, sec, off, n)
	case buf.ahead > 0 && buf.sec == sec &&
		off >= buf.off && off+n <= buf.off+int64(len(buf.b)):
		return buf.b[off-buf.off:][:n], nil
	}
	b, err := x.copyTo(buf, sec, off, max(n, min(buf.ahead, s.Len-off)))
	if err != nil {
		return nil, err
	}
	return b[:n], nil
}

// copyTo reads n bytes at offset off of a section, which has them, into buf.
func (x *Index) copyTo(buf *buffer, sec int, off, n int64) ([]byte, error) {
	if int64(cap(buf.b)) < n {
		buf.b = make([]byte, n)
	}
	buf.b, buf.sec, buf.off = buf.b[:n], sec, off
	if err := layout.ReadFull(x.r, buf.b, x.sections[sec].Off+off); err != nil {
		buf.b = buf.b[:0]
		return nil, err
	}
	return buf.b, nil
}

// bytesAt returns n bytes at offset off of a sidecar that has them: in memory, or read into buf.
func (x *Index) bytesAt(off, n int64, buf *[]byte) ([]byte, error) {
	switch {
	case x.closed:
		return nil, os.ErrClosed
	case x.r == nil:
		return x.mem[off : off+n : off+n], nil
	case int64(cap(*buf)) < n:
		*buf = make([]byte, n)
	}
	b := (*buf)[:n]
	return b, layout.ReadFull(x.r, b, off)
}

// record returns the record of entry i.
func (x *Index) record(i int64, buf *buffer) ([]byte, error) {
	return x.view(layout.Records, i*layout.RecordSize, layout.RecordSize, buf)
}
