package blocks

import (
	"math"
	"time"
)

// Attempt is one attempt to read a content and to compare it with its checksum.
type Attempt struct {
	g     *Generation
	drops int // how often blocks had been removed when it began
}

// Begin begins an Attempt. It is called before the content is read.
func (g *Generation) Begin() Attempt {
	g.mu.Lock()
	defer g.mu.Unlock()
	return Attempt{g, g.rejected.drops}
}

// Confirm reports that n bytes from offset off, which were read since the Attempt began, are right:
// a checksum of the archive covers them. The blocks they lie in are kept after a restart.
func (a Attempt) Confirm(off, n int64) {
	first, end := a.g.blockRange(off, n)
	if first < end && a.g.disk != nil && !a.outdated(first, end) {
		a.g.disk.Keep(first, end)
	}
}

// Reject reports that n bytes from offset off, which were read since the Attempt began, are wrong.
// If they may have been damaged on the way, it removes the blocks they lie in and returns true: the
// caller makes a second Attempt. If the blocks were fetched again within the last minute, the
// object itself is damaged. Then Reject leaves them, so that they are not requested again and
// again, and returns false.
func (a Attempt) Reject(off, n int64) (again bool) {
	first, end := a.g.blockRange(off, n)
	if first == end {
		return false
	}
	if a.outdated(first, end) {
		return true
	}
	if !a.g.beginDrop(first, end) {
		return false
	}
	for block := first; block < end; block++ {
		a.g.cache.memory.drop(address{a.g, block})
	}
	if a.g.disk != nil {
		a.g.disk.Drop(first, end)
	}
	a.g.endDrop(first, end)
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

// rejected are the blocks that were removed because they were wrong. It is guarded by
// Generation.mu.
type rejected struct {
	blocks map[int64]rejection
	drops  int // how often some were removed
}

type rejection struct {
	drop int // its number, from 1, or dropping
	when time.Time
}

// dropping is greater than the number of any drop.
const dropping = math.MaxInt

// rejectEvery is how long a block that was wrong twice is not requested again.
const rejectEvery = time.Minute

// beginDrop reports whether none of the blocks was removed within the last minute. Then all are
// noted as being removed.
func (g *Generation) beginDrop(first, end int64) bool {
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
			return false
		}
	}
	for block := first; block < end; block++ {
		g.rejected.blocks[block] = rejection{dropping, now}
	}
	return true
}

// endDrop notes that the blocks were removed. An Attempt that begins now does not read them.
func (g *Generation) endDrop(first, end int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rejected.drops++
	for block := first; block < end; block++ {
		if r, ok := g.rejected.blocks[block]; ok {
			g.rejected.blocks[block] = rejection{g.rejected.drops, r.when}
		}
	}
}
