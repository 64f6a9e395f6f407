package sorter

import (
	"bufio"
	"bytes"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"os"
)

const (
	runBuffer    = 64 << 10 // bytes, to write a run; to read one about the same
	minRunBuffer = 4 << 10
	maxFanIn     = 512 // runs merged at once
)

// tempFile is a temporary file. Where the system allows it, the file has no name, so that it
// disappears even if the program is killed.
type tempFile struct {
	*os.File
	size int64
	name string // to be removed by close, "" if the file has none
}

// newTempFile creates a temporary file in dir.
func newTempFile(dir string) (*tempFile, error) {
	f, err := os.CreateTemp(dir, "tpk-sort-*.tmp")
	if err != nil {
		return nil, err
	}
	t := &tempFile{File: f}
	if os.Remove(f.Name()) != nil {
		t.name = f.Name()
	}
	return t, nil
}

// close closes and removes the file. It does nothing if t is nil.
func (t *tempFile) close() error {
	if t == nil {
		return nil
	}
	err := t.Close()
	if t.name != "" {
		err = errors.Join(err, os.Remove(t.name))
	}
	return err
}

// Write appends b.
func (t *tempFile) Write(b []byte) (int, error) {
	n, err := t.WriteAt(b, t.size)
	t.size += int64(n)
	return n, err
}

// run is a sorted sequence of records in a temporary file, from off up to end.
type run struct{ off, end int64 }

// writeRun appends the run that write writes.
func (t *tempFile) writeRun(write func(w *bufio.Writer) error) (run, error) {
	r := run{off: t.size}
	w := bufio.NewWriterSize(t, runBuffer)
	if err := write(w); err != nil {
		return r, err
	}
	if err := w.Flush(); err != nil {
		return r, fmt.Errorf("writing a temporary file: %w", err)
	}
	r.end = t.size
	return r, nil
}

// spill sorts the records in memory and moves them to a new run.
func (s *Sorter) spill() (err error) {
	if s.file == nil {
		if s.file, err = newTempFile(s.dir); err != nil {
			return err
		}
	}
	s.sort()
	r, err := s.file.writeRun(func(w *bufio.Writer) error {
		for _, ref := range s.order {
			b := s.chunks[ref.chunk][ref.off:]
			w.Write(b[:recordLen(b)]) // a bufio.Writer returns its error from Flush
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.runs = append(s.runs, r)
	for i := range s.chunks {
		s.chunks[i] = s.chunks[i][:0]
	}
	s.cur, s.n = 0, 0
	return nil
}

// mergeDown merges neighbouring runs until few enough are left to be read side by side.
func (s *Sorter) mergeDown() error {
	fanIn := min(max(s.budget/runBuffer, 2), maxFanIn)
	for len(s.runs) > fanIn {
		f, err := newTempFile(s.dir)
		if err != nil {
			return err
		}
		var runs []run
		for len(s.runs) > 0 {
			n := min(fanIn, len(s.runs))
			r, err := f.writeRun(func(w *bufio.Writer) error {
				return mergeTo(w, s.file, s.runs[:n], s.budget)
			})
			if err != nil {
				return errors.Join(err, f.close())
			}
			runs, s.runs = append(runs, r), s.runs[n:]
		}
		err = s.file.close()
		s.file, s.runs = f, runs
		if err != nil {
			return err
		}
	}
	return nil
}

// mergeTo writes the records of several runs in order.
func mergeTo(w *bufio.Writer, f io.ReaderAt, runs []run, budget int) error {
	m, err := newMerger(f, runs, budget)
	if err != nil {
		return err
	}
	for len(m.runs) > 0 {
		w.Write(m.runs[0].record)
		if err := m.advance(); err != nil {
			return err
		}
	}
	return nil
}

// merger reads runs side by side. It is a heap of readers, with the smallest key on top.
type merger struct {
	runs    runHeap
	started bool
}

// newMerger returns a merger of runs, which share a budget of memory.
func newMerger(f io.ReaderAt, runs []run, budget int) (*merger, error) {
	m := &merger{}
	size := min(max(budget/len(runs), minRunBuffer), 4*runBuffer)
	for i, r := range runs {
		rr := &runReader{f: f, run: r, number: i, buf: make([]byte, 0, size)}
		switch ok, err := rr.next(); {
		case err != nil:
			return nil, err
		case ok:
			m.runs = append(m.runs, rr)
		}
	}
	heap.Init(&m.runs)
	return m, nil
}

// next returns the next record, which is valid until the following call. Ok is false at the end.
func (m *merger) next() (key, val []byte, ok bool, err error) {
	if m.started {
		if err := m.advance(); err != nil {
			return nil, nil, false, err
		}
	}
	m.started = true
	if len(m.runs) == 0 {
		return nil, nil, false, nil
	}
	key, val = splitRecord(m.runs[0].record)
	return key, val, true, nil
}

// advance moves past the record on top of the heap.
func (m *merger) advance() error {
	if len(m.runs) == 0 {
		return nil
	}
	ok, err := m.runs[0].next()
	if err != nil {
		return err
	}
	if ok {
		heap.Fix(&m.runs, 0)
	} else {
		heap.Pop(&m.runs)
	}
	return nil
}

// runReader reads one run.
type runReader struct {
	f      io.ReaderAt
	run           // the part not yet read
	number int    // place of the run: records of equal keys keep their order
	buf    []byte // bytes read
	at     int    // offset in buf of the next record

	record, key []byte
}

// next moves to the next record. It returns false at the end of the run.
func (r *runReader) next() (bool, error) {
	if r.at == len(r.buf) && r.off == r.end {
		r.record, r.key = nil, nil
		return false, nil
	}
	if err := r.fill(recordFrame); err != nil {
		return false, err
	}
	n := recordLen(r.buf[r.at:])
	if err := r.fill(n); err != nil {
		return false, err
	}
	r.record = r.buf[r.at : r.at+n]
	r.key, _ = splitRecord(r.record)
	r.at += n
	return true, nil
}

// fill reads until buf has n bytes from at on.
func (r *runReader) fill(n int) error {
	left := len(r.buf) - r.at
	if left >= n {
		return nil
	}
	if cap(r.buf) < n {
		b := make([]byte, left, 2*n)
		copy(b, r.buf[r.at:])
		r.buf = b
	} else {
		copy(r.buf[:left], r.buf[r.at:])
	}
	r.at = 0
	more := int(min(int64(cap(r.buf)-left), r.end-r.off))
	r.buf = r.buf[:left+more]
	if _, err := r.f.ReadAt(r.buf[left:], r.off); err != nil {
		return fmt.Errorf("reading a temporary file: %w", err)
	}
	r.off += int64(more)
	if len(r.buf) < n {
		return fmt.Errorf("reading a temporary file: %w", io.ErrUnexpectedEOF)
	}
	return nil
}

// runHeap orders readers by the key of their record. It implements heap.Interface.
type runHeap []*runReader

func (h runHeap) Len() int { return len(h) }

func (h runHeap) Less(i, j int) bool {
	c := bytes.Compare(h[i].key, h[j].key)
	return c < 0 || c == 0 && h[i].number < h[j].number
}

func (h runHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h *runHeap) Push(x any) { *h = append(*h, x.(*runReader)) }

func (h *runHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
