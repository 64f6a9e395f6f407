package blocks

import "slices"

// arrivals are the blocks that a Generation has received, or loaded from the disk, since it was
// opened, and which contents in them are confirmed. They are guarded by Generation.mu.
type arrivals struct {
	clock  uint64 // counts arrivals
	blocks map[int64]*arrival
	floor  uint64 // what came until then is forgotten
}

// arrival is the last arrival of a block.
type arrival struct {
	at    uint64 // the clock's time
	again bool   // it was not the first one
	// before means that the content that begins before the block, and reaches into it, is confirmed.
	before bool
	starts []uint16 // where in the block confirmed contents begin, in order
}

// maxArrivals is how many blocks are remembered, 64 GiB of them. Above it contents are compared
// with their checksums once more.
const maxArrivals = 1 << 20

// replaced is called before a block is stored, or loaded, again. Nothing in it is confirmed then.
func (g *Generation) replaced(block int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if a := g.arrivals.blocks[block]; a != nil {
		g.arrivals.clock++
		*a = arrival{at: g.arrivals.clock, again: true}
	}
}

// arrived is called when a block was stored or loaded.
func (g *Generation) arrived(block int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := &g.arrivals
	if s.blocks[block] != nil {
		return
	}
	s.clock++
	if len(s.blocks) >= maxArrivals {
		clear(s.blocks)
		s.floor = s.clock
	}
	s.blocks[block] = &arrival{at: s.clock, again: s.floor > 0}
}

// get returns what is known of a block.
func (s *arrivals) get(block int64) arrival {
	if a := s.blocks[block]; a != nil {
		return *a
	}
	return arrival{at: s.floor, again: true}
}

// same reports whether everything that was read of the blocks since the time was of one arrival of
// each.
func (s *arrivals) same(first, end int64, since uint64) bool {
	for block := first; block < end; block++ {
		if a := s.get(block); a.again && a.at > since {
			return false
		}
	}
	return true
}

// confirm notes that the content from offset off, which lies in the blocks, is right.
func (s *arrivals) confirm(off, first, end int64) {
	for block := first; block < end; block++ {
		a := s.blocks[block]
		if a == nil {
			a = &arrival{at: s.floor, again: true}
			s.blocks[block] = a
		}
		if block > first {
			a.before = true
			continue
		}
		start := uint16(off - block*blockSize)
		if i, ok := slices.BinarySearch(a.starts, start); !ok {
			a.starts = slices.Insert(a.starts, i, start)
		}
	}
}

// confirmed reports whether the content from offset off, which lies in the blocks, is right.
func (s *arrivals) confirmed(off, first, end int64) bool {
	for block := first; block < end; block++ {
		a := s.blocks[block]
		if a == nil {
			return false
		}
		if block > first {
			if !a.before {
				return false
			}
			continue
		}
		if _, ok := slices.BinarySearch(a.starts, uint16(off-block*blockSize)); !ok {
			return false
		}
	}
	return true
}
