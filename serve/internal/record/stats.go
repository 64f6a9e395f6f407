package record

import (
	"sync/atomic"
	"time"
)

// Stats counts what a server has done. All methods may be called at any time.
type Stats struct {
	status  [600]atomic.Uint64
	coded   [MaxCodings]struct{ answers, bytes atomic.Uint64 }
	open    atomic.Int64
	total   atomic.Uint64
	refused atomic.Uint64
	limited [len(Limits)]atomic.Uint64

	times   [len(Buckets) + 1]atomic.Uint64
	elapsed atomic.Int64 // nanoseconds, of all requests
}

// Limits are the names of the limits that are counted, by their numbers.
var Limits = [...]string{"requests", "downloads", "searches", "all_searches"}

// Numbers of Limits.
const (
	RequestLimit = iota
	DownloadLimit
	SearchLimit
	AllSearches
)

// Limited counts a request that was refused because of a limit.
func (s *Stats) Limited(kind int) { s.limited[kind].Add(1) }

// LimitedBy returns how many requests were refused because of a limit.
func (s *Stats) LimitedBy(kind int) uint64 { return s.limited[kind].Load() }

// Buckets are the upper bounds of the histogram of durations.
var Buckets = [...]time.Duration{
	50 * time.Microsecond, 100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 10 * time.Millisecond, 50 * time.Millisecond,
	250 * time.Millisecond, time.Second, 10 * time.Second,
}

// MaxCodings is the number of content codings that are counted.
const MaxCodings = 8

// Answered counts an answer and the bytes of its body that were sent. coding is a number below
// MaxCodings.
func (s *Stats) Answered(status, coding int, sent int64) {
	if status >= 0 && status < len(s.status) {
		s.status[status].Add(1)
	}
	c := &s.coded[coding]
	c.answers.Add(1)
	c.bytes.Add(uint64(sent))
}

// Took adds the duration of an answer to the histogram.
func (s *Stats) Took(d time.Duration) {
	i := 0
	for i < len(Buckets) && d > Buckets[i] {
		i++
	}
	s.times[i].Add(1)
	s.elapsed.Add(int64(d))
}

// Opened counts a connection that was accepted and not refused.
func (s *Stats) Opened() {
	s.open.Add(1)
	s.total.Add(1)
}

// Closed counts the end of a connection that was Opened.
func (s *Stats) Closed() { s.open.Add(-1) }

// RefusedOne counts a connection that was closed at once because there were too many.
func (s *Stats) RefusedOne() { s.refused.Add(1) }

// Durations returns the histogram of how long answers took, from the end of a request's head until
// the system had the last byte. n[i] answers took at most Buckets[i] and more than Buckets[i-1];
// the last n took more than all.
func (s *Stats) Durations() (n [len(Buckets) + 1]uint64, sum time.Duration) {
	for i := range n {
		n[i] = s.times[i].Load()
	}
	return n, time.Duration(s.elapsed.Load())
}

// Responses calls f with each status that was sent, and how often.
func (s *Stats) Responses(f func(status int, n uint64)) {
	for i := range s.status {
		if n := s.status[i].Load(); n > 0 {
			f(i, n)
		}
	}
}

// Bytes returns how many bytes of bodies were sent.
func (s *Stats) Bytes() (n uint64) {
	for i := range s.coded {
		n += s.coded[i].bytes.Load()
	}
	return n
}

// Coded returns how many answers were sent in a content coding, and how many bytes of their bodies.
func (s *Stats) Coded(coding int) (answers, bytes uint64) {
	c := &s.coded[coding]
	return c.answers.Load(), c.bytes.Load()
}

// Connections returns how many connections are open, and how many there have been.
func (s *Stats) Connections() (open int64, total uint64) { return s.open.Load(), s.total.Load() }

// Refused returns how many connections were closed at once because there were too many.
func (s *Stats) Refused() uint64 { return s.refused.Load() }
