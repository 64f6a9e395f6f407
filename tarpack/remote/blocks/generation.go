package blocks

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/tarpack/tpk/tarpack/remote/blocks/internal/sparse"
)

// ErrClosed means that the Generation was closed while a block was waited for.
var ErrClosed = errors.New("it was closed")

// Fetch requests n bytes of an object from offset off. Exactly n bytes of the body are read, and it
// is closed. Both end when the context does; then the body may be closed while it is read. Errors
// should wrap source.ErrChanged or source.ErrUnavailable where they apply. Retries are up to Fetch;
// a Cache makes none.
type Fetch func(ctx context.Context, off, n int64) (io.ReadCloser, error)

// Generation is one generation of an object: it reads bytes and keeps them in a Cache. It is safe
// for concurrent use, but for Close.
type Generation struct {
	cache   *Cache
	size    int64
	fetch   Fetch
	disk    *sparse.File // nil: memory only
	window  int64        // blocks that are requested at once, at most
	streams streams

	ctx     context.Context // ends when the Generation is closed
	cancel  context.CancelCauseFunc
	running sync.WaitGroup // what runs in the background

	mu       sync.Mutex
	pending  map[int64]*pending // by block
	requests int                // being made
	queue    []*request
	changed  error // wraps source.ErrChanged: no request can succeed any more
	rejected rejected
	arrivals arrivals
}

// Open returns a generation of an object with so many bytes. The key identifies both: objects with
// the same key and size have the same bytes. Open makes no request. If the blocks can't be kept in
// the directory, it gives notice and uses memory.
func (c *Cache) Open(key string, size int64, fetch Fetch) *Generation {
	g := &Generation{
		cache: c, size: size, fetch: fetch, window: maxRequest / blockSize,
		pending: map[int64]*pending{}, rejected: rejected{blocks: map[int64]rejection{}},
		arrivals: arrivals{blocks: map[int64]*arrival{}},
	}
	g.streams.limit = c.ahead
	g.ctx, g.cancel = context.WithCancelCause(context.Background())
	if c.dir != nil {
		disk, err := c.dir.Open(key, size)
		if err == nil {
			g.disk = disk
			return g
		}
		c.notKept(err)
	}
	// What one reader asks for must not drive out what another one waits for.
	g.window = max(1, min(g.window, c.memory.limit/4/blockSize))
	g.streams.limit = min(g.streams.limit, c.memory.limit/4)
	return g
}

// Size is the number of bytes of the object.
func (g *Generation) Size() int64 { return g.size }

// Cancel ends all requests with an error, and those that would be made later. What is in the cache
// can still be read.
func (g *Generation) Cancel(cause error) { g.cancel(cause) }

// Close cancels requests and closes the files. No other method may be running, or be called later.
func (g *Generation) Close() error {
	g.cancel(ErrClosed)
	g.running.Wait()
	g.cache.memory.dropAll(g)
	if g.disk == nil {
		return nil
	}
	return g.disk.Close()
}
