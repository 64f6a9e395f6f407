package blocks

import (
	"errors"

	"github.com/tarpack/tpk/tarpack/remote/blocks/internal/sparse"
)

// store keeps a block that was received: on the disk, or else in memory. It reports whether data is
// still used.
func (g *Generation) store(block int64, data []byte) (used bool) {
	if g.disk != nil {
		err := g.disk.Store(block, data)
		if err == nil {
			return false
		}
		if !errors.Is(err, sparse.ErrBusy) && !errors.Is(err, sparse.ErrFull) { // these pass
			g.cache.notKept(err)
		}
	}
	g.cache.memory.put(address{g, block}, data)
	return true
}

// has reports whether a block is in the cache, and known to be what was received.
func (g *Generation) has(block int64) bool {
	return g.disk != nil && g.disk.Has(block) || g.cache.memory.has(address{g, block})
}

// blockRange returns the blocks that n bytes from offset off lie in.
func (g *Generation) blockRange(off, n int64) (first, end int64) {
	if off < 0 {
		off, n = 0, n+off
	}
	if off >= g.size || n <= 0 {
		return 0, 0
	}
	end = off + min(n, g.size-off)
	return off / blockSize, g.blockEnd(end)
}
