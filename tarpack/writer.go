package tarpack

import (
	"io"
	"os"
)

const (
	writeSize     = 1 << 20 // bytes a write call
	writebackSize = 8 << 20 // bytes after which the disk is set to work
)

// A writer gathers what is written into large writes and knows the offset. Its first error stays.
type writer struct {
	w       io.Writer
	file    *os.File // for hints to the kernel, may be nil
	buf     []byte
	off     int64   // of the next byte
	written int64   // bytes handed to w
	started int64   // bytes of which writeback was asked
	pending copyRun // bytes of another file that come after buf
	noRange bool    // the kernel can't copy
	err     error
}

func (w *writer) write(b []byte) error {
	w.off += int64(len(b))
	if w.pending.n > 0 {
		if err := w.settle(); err != nil {
			return err
		}
	}
	if len(w.buf)+len(b) > writeSize {
		if err := w.empty(); err != nil {
			return err
		}
		if len(b) >= writeSize {
			return w.handOver(b)
		}
	}
	w.buf = append(w.buf, b...)
	return w.err
}

// Write makes a writer an io.Writer.
func (w *writer) Write(b []byte) (int, error) {
	if err := w.write(b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// flush hands over all that was written.
func (w *writer) flush() error {
	if err := w.settle(); err != nil {
		return err
	}
	return w.empty()
}

// empty hands over the buffer.
func (w *writer) empty() error {
	err := w.handOver(w.buf)
	w.buf = w.buf[:0]
	return err
}

func (w *writer) handOver(b []byte) error {
	if w.err != nil || len(b) == 0 {
		return w.err
	}
	n, err := w.w.Write(b)
	w.err = err
	w.count(int64(n))
	return w.err
}

// count counts n bytes that were written, and sets the disk to work now and then.
func (w *writer) count(n int64) {
	w.written += n
	if w.file != nil && w.written-w.started >= writebackSize {
		startWriteback(w.file, w.started, w.written-w.started)
		w.started = w.written
	}
}
