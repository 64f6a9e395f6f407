package blocks

import (
	"math"
	"sync"
)

// streams notices readers that go forward, and decides how far to read ahead of each.
type streams struct {
	limit int64 // bytes ahead, at most; 0 means none

	mu   sync.Mutex
	list [16]stream
	time uint64
}

// stream is a reader.
type stream struct {
	next   int64 // where it will go on if it goes forward
	ahead  int64 // until where was read ahead for it; at least next
	window int64 // bytes to read ahead of it
	steps  int   // how often it went forward
	used   uint64
}

// skip is how many bytes a reader may leave out and still goes forward: between two contents there
// are headers.
const skip = blockSize

// note records that n bytes from offset off are read. It returns the offset up to which to read
// ahead, or 0 if that was done already, or the reader does not go forward.
func (s *streams) note(off, n int64) int64 {
	if s.limit == 0 {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.time++
	oldest := &s.list[0]
	for i := range s.list {
		if t := &s.list[i]; t.used > 0 && off >= t.next && off <= t.ahead+skip {
			t.used = s.time
			return t.advance(off+n, n, s.limit)
		} else if t.used < oldest.used {
			oldest = t
		}
	}
	*oldest = stream{next: off + n, ahead: off + n, used: s.time}
	return 0
}

// enough is how often a reader must go forward before anything is read ahead of it. One step proves
// little: a record of an index, another one a bit before it, and the first one again make one.
const enough = 2

// advance records that n bytes were read up to the offset end. The window grows each time.
func (t *stream) advance(end, n, limit int64) int64 {
	t.next, t.ahead = end, max(end, t.ahead)
	if t.steps++; t.steps < enough {
		return 0
	}
	t.window = min(limit, max(2*t.window, n, blockSize))
	if t.ahead-end > t.window/2 {
		return 0
	}
	t.ahead = end + min(t.window, math.MaxInt64-skip-end)
	return t.ahead
}
