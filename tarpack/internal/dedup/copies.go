package dedup

import (
	"slices"
	"sync"

	"github.com/tarpack/tpk/tarpack/internal/base"
)

// copies remembers the files that the archive holds, by key. There may be a hundred million of
// them, so a file takes only 21 to 43 bytes of memory. All that is needed for a duplicate alone is
// in a temporary file.
type copies struct {
	mu     sync.Mutex // guards shards: workers claim keys, all else is for the sequencer
	shards [256]copyShard
	found  []int64 // scratch
	record []byte  // scratch

	log      copyLog
	trees    register[Tree]
	archives register[*base.Archive]
}

// A copyShard is a hash table with linear probing.
type copyShard struct {
	slots []copySlot // a power of two
	used  int
}

// A copySlot holds a key, never 0, the copy's position in the log and the number of duplicates that
// became links to it. Several slots may have the same key.
type copySlot struct {
	key uint64
	at  uint64 // 0: claimed, but nothing is written yet; else (position + 1) << linksBits | links
}

const (
	linksBits = 10
	linksMask = 1<<linksBits - 1 // at least MaxLinks
)

func (s *copySlot) links() int { return int(s.at & linksMask) }

func (s *copySlot) full() bool { return s.links() >= MaxLinks }

func (s *copySlot) pos() int64 { return int64(s.at>>linksBits) - 1 }

func (s *copySlot) place(p int64) { s.at = uint64(p+1) << linksBits }

// of returns the shard of a key, with room for one more slot.
func (c *copies) of(key uint64) *copyShard {
	s := &c.shards[key>>56]
	if s.used >= len(s.slots)/4*3 {
		s.grow()
	}
	return s
}

func (s *copyShard) grow() {
	old := s.slots
	s.slots = make([]copySlot, max(16, 2*len(old)))
	for _, slot := range old {
		if slot.key != 0 {
			*s.probe(slot.key, func(*copySlot) bool { return false }) = slot
		}
	}
}

// probe returns the first slot of a key that fits, or else the empty one where a new one belongs.
func (s *copyShard) probe(key uint64, fits func(*copySlot) bool) *copySlot {
	mask := uint64(len(s.slots) - 1)
	for i := key; ; i++ {
		if slot := &s.slots[i&mask]; slot.key == 0 || slot.key == key && fits(slot) {
			return slot
		}
	}
}

// claim reports whether the key is new, and remembers it.
func (c *copies) claim(key uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.of(key)
	slot := s.probe(key, func(*copySlot) bool { return true })
	if slot.key != 0 {
		return false
	}
	slot.key = key
	s.used++
	return true
}

// Candidates returns the positions of the copies of a key that may have one more link, in the order
// in which they were written. The slice is valid until the next call.
func (c *copies) Candidates(key uint64) []int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found = c.found[:0]
	c.of(key).probe(key, func(s *copySlot) bool {
		if s.at != 0 && !s.full() {
			c.found = append(c.found, s.pos())
		}
		return false
	})
	slices.Sort(c.found) // where slots lie depends on the order of claims
	return c.found
}

// add remembers a copy, in the slot of one that may not have another link if there is one.
func (c *copies) add(key uint64, w *Copy) error {
	pos, err := c.log.append(c.encode(w))
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.of(key)
	slot := s.probe(key, func(s *copySlot) bool { return s.at == 0 || s.full() })
	if slot.key == 0 {
		slot.key = key
		s.used++
	}
	slot.place(pos)
	return nil
}

// Get returns the copy of a key at a position that Candidates returned.
func (c *copies) Get(key uint64, pos int64) (*Copy, error) {
	b, err := c.log.read(pos)
	if err != nil {
		return nil, err
	}
	w := c.decode(b)
	w.key, w.pos = key, pos
	return w, nil
}

// Linked counts one more link to a copy that Get returned.
func (c *copies) Linked(w *Copy) {
	c.mu.Lock()
	defer c.mu.Unlock()
	slot := c.of(w.key).probe(w.key, func(s *copySlot) bool { return s.pos() == w.pos })
	if slot.key != 0 {
		slot.at++
	}
}

// LinkedLast counts more links to the copy of a key that was added last.
func (c *copies) LinkedLast(key uint64, links int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := int64(-1)
	c.of(key).probe(key, func(s *copySlot) bool {
		if s.at != 0 {
			last = max(last, s.pos())
		}
		return false
	})
	slot := c.of(key).probe(key, func(s *copySlot) bool { return s.at != 0 && s.pos() == last })
	if slot.key != 0 {
		slot.at += uint64(links)
	}
}

// forget forgets all copies and claims.
func (c *copies) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shards = [256]copyShard{}
	c.Close()
	c.log = copyLog{}
}

// Close gives up the temporary file.
func (c *copies) Close() {
	if c.log.file != nil {
		c.log.file.Close() // its content is no longer needed, so an error means nothing
	}
}
