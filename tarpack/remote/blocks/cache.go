package blocks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/tarpack/tpk/tarpack/remote/blocks/internal/sparse"
)

// blockSize is the size in bytes of each block but the last one.
const blockSize = sparse.BlockSize

// Defaults of the Options.
const (
	defaultMemory    = 64 << 20
	defaultReadAhead = 4 << 20
	defaultParallel  = 8
)

// Errors and notices.
var (
	// ErrNotKept is a notice: why blocks are kept in memory, and only a few.
	ErrNotKept = errors.New("fetched data is kept in memory only")
	// ErrClosed means that the Cache was closed while a block was waited for.
	ErrClosed = errors.New("the cache is closed")
)

// Fetch requests n bytes of an object from offset off. A Cache reads exactly n bytes and closes the
// body. Errors should wrap source.ErrChanged or source.ErrUnavailable where they apply. Retries are
// up to Fetch; a Cache makes none.
type Fetch func(ctx context.Context, off, n int64) (io.ReadCloser, error)

// Options are the options of Open. The zero value is usable, and keeps blocks in memory only.
type Options struct {
	// Dir is a directory for blocks of any number of objects. It is created if it is missing. Several
	// processes may use the same one. If it is "", can't be written, or can be written by other
	// users, or if the disk is full, blocks are kept in memory.
	Dir string
	// Limit is how many bytes the blocks of all objects in Dir may take on the disk. The least
	// recently used are removed. 0 means 10 GiB, but at most a tenth of the file system.
	Limit int64
	// Memory is how many bytes of blocks are kept in memory if Dir can't be used. 0 means 64 MiB.
	Memory int64
	// ReadAhead is how many bytes are requested at most ahead of a reader that goes forward. 0 means
	// 4 MiB, and less than 0 none.
	ReadAhead int64
	// Parallel is how many requests are made at once. 0 means 8.
	Parallel int
	// Notice, if set, is called once if blocks can't be kept in Dir. The error wraps ErrNotKept.
	Notice func(error)
}

// Cache reads an object, and keeps what it has read. It is safe for concurrent use, but for Close.
type Cache struct {
	size     int64
	fetch    Fetch
	notice   func(error)
	noticed  sync.Once
	parallel int
	window   int64 // blocks that are requested at once, at most

	disk    *sparse.File // nil: memory only
	memory  memory
	streams streams

	ctx     context.Context // ends when the Cache is closed
	cancel  context.CancelCauseFunc
	running sync.WaitGroup // what runs in the background

	mu       sync.Mutex
	pending  map[int64]*pending // by block
	requests int                // being made
	queue    []*request
	changed  error               // wraps source.ErrChanged: no request can succeed any more
	rejected map[int64]time.Time // when a block was last removed because it was wrong
	now      func() time.Time
}

// Open returns a Cache of an object of so many bytes. The key identifies the object and its
// generation: two objects with the same key and size must have the same bytes.
//
// Open makes no request. If the directory can't be used it notices that, and uses memory.
func Open(key string, size int64, fetch Fetch, o Options) *Cache {
	c := &Cache{
		size: size, fetch: fetch, notice: o.Notice, parallel: cmp.Or(o.Parallel, defaultParallel),
		pending: map[int64]*pending{}, rejected: map[int64]time.Time{}, now: time.Now,
	}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	c.memory.init(cmp.Or(o.Memory, defaultMemory))
	ahead := max(0, cmp.Or(o.ReadAhead, defaultReadAhead))
	c.window = maxRequest / blockSize
	disk, err := sparse.Open(sparse.Config{Dir: o.Dir, Key: key, Size: size, Limit: o.Limit})
	if err == nil {
		c.disk = disk
	} else {
		c.notKept(err)
		// What one reader asks for must not drive out what another one waits for.
		c.window = max(1, min(c.window, c.memory.limit/4/blockSize))
		ahead = min(ahead, c.memory.limit/4)
	}
	c.streams.limit = ahead
	return c
}

// notKept notices, once, why blocks are kept in memory.
func (c *Cache) notKept(err error) {
	c.noticed.Do(func() {
		if c.notice != nil {
			c.notice(fmt.Errorf("%w: %w", ErrNotKept, err))
		}
	})
}

// Size is the number of bytes of the object.
func (c *Cache) Size() int64 { return c.size }

// Close cancels requests and closes the files. No other method may be running, or be called later.
func (c *Cache) Close() error {
	c.cancel(ErrClosed)
	c.running.Wait()
	if c.disk == nil {
		return nil
	}
	return c.disk.Close()
}
