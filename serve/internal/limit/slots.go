package limit

import "sync"

// Slots limit how much of a kind is done at the same time for one key.
type Slots struct {
	limit int
	mu    sync.Mutex
	taken map[uint64]int // no key has 0
}

// NewSlots returns Slots, limit for each key.
func NewSlots(limit int) *Slots { return &Slots{limit: limit, taken: map[uint64]int{}} }

// Take takes a slot, which Give gives back. It returns false if all are taken.
func (s *Slots) Take(key uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[key] >= s.limit {
		return false
	}
	s.taken[key]++
	return true
}

// Give gives a slot back.
func (s *Slots) Give(key uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[key]--; s.taken[key] == 0 {
		delete(s.taken, key)
	}
}
