package output

import (
	"os"
)

// copyAtOnce is the number of bytes from which a run is copied by the kernel. Shorter runs go
// through the write buffer.
const copyAtOnce = 128 << 10

// copyRun is n bytes of another file, from offset off, that are to be copied.
type copyRun struct {
	src    *os.File
	off, n int64
}

// Copy copies n bytes of src, from offset off. Adjacent runs are joined and copied as one. src must
// stay open until MaxRuns other runs were given, or the Writer is flushed.
func (w *Writer) Copy(src *os.File, off, n int64) error {
	w.Off += n
	if r := &w.pending; r.src == src && r.off+r.n == off {
		r.n += n
		return w.Failed()
	}
	err := w.settle()
	w.pending = copyRun{src, off, n}
	return err
}

// settle copies the pending run.
func (w *Writer) settle() error {
	r := w.pending
	w.pending = copyRun{}
	if r.n == 0 {
		return w.Failed()
	}
	if r.n < copyAtOnce || w.File == nil {
		return w.copyThroughBuffer(r)
	}
	if err := w.empty(); err != nil {
		return err
	}
	return w.handOver(order{run: r})
}

// copyThroughBuffer copies a run by way of the write buffer.
func (w *Writer) copyThroughBuffer(r copyRun) error {
	for r.n > 0 && w.Failed() == nil {
		if err := w.room(); err != nil {
			return err
		}
		have := len(w.buf)
		w.buf = w.buf[:min(WriteSize, have+int(min(r.n, WriteSize)))]
		if err := r.read(w.buf[have:]); err != nil {
			w.err = err
			return err
		}
	}
	return w.Failed()
}
