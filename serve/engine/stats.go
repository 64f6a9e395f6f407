package engine

import (
	"sync/atomic"
	"time"
)

// Stats counts what an Engine did. Reading is safe at any time.
type Stats struct {
	status  [600]atomic.Uint64
	bytes   atomic.Uint64
	conns   atomic.Int64
	total   atomic.Uint64
	refused atomic.Uint64

	times   [len(Buckets) + 1]atomic.Uint64
	elapsed atomic.Int64 // nanoseconds in all
}

// Buckets are the upper bounds of the histogram of durations.
var Buckets = [...]time.Duration{
	50 * time.Microsecond, 100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond, time.Millisecond, 2500 * time.Microsecond,
	10 * time.Millisecond, 50 * time.Millisecond, 250 * time.Millisecond, time.Second, 10 * time.Second,
}

func (s *Stats) observe(d time.Duration) {
	i := 0
	for i < len(Buckets) && d > Buckets[i] {
		i++
	}
	s.times[i].Add(1)
	s.elapsed.Add(int64(d))
}

// Durations is the histogram of how long answers took, from the end of a request's header to the last byte given to
// the system: n[i] took at most Buckets[i] and more than the one before, the last more than all.
func (s *Stats) Durations() (n [len(Buckets) + 1]uint64, sum time.Duration) {
	for i := range n {
		n[i] = s.times[i].Load()
	}
	return n, time.Duration(s.elapsed.Load())
}

func (s *Stats) count(status int, sent int64) {
	if status >= 0 && status < len(s.status) {
		s.status[status].Add(1)
	}
	s.bytes.Add(uint64(sent))
}

// Responses calls f with each status that was sent, and how often.
func (s *Stats) Responses(f func(status int, n uint64)) {
	for i := range s.status {
		if n := s.status[i].Load(); n > 0 {
			f(i, n)
		}
	}
}

// Bytes is how many bytes of bodies were sent.
func (s *Stats) Bytes() uint64 { return s.bytes.Load() }

// Connections is how many are open, and how many there were.
func (s *Stats) Connections() (open int64, total uint64) { return s.conns.Load(), s.total.Load() }

// Refused is how many connections were closed at once because there were too many.
func (s *Stats) Refused() uint64 { return s.refused.Load() }

// Stats is what the engine counts.
func (e *Engine) Stats() *Stats { return &e.stats }
