package blocks

import (
	"math"
	"slices"
	"sync"
)

// streams notices readers that go forward, and decides how far to read ahead of each.
type streams struct {
	limit int64 // bytes ahead, at most; 0 means none

	mu    sync.Mutex
	stops func() []int64 // see StopAhead; nil: none
	list  [16]stream
	time  uint64
}

// stream is a reader.
type stream struct {
	next    int64 // where it will go on if it goes forward
	ahead   int64 // until where was read ahead for it; at least next
	read    int64 // bytes that it has read
	steps   int   // how often it went forward
	through bool  // it has read on at the last stop
	used    uint64
}

// StopAhead sets stops, where reading ahead ends, such as the offsets of long contents. It does not
// end there for a reader that has read on at the stop before. list returns them in ascending order.
// It is called once, when a reader goes forward, and must not read the object.
func (g *Generation) StopAhead(list func() []int64) {
	g.streams.mu.Lock()
	defer g.streams.mu.Unlock()
	g.streams.stops = sync.OnceValue(list)
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
			return s.advance(t, off, n)
		} else if t.used < oldest.used {
			oldest = t
		}
	}
	*oldest = stream{next: off + n, ahead: off + n, read: n, used: s.time}
	return 0
}

// enough is how often a reader must go forward before anything is read ahead of it. One step proves
// little: a record of an index, another one a bit before it, and the first one again make one.
const enough = 2

// grows is how many times the bytes that a reader has read are read ahead of it. Less makes more
// requests for an object that is read from end to end, more is in vain for readers that soon stop.
const grows = 4

// advance records that a reader has gone on to n bytes from offset off.
func (s *streams) advance(t *stream, off, n int64) int64 {
	last, end := t.next, off+n
	t.next, t.ahead = end, max(end, t.ahead)
	t.read = min(s.limit, t.read+n)
	if t.steps++; t.steps < enough {
		return 0
	}
	stop := s.stop(t, last, off, end)
	window := min(s.limit, max(grows*t.read, blockSize))
	until := min(end+min(window, math.MaxInt64-skip-end), stop)
	if t.ahead-end > window/2 || until <= t.ahead {
		return 0
	}
	t.ahead = until
	return until
}

// stop returns where reading ahead ends for a reader that was at the offset last and has gone on to
// the bytes from off to end.
func (s *streams) stop(t *stream, last, off, end int64) int64 {
	if s.stops == nil {
		return math.MaxInt64
	}
	stops := s.stops()
	next, _ := slices.BinarySearch(stops, end)
	if next > 0 && stops[next-1] >= last {
		t.through = off <= stops[next-1]+skip
	}
	if t.through || next == len(stops) {
		return math.MaxInt64
	}
	return stops[next]
}
