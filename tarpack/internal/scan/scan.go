package scan

import (
	"context"
	"io"
	"runtime"
	"sync"

	"github.com/tarpack/tpk/tarpack/format"
)

// An archiveScan goes through all units of an archive in order.
//
// What a unit is depends on its own bytes only, so several readers may be at work: the archive is cut into chunks, and for
// each chunk but the first a reader looks for something that could be a unit and reads on from there. Its units count from
// the one on that begins where the unit before it, in the chunk before, has ended. When no unit does, because what was found was
// part of a content, the chunk is read again from where it should have been. So the result is that of reading in order.
type Scan struct {
	Src     io.ReaderAt
	Size    int64
	Workers int
	Chunk   int64 // bytes of archive in a chunk; 0 means scanChunk
	// each gets the units in order. Its error ends the scan. After a unit with an error the scan goes on at the next
	// unit that can be found.
	Each func(*Unit) error

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
	out      chan []Unit
	cancel   context.CancelFunc
}

// run scans the archive. Errors of units are for each to judge; run returns that of each or of the context.
func (s *Scan) Run(ctx context.Context) error {
	var readers sync.WaitGroup
	defer readers.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if s.Workers <= 0 {
		s.Workers = runtime.GOMAXPROCS(0)
	}
	if s.Chunk == 0 {
		s.Chunk = scanChunk
	}
	if s.Workers == 1 {
		return s.readOn(ctx, s.Size)
	}
	chunks := make(chan *chunkScan, s.Workers-1)
	slots := make(chan struct{}, s.Workers)
	readers.Go(func() {
		defer close(chunks)
		for from := int64(0); from < s.Size; from += s.Chunk {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			c := &chunkScan{from: from, to: min(from+s.Chunk, s.Size), out: make(chan []Unit, batchesAhead)}
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
func (s *Scan) readChunk(ctx context.Context, c *chunkScan) {
	var batch []Unit
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
		if off, err = format.FindUnit(ctx, s.Src, s.Size, off, c.to); err != nil || off < 0 {
			return // whoever takes the chunk will meet the same error
		}
	}
	u := newUnitReader(contextReaderAt{ctx, s.Src}, s.Size, off)
	for off < c.to && ctx.Err() == nil {
		un := u.next()
		batch = append(batch, un)
		weight += un.weight()
		if un.Err != nil || un.Trailer != nil {
			break
		}
		off = un.End
		if weight >= batchWeight && !flush() {
			return
		}
	}
	flush()
}

// weight is about what a unit takes in memory.
func (un *Unit) weight() int {
	n := 256
	for i := range un.Items {
		it := &un.Items[i]
		n += 256 + len(it.Path) + len(it.Link) + 4*len(it.Segments)
	}
	return n
}

// take gives each the units that begin in a chunk.
func (s *Scan) take(ctx context.Context, c *chunkScan) error {
	for batch := range c.out {
		for i := range batch {
			un := &batch[i]
			if un.Off > s.next {
				if err := s.readOn(ctx, un.Off); err != nil {
					return err
				}
			}
			if un.Off < s.next {
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
func (s *Scan) readOn(ctx context.Context, limit int64) error {
	if s.next >= limit {
		return nil
	}
	if s.reader == nil {
		s.reader = newUnitReader(contextReaderAt{ctx, s.Src}, s.Size, s.next)
	} else {
		s.reader.seek(s.next)
	}
	for s.next < limit {
		un := s.reader.next()
		if err := s.give(ctx, &un); err != nil {
			return err
		}
		if un.Err != nil {
			s.reader.seek(s.next)
		}
	}
	return nil
}

// give hands over a unit and says where the next one begins.
func (s *Scan) give(ctx context.Context, un *Unit) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if un.Err == nil {
		s.next = un.End
		return s.Each(un)
	}
	// The bytes up to the next unit are damaged, whatever they were.
	next, err := format.FindUnit(ctx, s.Src, s.Size, un.Off+1, s.Size)
	if err != nil {
		return err
	}
	if un.End = next; next < 0 {
		un.End = s.Size
	}
	s.next = un.End
	return s.Each(un)
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
