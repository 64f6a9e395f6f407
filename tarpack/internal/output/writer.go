package output

import (
	"io"
	"os"
)

const (
	WriteSize     = 1 << 20 // bytes of a write call
	writebackSize = 8 << 20 // bytes after which writeback is requested
)

// Writer collects what is written into large writes. A goroutine (sink) carries these out, so the
// caller does not wait for the system to copy.
//
// The first error stays. A later call returns it, at the latest Flush.
type Writer struct {
	W       io.Writer
	File    *os.File // W, if the kernel can copy to it and takes hints; may be nil
	buf     []byte
	Off     int64   // offset of the next byte
	Done    Done    // what was carried out; valid while sink is nil
	pending copyRun // a run that follows buf
	sink    *sink   // nil while there is nothing to carry out
	err     error
}

// Put writes b. The caller may reuse b.
func (w *Writer) Put(b []byte) error {
	w.Off += int64(len(b))
	if w.pending.n > 0 {
		if err := w.settle(); err != nil {
			return err
		}
	}
	if len(w.buf)+len(b) > WriteSize {
		if err := w.empty(); err != nil {
			return err
		}
		if len(b) >= WriteSize {
			return w.handOver(order{bytes: b, wait: true}) // b belongs to the caller
		}
	}
	if err := w.room(); err != nil {
		return err
	}
	w.buf = append(w.buf, b...)
	return w.Failed()
}

// Write makes Writer an io.Writer.
func (w *Writer) Write(b []byte) (int, error) {
	if err := w.Put(b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Flush carries out all that was written, and returns the first error.
func (w *Writer) Flush() error {
	err := w.settle()
	if err == nil {
		err = w.empty()
	}
	w.Stop()
	if err != nil {
		return err
	}
	return w.Failed()
}

// Stop carries out all orders and ends the goroutine, if there is one. What is in the buffer is not
// written.
func (w *Writer) Stop() {
	if w.sink == nil {
		return
	}
	close(w.sink.orders)
	<-w.sink.ended
	w.Done = w.sink.done
	_ = w.Failed()
	w.sink = nil
}

// Failed returns the first error so far.
func (w *Writer) Failed() error {
	if w.err == nil && w.sink != nil && w.sink.failed.Load() {
		w.err = w.sink.err
	}
	return w.err
}

// empty gives the buffer to the sink.
func (w *Writer) empty() error {
	if len(w.buf) == 0 {
		return w.Failed()
	}
	err := w.handOver(order{bytes: w.buf})
	w.buf = nil
	return err
}

// handOver gives an order to the sink, which it starts if necessary.
func (w *Writer) handOver(o order) error {
	if err := w.Failed(); err != nil {
		return err
	}
	if w.sink == nil {
		w.sink = startSink(w.W, w.File, w.Done)
	}
	w.sink.orders <- o
	if o.wait {
		<-w.sink.served
	}
	return w.Failed()
}

// room provides a buffer with room for at least one byte.
func (w *Writer) room() error {
	if len(w.buf) == WriteSize {
		if err := w.empty(); err != nil {
			return err
		}
	}
	if w.buf != nil {
		return nil
	}
	if w.sink != nil {
		select {
		case w.buf = <-w.sink.free:
			return nil
		default:
		}
	}
	w.buf = make([]byte, 0, WriteSize)
	return nil
}
