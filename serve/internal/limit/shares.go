package limit

import "sync"

// Shares limit how much of a kind is done at the same time, for each client and for all together.
// The more a client has, the more it must leave to others, so that a few clients can't take all.
type Shares struct {
	each, all int
	mu        sync.Mutex
	taken     map[uint64]int // no client has 0
	free      int
}

// Verdict is what Shares.Take returns.
type Verdict int

// The verdicts.
const (
	Taken      Verdict = iota
	ClientFull         // the client has as many as one may have
	AllFull            // all clients have too many together
)

// NewShares returns Shares of all slots. A client has at most each of them.
func NewShares(each, all int) *Shares {
	return &Shares{each: each, all: all, free: all, taken: map[uint64]int{}}
}

// Take takes a slot for a client, which Give gives back. A client may take one as long as it has
// fewer than are free. So one alone gets half of all, and n that want more get all/(n+1) each. If
// each is more than half, the shares of few clients are larger. Client 0 is limited by all alone.
func (s *Shares) Take(client uint64) Verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	has := s.taken[client]
	switch {
	case client != 0 && has >= s.each:
		return ClientFull
	case s.free == 0 || client != 0 && has >= s.free &&
		int64(has)*int64(s.all-s.each) >= int64(s.free)*int64(s.each):
		return AllFull
	}
	s.taken[client]++
	s.free--
	return Taken
}

// Give gives a slot back.
func (s *Shares) Give(client uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free++
	if s.taken[client]--; s.taken[client] == 0 {
		delete(s.taken, client)
	}
}
