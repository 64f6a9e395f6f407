package blocks

import "time"

// store keeps a block that was received: on the disk, or else in memory. It reports whether data is
// still used.
func (g *Generation) store(block int64, data []byte) (used bool) {
	if g.disk != nil {
		err := g.disk.Store(block, data)
		if err == nil {
			return false
		}
		g.cache.notKept(err)
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
	off, n = max(0, off), min(n, g.size-off)
	if n <= 0 {
		return 0, 0
	}
	return off / blockSize, (off + n + blockSize - 1) / blockSize
}

// Confirm is called by a reader that has read n bytes from offset off and found that they are
// right: a checksum of the archive covers them. The blocks they lie in are kept after a restart.
func (g *Generation) Confirm(off, n int64) {
	first, end := g.blockRange(off, n)
	if first == end {
		return
	}
	if g.disk != nil {
		g.disk.Keep(first, end)
	}
	g.cache.mu.Lock()
	defer g.cache.mu.Unlock()
	if len(g.rejected) == 0 {
		return
	}
	for block := first; block < end; block++ {
		delete(g.rejected, block)
	}
}

// rejectEvery is how long a block that was wrong twice is not requested again.
const rejectEvery = time.Minute

// Reject is called by a reader that has read n bytes from offset off and found that they are wrong.
// It removes the blocks they lie in, and returns true, so that the reader tries again: they may
// have been damaged on the way. If that was done within the last minute, the object itself is
// damaged. Then Reject leaves the blocks, so that they are not requested again and again, and
// returns false.
func (g *Generation) Reject(off, n int64) (again bool) {
	first, end := g.blockRange(off, n)
	if !g.mayRequestAgain(first, end) {
		return false
	}
	for block := first; block < end; block++ {
		g.cache.memory.drop(address{g, block})
	}
	if g.disk != nil {
		g.disk.Drop(first, end)
	}
	return true
}

// mayRequestAgain reports whether none of the blocks was rejected within the last minute, and notes
// that all are rejected now.
func (g *Generation) mayRequestAgain(first, end int64) bool {
	g.cache.mu.Lock()
	defer g.cache.mu.Unlock()
	now := g.cache.now()
	for block, when := range g.rejected {
		if now.Sub(when) >= rejectEvery {
			delete(g.rejected, block)
		}
	}
	for block := first; block < end; block++ {
		if _, ok := g.rejected[block]; ok {
			return false
		}
	}
	for block := first; block < end; block++ {
		g.rejected[block] = now
	}
	return first < end
}
