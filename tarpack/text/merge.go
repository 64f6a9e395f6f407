package text

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"fmt"
	"io"
)

// A run is a run that is being read. It holds one list.
type run struct {
	r         *bufio.Reader
	number    int // earlier runs have earlier documents
	term      []byte
	count     uint64
	last      int64
	docs      []byte
	positions []byte
}

// next reads the next list. It returns io.EOF at the end.
func (r *run) next() error {
	if _, err := r.r.Peek(1); err != nil {
		return err
	}
	var n [5]uint64
	for k := range n {
		var err error
		if n[k], err = binary.ReadUvarint(r.r); err != nil {
			return fmt.Errorf("%w: %w", errRun, err)
		}
	}
	r.count, r.last = n[3], int64(n[4])
	for k, b := range []*[]byte{&r.term, &r.docs, &r.positions} {
		*b = append((*b)[:0], make([]byte, n[k])...)
		if _, err := io.ReadFull(r.r, *b); err != nil {
			return fmt.Errorf("%w: %w", errRun, err)
		}
	}
	return nil
}

// runHeap has the run with the first term on top, and of equal terms the earliest run.
type runHeap []*run

func (h runHeap) Len() int { return len(h) }
func (h runHeap) Less(i, j int) bool {
	c := bytes.Compare(h[i].term, h[j].term)
	return c < 0 || c == 0 && h[i].number < h[j].number
}
func (h runHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(x any)   { *h = append(*h, x.(*run)) }
func (h *runHeap) Pop() any {
	old := *h
	r := old[len(old)-1]
	*h = old[:len(old)-1]
	return r
}

// merge calls write with the whole list of each term, in order of the terms.
func (c *collector) merge(write func(term []byte, l *list) error) error {
	if len(c.lists) > 0 || len(c.runs) == 0 {
		if err := c.spill(); err != nil {
			return err
		}
	}
	var h runHeap
	from := int64(0)
	for k, end := range c.runs {
		// Together they take as much memory as the lists did.
		size := min(max(c.budget/len(c.runs), 16<<10), 1<<20)
		r := &run{r: bufio.NewReaderSize(io.NewSectionReader(c.file, from, end-from), size), number: k}
		from = end
		if err := r.next(); err == nil {
			h = append(h, r)
		} else if err != io.EOF {
			return err
		}
	}
	heap.Init(&h)
	for len(h) > 0 {
		term := bytes.Clone(h[0].term)
		var l list
		for len(h) > 0 && bytes.Equal(h[0].term, term) {
			if err := l.join(h[0]); err != nil {
				return err
			}
			if err := h[0].next(); err == nil {
				heap.Fix(&h, 0)
			} else if err == io.EOF {
				heap.Pop(&h)
			} else {
				return err
			}
		}
		if err := write(term, &l); err != nil {
			return err
		}
	}
	return nil
}

// join adds the list of a run. Its first document counts from −1, and has to count from the last
// one of the list.
func (l *list) join(r *run) error {
	v, n := binary.Uvarint(r.docs)
	if n <= 0 {
		return errRun
	}
	if l.count == 0 {
		l.last = -1
	}
	first := int64(v>>1) - 1
	l.docs = binary.AppendUvarint(l.docs, uint64(first-l.last)<<1|v&1)
	l.docs = append(l.docs, r.docs[n:]...)
	l.positions = append(l.positions, r.positions...)
	l.count += uint32(r.count)
	l.last = r.last
	return nil
}
