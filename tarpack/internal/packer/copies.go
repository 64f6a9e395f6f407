package packer

import (
	"encoding/binary"
	"slices"
	"sync"

	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// copies remembers the files that stand in the archive, by key, for later ones to become hard links to. There may be a hundred
// million of them: a file takes 21 to 43 bytes of memory, and what only a duplicate asks for is in a temporary file.
type copies struct {
	mu     sync.Mutex // workers claim keys, all else is the sequencer's
	shards [256]copyShard
	found  []int64 // scratch
	record []byte  // scratch

	log   copyLog
	trees register[*tree.Tree]
	kept  register[*Base]
}

// A copyShard is a hash table with linear probing. It has room for one more slot at least.
type copyShard struct {
	slots []copySlot // a power of two
	used  int
}

// A copySlot has a key, not 0, and where in the log the copy is, with the number of duplicates that were made links to it. There may
// be several of the same key.
type copySlot struct {
	key uint64
	at  uint64 // 0: claimed, but nothing is written yet; else (position + 1) << linksBits | links
}

const (
	linksBits = 10
	linksMask = 1<<linksBits - 1 // at least maxLinks
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

// claim tells whether the key is new, and takes it.
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

// candidates returns the positions of the copies of a key that may have one more link, as they were written. It is valid until the next
// call.
func (c *copies) candidates(key uint64) []int64 {
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

// add remembers a copy. It takes the place of one that may not have another link.
func (c *copies) add(key uint64, w *storedCopy) error {
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

// get returns the copy of a key at a position.
func (c *copies) get(key uint64, pos int64) (*storedCopy, error) {
	b, err := c.log.read(pos)
	if err != nil {
		return nil, err
	}
	w := c.decode(b)
	w.key, w.pos = key, pos
	return w, nil
}

// linked counts one more link to a copy that get has returned.
func (c *copies) linked(w *storedCopy) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slot := c.of(w.key).probe(w.key, func(s *copySlot) bool { return s.pos() == w.pos }); slot.key != 0 {
		slot.at++
	}
}

// linkedLast counts so many more links to the copy of a key that was added last.
func (c *copies) linkedLast(key uint64, links int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := int64(-1)
	c.of(key).probe(key, func(s *copySlot) bool {
		if s.at != 0 {
			last = max(last, s.pos())
		}
		return false
	})
	if slot := c.of(key).probe(key, func(s *copySlot) bool { return s.at != 0 && s.pos() == last }); slot.key != 0 {
		slot.at += uint64(links)
	}
}

// forget forgets all copies, and what was claimed.
func (c *copies) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shards = [256]copyShard{}
	c.close()
	c.log = copyLog{}
}

func (c *copies) close() {
	if c.log.file != nil {
		c.log.file.Close() // nobody needs it any longer
	}
}

// encode returns what the log has of a copy, valid until the next one.
func (c *copies) encode(w *storedCopy) []byte {
	b := binary.AppendUvarint(c.record[:0], c.trees.number(w.tree))
	b = binary.AppendUvarint(b, c.kept.number(w.kept.From))
	b = binary.AppendUvarint(b, uint64(w.kept.I))
	b = binary.AppendUvarint(b, uint64(w.kept.file))
	owned := uint64(0)
	if w.owned {
		owned = 1
	}
	b = binary.AppendUvarint(b, owned)
	b = binary.AppendVarint(b, int64(w.uid))
	b = binary.AppendVarint(b, int64(w.gid))
	c.record = append(b, w.path...)
	return c.record
}

// decode is the inverse of encode.
func (c *copies) decode(b []byte) *storedCopy {
	next := func() uint64 {
		v, n := binary.Uvarint(b)
		b = b[n:]
		return v
	}
	signed := func() int32 {
		v, n := binary.Varint(b)
		b = b[n:]
		return int32(v)
	}
	w := &storedCopy{tree: c.trees.get(next())}
	w.kept = BaseEntry{From: c.kept.get(next()), I: uint32(next()), file: uint32(next())}
	w.owned, w.uid, w.gid = next() == 1, signed(), signed()
	w.path = string(b)
	return w
}
