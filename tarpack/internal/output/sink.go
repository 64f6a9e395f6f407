package output

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/tarpack/tpk/tarpack/format"
)

// A sink carries out what a writer hands over, in order, in a goroutine of its own. After an error it does nothing more.
type sink struct {
	w      io.Writer
	file   *os.File
	done   Done
	orders chan order
	served chan struct{} // after an order that its giver waits for
	free   chan []byte   // buffers that were written
	ended  chan struct{}
	failed atomic.Bool
	err    error // if failed
}

// An order is bytes to write, or a run to copy.
type order struct {
	bytes []byte // the sink's from now on, unless wait is set
	wait  bool
	run   copyRun
}

// done is how far a sink has come.
type Done struct {
	Written int64 // bytes
	Started int64 // bytes of which writeback was asked
	noRange bool  // the kernel can't copy
}

// sinkDepth is how many orders may wait.
const sinkDepth = 2

func startSink(w io.Writer, file *os.File, d Done) *sink {
	s := &sink{
		w: w, file: file, done: d, orders: make(chan order, sinkDepth), served: make(chan struct{}),
		free: make(chan []byte, sinkDepth), ended: make(chan struct{}),
	}
	go s.serve()
	return s
}

func (s *sink) serve() {
	defer close(s.ended)
	for o := range s.orders {
		if s.err == nil {
			if s.err = s.carryOut(o); s.err != nil {
				s.failed.Store(true)
			}
		}
		if o.wait {
			s.served <- struct{}{}
		} else if cap(o.bytes) == WriteSize {
			select {
			case s.free <- o.bytes[:0]:
			default:
			}
		}
	}
}

func (s *sink) carryOut(o order) error {
	if o.run.n > 0 {
		return s.copy(o.run)
	}
	return s.write(o.bytes)
}

func (s *sink) write(b []byte) error {
	n, err := s.w.Write(b)
	s.count(int64(n))
	return err
}

// count counts n bytes that were written, and sets the disk to work now and then.
func (s *sink) count(n int64) {
	d := &s.done
	d.Written += n
	if s.file != nil && d.Written-d.Started >= writebackSize {
		startWriteback(s.file, d.Started, d.Written-d.Started)
		d.Started = d.Written
	}
}

// copy copies a run, if it can by the kernel.
func (s *sink) copy(r copyRun) error {
	for r.n > 0 && !s.done.noRange {
		n, err := copyFileRange(s.file, r.src, r.off, min(r.n, writebackSize))
		if errors.Is(err, errors.ErrUnsupported) {
			s.done.noRange = true
			break
		}
		if err == nil && n == 0 {
			err = r.shrunk()
		}
		if err != nil {
			return err
		}
		r.off += n
		r.n -= n
		s.count(n)
	}
	if r.n == 0 {
		return nil
	}
	buf := GetBuffer(WriteSize)
	defer buf.Release()
	for r.n > 0 {
		b := buf.B[:min(r.n, WriteSize)]
		if err := r.read(b); err != nil {
			return err
		}
		if err := s.write(b); err != nil {
			return err
		}
	}
	return nil
}

// read fills b with the first bytes of the run, and takes them off it.
func (r *copyRun) read(b []byte) error {
	n, err := r.src.ReadAt(b, r.off)
	if n < len(b) {
		if errors.Is(err, io.EOF) {
			err = r.shrunk()
		}
		return err
	}
	r.off += int64(n)
	r.n -= int64(n)
	return nil
}

func (r *copyRun) shrunk() error {
	return fmt.Errorf("%s: %w: it has shrunk", r.src.Name(), format.ErrChanged)
}
