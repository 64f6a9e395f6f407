package scan

import (
	"context"
	"io"
	"runtime"
	"sync"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
)

// Scan goes through all units of an archive in order.
//
// A unit is determined by its own bytes, so several readers can work at once. The archive is cut
// into chunks. In each chunk but the first, a reader searches for what looks like a unit and reads
// on from there.
//
// Its units count from the first one that begins where the last unit of the chunk before has ended.
// If there is none, the reader had started inside a content, and the chunk is read again from the
// right place. So the result is that of reading in order.
type Scan struct {
	Src     io.ReaderAt
	Size    int64 // of the archive, in bytes
	Workers int   // readers; 0 means one for each CPU
	Chunk   int64 // bytes of archive in a chunk; 0 means scanChunk
	Draft   bool  // the archive is of a draft of the format
	Sums    bool  // compute the SHA-256 sums of contents
	// Each is called with the units in order. Its error ends the scan. After a unit with an error
	// the scan goes on at the next unit that can be found. Sums of items are valid until Each
	// returns.
	Each func(*Unit) error

	next   int64       // offset of the next unit
	reader *unitReader // of the goroutine that puts the chunks in order
}

const (
	scanChunk = 2 << 20 // bytes
	// A reader sends its units in batches of about batchWeight bytes of memory. Up to batchesAhead
	// of them wait in each chunk.
	batchWeight  = 128 << 10
	batchesAhead = 32
)

// chunkScan is a chunk that a reader works on.
type chunkScan struct {
	from, to int64 // the units that begin in this range of offsets
	out      chan []Unit
	cancel   context.CancelFunc
}

// Run scans the archive. It returns the error of Each or of the context. An error of a unit is in
// the Unit.
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
		return s.readUntil(ctx, s.Size)
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
			c := &chunkScan{
				from: from, to: min(from+s.Chunk, s.Size), out: make(chan []Unit, batchesAhead),
			}
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
		err := s.takeChunk(ctx, c)
		c.cancel()
		if err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// readChunk is the work of a reader: it sends the units that it finds in its chunk, up to the first
// fault.
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
			return // takeChunk meets the same error
		}
	}
	u := s.unitReader(ctx, off)
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

// unitReader returns a reader of the units from off on.
func (s *Scan) unitReader(ctx context.Context, off int64) *unitReader {
	u := newUnitReader(contextReaderAt{ctx, s.Src}, s.Size, off)
	u.draft = s.Draft
	if s.Sums {
		u.digest.sums = &build.Sums{}
	}
	return u
}

// weight returns about how many bytes of memory a unit takes.
func (un *Unit) weight() int {
	n := 256
	for i := range un.Items {
		it := &un.Items[i]
		n += 256 + len(it.Path) + len(it.Link) + 4*len(it.Segments)
		if it.MiBSums != nil {
			n += min(len(it.SHA256)*int(sidecar.NumMiBSums(it.Size)), batchWeight)
		}
	}
	return n
}

// release gives up the sums of the items.
func (un *Unit) release() {
	for i := range un.Items {
		un.Items[i].CloseSums()
	}
}

// takeChunk delivers the units that begin in a chunk. It reads those itself that the reader did not
// find.
func (s *Scan) takeChunk(ctx context.Context, c *chunkScan) error {
	if s.next >= c.to { // inside a content: the reader may have found anything
		return nil
	}
	for batch := range c.out {
		for i := range batch {
			un := &batch[i]
			if un.Off > s.next {
				if err := s.readUntil(ctx, un.Off); err != nil {
					return err
				}
			}
			if un.Off < s.next {
				un.release()
				continue
			}
			if err := s.deliver(ctx, un); err != nil {
				return err
			}
		}
		if s.next >= c.to {
			return nil
		}
	}
	return s.readUntil(ctx, c.to)
}

// readUntil reads and delivers the units that begin before limit.
func (s *Scan) readUntil(ctx context.Context, limit int64) error {
	if s.next >= limit {
		return nil
	}
	if s.reader == nil {
		s.reader = s.unitReader(ctx, s.next)
	} else {
		s.reader.seek(s.next)
	}
	for s.next < limit {
		un := s.reader.next()
		if err := s.deliver(ctx, &un); err != nil {
			return err
		}
		if un.Err != nil {
			s.reader.seek(s.next)
		}
	}
	return nil
}

// deliver calls Each with a unit and sets where the next one begins.
func (s *Scan) deliver(ctx context.Context, un *Unit) error {
	defer un.release()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if un.Err == nil {
		s.next = un.End
		return s.Each(un)
	}
	// All bytes up to the next unit are damaged.
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

// contextReaderAt fails when its context ends, so that a scan can stop in the middle of a large
// file.
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
