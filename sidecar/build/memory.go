package build

import (
	"errors"
	"io"
)

// File is what Finish writes a sidecar to and reads it back from: an [os.File] or a [Memory].
type File interface {
	io.ReaderAt
	io.WriterAt
}

// Memory is a [File] in memory. The zero value is empty. It is not safe for concurrent use.
type Memory struct{ b []byte }

// Bytes returns the whole content. It is valid until the next WriteAt.
func (m *Memory) Bytes() []byte { return m.b }

// ReadAt implements [io.ReaderAt].
func (m *Memory) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("sidecar: negative offset")
	}
	if off >= int64(len(m.b)) {
		return 0, io.EOF
	}
	n := copy(p, m.b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt implements [io.WriterAt]. Bytes between the old end and off become zero.
func (m *Memory) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("sidecar: negative offset")
	}
	if end := off + int64(len(p)); end > int64(len(m.b)) {
		if end > int64(cap(m.b)) {
			b := make([]byte, len(m.b), max(end, 2*int64(cap(m.b))))
			copy(b, m.b)
			m.b = b
		}
		m.b = m.b[:end] // never shrunk, so bytes beyond the old length are zeros
	}
	return copy(m.b[off:], p), nil
}
