package variants

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// A cover chooses the segments of pages that most other pages have, too. It counts strings of
// stringSize bytes by how many pages have them, as the COVER algorithm of Zstandard does. A segment
// is worth the counts of its strings. Those of a chosen one count no more.
type cover struct {
	pages  [][]byte
	counts []uint16 // by hash
	seen   []uint32 // by hash: the segment in which it was seen last, by its number
	number uint32   // of the segments that were looked at
}

const (
	stringSize  = 8
	countBits   = 22
	segmentSize = 3072 // bytes of the pieces of pages that make a dictionary
	segmentStep = segmentSize / 4
)

func newCover(pages [][]byte) *cover {
	c := &cover{
		pages: pages, counts: make([]uint16, 1<<countBits), seen: make([]uint32, 1<<countBits),
	}
	last := make([]int32, 1<<countBits) // the page that was counted last, from 1
	for i, page := range pages {
		for j := 0; j+stringSize <= len(page); j++ {
			if h := hashOf(page[j:]); last[h] != int32(i+1) {
				last[h] = int32(i + 1)
				c.counts[h]++ // there are fewer than 2^16 pages
			}
		}
	}
	return c
}

// hashOf returns a hash of the first stringSize bytes.
func hashOf(b []byte) uint32 {
	return uint32(binary.LittleEndian.Uint64(b) * 0x9e3779b97f4a7c15 >> (64 - countBits))
}

// choose returns a dictionary of at most size bytes. Each of its segments comes from other pages.
// So the pages should be in random order. The best segments come last, where references to them
// are short.
func (c *cover) choose(size int) []byte {
	all := c.counts
	c.counts = slices.Clone(all)
	defer func() { c.counts = all }()
	rounds := max(1, size/segmentSize)
	share := max(1, len(c.pages)/rounds)
	var segments [][]byte
	empty := 0 // rounds in a row without a segment
	for i, total := 0, 0; total < size && empty*share <= len(c.pages); i++ {
		from := i * share % len(c.pages)
		best := c.best(c.pages[from:min(from+share, len(c.pages))])
		if best == nil {
			empty++
			continue
		}
		empty = 0
		for j := 0; j+stringSize <= len(best); j++ {
			c.counts[hashOf(best[j:])] = 0
		}
		segments = append(segments, best)
		total += len(best)
	}
	slices.Reverse(segments)
	d := bytes.Join(segments, nil)
	return d[max(0, len(d)-size):]
}

// best returns the segment of some pages that is worth most, or nil.
func (c *cover) best(pages [][]byte) (best []byte) {
	most := 0
	for _, page := range pages {
		for at := 0; at < len(page); at += segmentStep {
			segment := page[at:min(at+segmentSize, len(page))]
			if n := c.worth(segment); n > most {
				best, most = segment, n
			}
		}
	}
	return best
}

// worth returns the sum of the counts of the strings of a segment, each without its own page.
func (c *cover) worth(segment []byte) (sum int) {
	c.number++
	for j := 0; j+stringSize <= len(segment); j++ {
		h := hashOf(segment[j:])
		if n := int(c.counts[h]); n > 1 && c.seen[h] != c.number {
			c.seen[h] = c.number
			sum += n - 1
		}
	}
	return sum
}
