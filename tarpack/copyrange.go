package tarpack

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// copyAtOnce is the length of a run from which the kernel is asked to copy it; shorter ones go through the write buffer.
const copyAtOnce = 128 << 10

// A copyRun is a piece of another file that is to be copied.
type copyRun struct {
	src    *os.File
	off, n int64
}

// copy copies n bytes of src, from off. Runs of neighbours are put together and copied as one.
func (w *writer) copy(src *os.File, off, n int64) error {
	w.off += n
	if r := &w.pending; r.src == src && r.off+r.n == off {
		r.n += n
		return w.err
	}
	err := w.settle()
	w.pending = copyRun{src, off, n}
	return err
}

// settle copies the run at hand.
func (w *writer) settle() error {
	r := w.pending
	w.pending = copyRun{}
	if r.n == 0 || w.err != nil {
		return w.err
	}
	if r.n < copyAtOnce || w.file == nil || w.noRange {
		return w.copyThroughBuffer(r)
	}
	if err := w.empty(); err != nil {
		return err
	}
	for r.n > 0 {
		n, err := copyFileRange(w.file, r.src, r.off, min(r.n, writebackSize))
		if errors.Is(err, errors.ErrUnsupported) {
			w.noRange = true
			return w.copyThroughBuffer(r)
		}
		if err == nil && n == 0 {
			err = fmt.Errorf("%s: %w: it has shrunk", r.src.Name(), ErrChanged)
		}
		if err != nil {
			w.err = err
			return err
		}
		r.off += n
		r.n -= n
		w.count(n)
	}
	return nil
}

// copyThroughBuffer copies a short run, and what the kernel can't.
func (w *writer) copyThroughBuffer(r copyRun) error {
	for r.n > 0 {
		if len(w.buf) == writeSize {
			if err := w.empty(); err != nil {
				return err
			}
		}
		if cap(w.buf) < writeSize {
			w.buf = append(make([]byte, 0, writeSize), w.buf...)
		}
		b := w.buf[len(w.buf):min(writeSize, len(w.buf)+int(min(r.n, writeSize)))]
		n, err := r.src.ReadAt(b, r.off)
		if n < len(b) {
			if errors.Is(err, io.EOF) {
				err = fmt.Errorf("%s: %w: it has shrunk", r.src.Name(), ErrChanged)
			}
			w.err = err
			return err
		}
		w.buf = w.buf[:len(w.buf)+n]
		r.off += int64(n)
		r.n -= int64(n)
	}
	return nil
}
