package layout

import (
	"encoding/binary"
	"io"
)

// SectionBuffer is the number of bytes that a [SectionWriter] writes at once.
const SectionBuffer = 64 << 10

// SectionWriter writes a section from its beginning on. Its error is sticky; Flush returns it.
type SectionWriter struct {
	dst io.WriterAt
	off int64 // in the sidecar, of the next byte
	buf []byte
	err error
}

// NewSectionWriter returns a writer that starts at byte off of the sidecar.
func NewSectionWriter(dst io.WriterAt, off int64) *SectionWriter {
	return &SectionWriter{dst: dst, off: off, buf: make([]byte, 0, SectionBuffer)}
}

// Off returns the offset in the sidecar of the next byte.
func (w *SectionWriter) Off() int64 { return w.off }

// Err returns the first error of writing.
func (w *SectionWriter) Err() error { return w.err }

// Next returns the next n bytes, at most SectionBuffer, which the caller fills before any other
// call. They are not zero.
func (w *SectionWriter) Next(n int) []byte {
	if len(w.buf)+n > cap(w.buf) {
		w.Flush()
	}
	at := len(w.buf)
	w.buf = w.buf[:at+n]
	w.off += int64(n)
	return w.buf[at:]
}

// Write appends any number of bytes.
func (w *SectionWriter) Write(b []byte) {
	for len(b) > 0 {
		n := copy(w.Next(min(len(b), SectionBuffer)), b)
		b = b[n:]
	}
}

// Uint64 appends a number.
func (w *SectionWriter) Uint64(v uint64) { binary.LittleEndian.PutUint64(w.Next(8), v) }

// Flush writes the bytes in the buffer and returns the first error of all writes.
func (w *SectionWriter) Flush() error {
	if w.err == nil && len(w.buf) > 0 {
		_, w.err = w.dst.WriteAt(w.buf, w.off-int64(len(w.buf)))
	}
	w.buf = w.buf[:0]
	return w.err
}
