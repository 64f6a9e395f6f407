package packer

import (
	"context"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/internal/input"
	"golang.org/x/sync/semaphore"
)

const (
	// InMemory is the size in bytes up to which one worker reads and compresses a file as a whole.
	// The sequencer reads larger files, and all workers compress their segments.
	InMemory = 4 << 20
	// inFlight is how many bytes of content may wait for the sequencer.
	inFlight = 12 << 20
	// Lookahead is how many entries may wait for the sequencer.
	Lookahead = 256
)

// A queue connects walker, workers and sequencer.
type queue struct {
	order  chan step   // all that happens, in the order of the archive
	jobs   chan *Item  // files that a worker prepares
	pieces chan *piece // pieces of the big file that the sequencer is writing
	budget *semaphore.Weighted
}

// A step goes from the walker to the sequencer. It is an item or a path that is removed. The zero
// step is the end of a directory's files and links.
type step struct {
	item    *Item
	removed string
}

func newQueue() queue {
	return queue{
		order:  make(chan step, Lookahead),
		jobs:   make(chan *Item, Lookahead),
		pieces: make(chan *piece),
		budget: semaphore.NewWeighted(inFlight),
	}
}

// Submit sends an item to the sequencer, and to the workers if it is a small file that has to be
// read. It takes over the item, also after an error.
func (q *queue) Submit(ctx context.Context, it *Item) error {
	_, loads := it.Source.(input.Loader)
	if loads && it.Type == sidecar.TypeFile && !it.LaterName && !it.Keep && it.size <= InMemory {
		if it.reserved == 0 {
			it.reserved = it.size
			if err := q.Reserve(ctx, it.reserved); err != nil {
				it.Release()
				return err
			}
		}
		it.ready = make(chan struct{})
	}
	if err := q.send(ctx, step{item: it}); err != nil {
		it.Release()
		return err
	}
	if it.ready == nil {
		return nil
	}
	select {
	case q.jobs <- it:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// EndDir marks the end of a directory's files and links.
func (q *queue) EndDir(ctx context.Context) error { return q.send(ctx, step{}) }

// Remove notes that a path of the archive that is changed is not in the new one.
func (q *queue) Remove(ctx context.Context, path string) error {
	return q.send(ctx, step{removed: path})
}

func (q *queue) send(ctx context.Context, s step) error {
	select {
	case q.order <- s:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Reserve waits until n more bytes of content may wait for the sequencer. n is at most 1.5
// InMemory.
func (q *queue) Reserve(ctx context.Context, n int64) error {
	if err := q.budget.Acquire(ctx, n); err != nil {
		return context.Cause(ctx)
	}
	return nil
}

// Unreserve gives back what was reserved for a file that is not submitted.
func (q *queue) Unreserve(n int64) { q.budget.Release(n) }
