package tarpack

import (
	"context"
	"io"
	"runtime"
	"sync"
)

// An archiveScan goes through all units of an archive in order.
//
// What a unit is depends on its own bytes only, so several readers may be at work: the archive is cut into chunks, and for
// each chunk but the first a reader looks for something that could be a unit and reads on from there. Its units count from
// the one on that begins where the unit before it, in the chunk before, has ended. When no unit does, because what was found was
// part of a content, the chunk is read again from where it should have been. So the result is that of reading in order.
type archiveScan struct {
	src     io.ReaderAt
	size    int64
	workers int
	chunk   int64 // bytes of archive in a chunk; 0 means scanChunk
	// each gets the units in order. Its error ends the scan. After a unit with an error the scan goes on at the next
	// unit that can be found.
	each func(*unit) error

	next   int64       // where the next unit begins
	reader *unitReader // of the goroutine that puts the chunks in order
}

const (
	scanChunk = 2 << 20
	// Units are handed over in batches of about batchWeight bytes of memory, of which batchesAhead may wait in each chunk.
	batchWeight  = 128 << 10
	batchesAhead = 32
)

// A chunkScan is a chunk that a reader is at work on.
type chunkScan struct {
	from, to int64
	out      chan []unit
	cancel   context.CancelFunc
}

// run scans the archive. Errors of units are for each to judge; run returns that of each or of the context.
func (s *archiveScan) run(ctx context.Context) error {
	var readers sync.WaitGroup
	defer readers.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if s.workers <= 0 {
		s.workers = runtime.GOMAXPROCS(0)
	}
	if s.chunk == 0 {
		s.chunk = scanChunk
	}
	if s.workers == 1 {
		return s.readOn(ctx, s.size)
	}
	chunks := make(chan *chunkScan, s.workers-1)
	slots := make(chan struct{}, s.workers)
	readers.Go(func() {
		defer close(chunks)
		for from := int64(0); from < s.size; from += s.chunk {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			c := &chunkScan{from: from, to: min(from+s.chunk, s.size), out: make(chan []unit, batchesAhead)}
			var cctx context.Context
			cctx, c.cancel = context.WithCancel(ctx)
			readers.Go(func() {
				defer func() { <-slots }()
				defer close(c.out)
				s.readChunk(cctx, c)
			})
			select {
			case chunks <- c:
			case <-ctx.Done():
				c.cancel()
				return
			}
		}
	})
	for c := range chunks {
		err := s.take(ctx, c)
		c.cancel()
		if err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// readChunk is what a reader does: it sends the units that begin in its chunk, as far as it can tell.
func (s *archiveScan) readChunk(ctx context.Context, c *chunkScan) {
	var batch []unit
	weight := 0
	flush := func() bool {
		if len(batch) == 0 {
			return true
		}
		select {
		case c.out <- batch:
			batch, weight = nil, 0
			return true
		case <-ctx.Done():
			return false
		}
	}
	off := c.from
	if off > 0 {
		var err error
		if off, err = findUnit(ctx, s.src, s.size, off, c.to); err != nil || off < 0 {
			return // whoever takes the chunk will meet the same error
		}
	}
	u := newUnitReader(contextReaderAt{ctx, s.src}, s.size, off)
	for off < c.to && ctx.Err() == nil {
		un := u.next()
		batch = append(batch, un)
		weight += un.weight()
		if un.err != nil || un.trailer != nil {
			break
		}
		off = un.end
		if weight >= batchWeight && !flush() {
			return
		}
	}
	flush()
}

// weight is about what a unit takes in memory.
func (un *unit) weight() int {
	n := 256
	for i := range un.items {
		it := &un.items[i]
		n += 256 + len(it.Path) + len(it.Link) + 4*len(it.Segments)
	}
	return n
}

// take gives each the units that begin in a chunk.
func (s *archiveScan) take(ctx context.Context, c *chunkScan) error {
	for batch := range c.out {
		for i := range batch {
			un := &batch[i]
			if un.off > s.next {
				if err := s.readOn(ctx, un.off); err != nil {
					return err
				}
			}
			if un.off < s.next {
				continue
			}
			if err := s.give(ctx, un); err != nil {
				return err
			}
		}
		if s.next >= c.to {
			return nil
		}
	}
	return s.readOn(ctx, c.to)
}

// readOn reads the units that begin before limit.
func (s *archiveScan) readOn(ctx context.Context, limit int64) error {
	if s.next >= limit {
		return nil
	}
	if s.reader == nil {
		s.reader = newUnitReader(contextReaderAt{ctx, s.src}, s.size, s.next)
	} else {
		s.reader.seek(s.next)
	}
	for s.next < limit {
		un := s.reader.next()
		if err := s.give(ctx, &un); err != nil {
			return err
		}
		if un.err != nil {
			s.reader.seek(s.next)
		}
	}
	return nil
}

// give hands over a unit and says where the next one begins.
func (s *archiveScan) give(ctx context.Context, un *unit) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if un.err == nil {
		s.next = un.end
		return s.each(un)
	}
	// The bytes up to the next unit are damaged, whatever they were.
	next, err := findUnit(ctx, s.src, s.size, un.off+1, s.size)
	if err != nil {
		return err
	}
	if un.end = next; next < 0 {
		un.end = s.size
	}
	s.next = un.end
	return s.each(un)
}

// A contextReaderAt stops when its context does: in the middle of a large file, too.
type contextReaderAt struct {
	ctx context.Context
	r   io.ReaderAt
}

func (c contextReaderAt) ReadAt(b []byte, off int64) (int, error) {
	if err := context.Cause(c.ctx); err != nil {
		return 0, err
	}
	return c.r.ReadAt(b, off)
}
