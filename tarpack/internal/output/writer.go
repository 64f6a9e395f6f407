package output

import (
	"io"
	"os"
)

const (
	WriteSize     = 1 << 20 // bytes a write call
	writebackSize = 8 << 20 // bytes after which the disk is set to work
)

// A writer gathers what is written into large writes and knows the offset. A goroutine of its own (sink) carries them out,
// so that whoever makes an archive need not wait for the system to copy. The first error stays; it is told by a later
// call, at the latest by flush.
type Writer struct {
	W       io.Writer
	File    *os.File // w, if the kernel can copy to it and wants hints; may be nil
	buf     []byte
	Off     int64   // of the next byte
	Done    Done    // what was carried out, while sink is nil
	pending copyRun // bytes of another file that come after buf
	sink    *sink   // nil while there is nothing to carry out
	err     error
}

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
			return w.handOver(order{bytes: b, wait: true}) // it is the caller's
		}
	}
	if err := w.room(); err != nil {
		return err
	}
	w.buf = append(w.buf, b...)
	return w.Failed()
}

// Write makes a writer an io.Writer.
func (w *Writer) Write(b []byte) (int, error) {
	if err := w.Put(b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// flush has all carried out that was written.
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

// stop ends the goroutine, if there is one. What was handed over is carried out before.
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

// failed is the first error.
func (w *Writer) Failed() error {
	if w.err == nil && w.sink != nil && w.sink.failed.Load() {
		w.err = w.sink.err
	}
	return w.err
}

// empty hands over the buffer.
func (w *Writer) empty() error {
	if len(w.buf) == 0 {
		return w.Failed()
	}
	err := w.handOver(order{bytes: w.buf})
	w.buf = nil
	return err
}

// handOver has an order carried out.
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

// room makes sure that the buffer has room: for what fits into the rest of it, or for a byte at least.
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
