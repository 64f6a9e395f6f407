package blocks

import (
	"cmp"
	"errors"
	"fmt"
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

// ErrNotKept is a notice: why blocks are kept in memory, and only a few.
var ErrNotKept = errors.New("fetched data is kept in memory only")

// Options are the options of New. The zero value is usable, and keeps blocks in memory only.
type Options struct {
	// Dir is a directory for blocks. It is created if it is missing. Several processes may use the
	// same one. If it is "", can't be written, or can be written by other users, or if the disk is
	// full, blocks are kept in memory.
	Dir string
	// Limit is how many bytes the blocks in Dir may take on the disk, together with what package cache
	// keeps there. The least recently used are removed. 0 means 10 GiB, but at most a tenth of the
	// file system.
	Limit int64
	// Memory is how many bytes of blocks are kept in memory if Dir can't be used. 0 means 64 MiB.
	Memory int64
	// ReadAhead is how many bytes are requested at most ahead of a reader that goes forward. 0
	// means 4 MiB, and less than 0 none.
	ReadAhead int64
	// Parallel is how many requests are made at once for one object. 0 means 8.
	Parallel int
	// Notice, if set, is called once if blocks can't be kept in Dir, from any goroutine. The error
	// wraps ErrNotKept.
	Notice func(error)
}

// Cache keeps blocks of any number of objects, and limits what all of them take. A program needs
// one. It is safe for concurrent use.
type Cache struct {
	dir      *sparse.Directory // nil: memory only
	memory   memory
	ahead    int64 // bytes to read ahead, at most
	parallel int
	notice   func(error)
	noticed  sync.Once
	now      func() time.Time
}

// New returns a Cache. If the directory can't be used, it gives notice and uses memory.
func New(o Options) *Cache {
	c := &Cache{
		ahead: max(0, cmp.Or(o.ReadAhead, defaultReadAhead)), notice: o.Notice, now: time.Now,
		parallel: max(1, cmp.Or(o.Parallel, defaultParallel)),
	}
	c.memory.init(max(0, cmp.Or(o.Memory, defaultMemory)))
	var err error
	if c.dir, err = sparse.OpenDirectory(o.Dir, o.Limit); err != nil {
		c.notKept(err)
	}
	return c
}

// notKept gives notice, once, of why blocks are kept in memory.
func (c *Cache) notKept(err error) {
	c.noticed.Do(func() {
		if c.notice != nil {
			c.notice(fmt.Errorf("%w: %w", ErrNotKept, err))
		}
	})
}
