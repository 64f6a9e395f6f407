package blocks

import "time"

// store keeps a block that was received: on the disk, or else in memory. It reports whether data is
// still used.
func (c *Cache) store(block int64, data []byte) (used bool) {
	if c.disk != nil {
		err := c.disk.Store(block, data)
		if err == nil {
			return false
		}
		c.notKept(err)
	}
	c.memory.put(block, data)
	return true
}

// has reports whether a block is in the cache, and known to be what was received.
func (c *Cache) has(block int64) bool {
	return c.disk != nil && c.disk.Has(block) || c.memory.has(block)
}

// blockRange returns the blocks that n bytes from offset off lie in.
func (c *Cache) blockRange(off, n int64) (first, end int64) {
	off, n = max(0, off), min(n, c.size-off)
	if n <= 0 {
		return 0, 0
	}
	return off / blockSize, (off + n + blockSize - 1) / blockSize
}

// Confirm is called by a reader that has read n bytes from offset off and found that they are right:
// a checksum of the archive covers them. The blocks they lie in are kept after a restart.
func (c *Cache) Confirm(off, n int64) {
	first, end := c.blockRange(off, n)
	if first == end {
		return
	}
	if c.disk != nil {
		c.disk.Keep(first, end)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.rejected) == 0 {
		return
	}
	for block := first; block < end; block++ {
		delete(c.rejected, block)
	}
}

// rejectEvery is how long a block that was wrong twice is not requested again.
const rejectEvery = time.Minute

// Reject is called by a reader that has read n bytes from offset off and found that they are wrong.
// It removes the blocks they lie in, and returns true, so that the reader tries again: they may have
// been damaged on the way. If that was done within the last minute, the object itself is damaged.
// Then Reject leaves the blocks, so that they are not requested again and again, and returns false.
func (c *Cache) Reject(off, n int64) (again bool) {
	first, end := c.blockRange(off, n)
	if !c.mayRequestAgain(first, end) {
		return false
	}
	for block := first; block < end; block++ {
		c.memory.drop(block)
	}
	if c.disk != nil {
		c.disk.Drop(first, end)
	}
	return true
}

// mayRequestAgain reports whether none of the blocks was rejected within the last minute, and notes
// that all are rejected now.
func (c *Cache) mayRequestAgain(first, end int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	for block, when := range c.rejected {
		if now.Sub(when) >= rejectEvery {
			delete(c.rejected, block)
		}
	}
	for block := first; block < end; block++ {
		if _, ok := c.rejected[block]; ok {
			return false
		}
	}
	for block := first; block < end; block++ {
		c.rejected[block] = now
	}
	return first < end
}
