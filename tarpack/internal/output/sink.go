package output

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/tarpack/tpk/tarpack/format"
)

// sink carries out the orders of a Writer, one after the other, in a goroutine of its own. After an
// error it carries out nothing more.
type sink struct {
	w      io.Writer
	file   *os.File
	done   Done
	orders chan order
	served chan struct{} // receives after each order with wait
	free   chan []byte   // buffers for reuse
	ended  chan struct{} // is closed when the goroutine ends
	failed atomic.Bool
	err    error // valid once failed is true
}

// order is bytes to write, or a run to copy if run.n > 0.
type order struct {
	bytes []byte // belongs to the sink from now on, unless wait is set
	wait  bool   // the giver waits for served
	run   copyRun
}

// Done is how far a sink has come.
type Done struct {
	Written int64 // bytes written
	Started int64 // bytes whose writeback was requested
	noRange bool  // the kernel can't copy to this file
}

// sinkDepth is the number of orders that may wait.
const sinkDepth = 2

// MaxRuns is how many runs that were given to Writer.Copy may still have to be read: the last one,
// which may grow, those that wait, and one that is being carried out.
const MaxRuns = 1 + sinkDepth + 1

// startSink starts a sink that goes on from d.
func startSink(w io.Writer, file *os.File, d Done) *sink {
	s := &sink{
		w: w, file: file, done: d, orders: make(chan order, sinkDepth), served: make(chan struct{}),
		free: make(chan []byte, sinkDepth), ended: make(chan struct{}),
	}
	go s.serve()
	return s
}

// serve carries out orders until there are no more.
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

// carryOut carries out one order.
func (s *sink) carryOut(o order) error {
	if o.run.n > 0 {
		return s.copy(o.run)
	}
	return s.write(o.bytes)
}

// write writes bytes and counts them.
func (s *sink) write(b []byte) error {
	n, err := s.w.Write(b)
	s.count(int64(n))
	return err
}

// count adds n bytes to Written, and now and then requests writeback.
func (s *sink) count(n int64) {
	d := &s.done
	d.Written += n
	if s.file != nil && d.Written-d.Started >= writebackSize {
		startWriteback(s.file, d.Started, d.Written-d.Started)
		d.Started = d.Written
	}
}

// copy copies a run, by the kernel if possible.
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

// read fills b with the first bytes of the run, and removes these from the run.
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

// shrunk returns the error for a source that ends within the run.
func (r *copyRun) shrunk() error {
	return fmt.Errorf("%s: %w: it has shrunk", r.src.Name(), format.ErrChanged)
}
