package sidecar

import (
	"encoding/binary"
	"io"
)

// sectionWriter writes a section from its beginning on. Its error is sticky, and told by flush.
type sectionWriter struct {
	dst io.WriterAt
	off int64 // in the sidecar, of what is written next
	buf []byte
	err error
}

// sectionBuffer holds what is written at once.
const sectionBuffer = 64 << 10

// newSectionWriter starts at byte off of the sidecar.
func newSectionWriter(dst io.WriterAt, off int64) *sectionWriter {
	return &sectionWriter{dst: dst, off: off, buf: make([]byte, 0, sectionBuffer)}
}

// next gives the next n bytes for the caller to fill, before any other call. They are not zero.
func (w *sectionWriter) next(n int) []byte {
	if len(w.buf)+n > cap(w.buf) {
		w.flush()
	}
	at := len(w.buf)
	w.buf = w.buf[:at+n]
	w.off += int64(n)
	return w.buf[at:]
}

// write takes any number of bytes.
func (w *sectionWriter) write(b []byte) {
	for len(b) > 0 {
		n := copy(w.next(min(len(b), sectionBuffer)), b)
		b = b[n:]
	}
}

// uint64 takes a number.
func (w *sectionWriter) uint64(v uint64) { binary.LittleEndian.PutUint64(w.next(8), v) }

// flush writes what is held.
func (w *sectionWriter) flush() error {
	if w.err == nil && len(w.buf) > 0 {
		_, w.err = w.dst.WriteAt(w.buf, w.off-int64(len(w.buf)))
	}
	w.buf = w.buf[:0]
	return w.err
}
