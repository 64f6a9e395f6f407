package blocks

import (
	"sync"
	"time"
)

// Attempt is one attempt to read a content and to compare it with its checksum.
type Attempt struct {
	g     *Generation
	drops int    // how often blocks had been removed when it began
	clock uint64 // of the arrivals
}

// Begin begins an Attempt. It is called before the content is read.
func (g *Generation) Begin() Attempt {
	g.mu.Lock()
	defer g.mu.Unlock()
	return Attempt{g, g.rejected.drops, g.arrivals.clock}
}

// Confirm reports that n bytes from offset off, which were read since the Attempt began, are right:
// a checksum of the archive covers them. The blocks they lie in are kept after a restart. It has no
// effect if some of them were fetched again meanwhile, since it is not known which were read.
func (a Attempt) Confirm(off, n int64) {
	first, end := a.g.blockRange(off, n)
	if first == end || a.outdated(first, end) || !a.confirm(off, first, end) {
		return
	}
	if a.g.disk != nil {
		a.g.disk.Keep(first, end)
	}
}

// confirm notes that a content is right, unless its blocks may be others than those that were read.
func (a Attempt) confirm(off, first, end int64) bool {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	if !a.g.arrivals.same(first, end, a.clock) {
		return false
	}
	a.g.arrivals.confirm(off, first, end)
	return true
}

// Confirmed reports whether Confirm was called for just these n bytes from offset off, here or for
// another Attempt on the Generation, and whether all of them that were read since this Attempt
// began were those. What was confirmed may have been removed from the cache since.
func (a Attempt) Confirmed(off, n int64) bool {
	first, end := a.g.blockRange(off, n)
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	s := &a.g.arrivals
	return first < end && s.same(first, end, a.clock) && s.confirmed(off, first, end)
}

// Reject reports that n bytes from offset off, which were read since the Attempt began, are wrong.
// If they may have been damaged on the way, it removes the blocks they lie in and returns true: the
// caller makes another Attempt. If the blocks were fetched again within the last minute, the object
// itself is damaged. Then Reject leaves them, so that they are not requested again and again, and
// returns false.
func (a Attempt) Reject(off, n int64) (again bool) {
	first, end := a.g.blockRange(off, n)
	if first == end {
		return false
	}
	r := &a.g.rejected
	r.one.Lock()
	defer r.one.Unlock()
	if a.outdated(first, end) {
		return true
	}
	if a.g.wereRejected(first, end) {
		return false
	}
	for block := first; block < end; block++ {
		a.g.cache.memory.drop(address{a.g, block})
	}
	if a.g.disk != nil {
		a.g.disk.Drop(first, end)
	}
	a.g.noteRejected(first, end)
	return true
}

// outdated reports whether one of the blocks was removed since the Attempt began, for another
// reader. So this one may have read what was there before.
func (a Attempt) outdated(first, end int64) bool {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	for block := first; block < end; block++ {
		if a.g.rejected.blocks[block].drop > a.drops {
			return true
		}
	}
	return false
}

// rejected are the blocks that were removed because they were wrong.
type rejected struct {
	one sync.Mutex // held while blocks are removed, so that other readers wait for that

	// Guarded by Generation.mu:
	blocks map[int64]rejection
	drops  int // how often some were removed
}

// rejection is the last removal of a block.
type rejection struct {
	drop int // its number, from 1
	when time.Time
}

// rejectEvery is how long a block that was wrong twice is not requested again.
const rejectEvery = time.Minute

// wereRejected reports whether one of the blocks was removed within the last minute.
func (g *Generation) wereRejected(first, end int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.cache.now()
	for block, r := range g.rejected.blocks {
		if now.Sub(r.when) >= rejectEvery {
			delete(g.rejected.blocks, block)
		}
	}
	for block := first; block < end; block++ {
		if _, ok := g.rejected.blocks[block]; ok {
			return true
		}
	}
	return false
}

// noteRejected notes that blocks were removed. An Attempt that begins from now on does not read
// what they were.
func (g *Generation) noteRejected(first, end int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rejected.drops++
	for block := first; block < end; block++ {
		g.rejected.blocks[block] = rejection{g.rejected.drops, g.cache.now()}
	}
}
