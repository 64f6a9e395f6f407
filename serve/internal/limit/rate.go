package limit

import (
	"hash/maphash"
	"sync"
	"time"
)

// Rate allows each client a number of requests by second, and a burst above them. It knows the last
// clients, about 32,000. The one that has asked longest ago is forgotten for a new one, so a flood
// of addresses costs no memory, but may give clients a new burst.
type Rate struct {
	interval, burst time.Duration
	started         time.Time
	seed            maphash.Seed
	sets            [rateSets]rateSet
}

const (
	rateSets = 4096
	rateWays = 8
)

// rateSet has the clients with the same hash.
type rateSet struct {
	mu   sync.Mutex
	keys [rateWays]uint64
	// until is when all that a client has asked for is paid, by the clock of Rate: the theoretical
	// arrival time of the generic cell rate algorithm (ITU-T I.371).
	until [rateWays]time.Duration
}

// NewRate returns a Rate of perSecond requests, of which burst may come at once. Both are positive.
func NewRate(perSecond, burst int) *Rate {
	interval := time.Second / time.Duration(perSecond)
	return &Rate{interval: interval, burst: interval * time.Duration(burst), started: time.Now(),
		seed: maphash.MakeSeed()}
}

// Take counts a request of a client that has come at the time now. It returns 0 if it is allowed,
// and else how many seconds later it would be.
func (r *Rate) Take(client uint64, now time.Time) (wait int) {
	at := now.Sub(r.started)
	s := &r.sets[maphash.Comparable(r.seed, client)%rateSets]
	s.mu.Lock()
	defer s.mu.Unlock()
	place := 0
	for i, key := range s.keys {
		if key == client {
			place = i
			break
		}
		if s.until[i] < s.until[place] {
			place = i
		}
	}
	if s.keys[place] != client {
		s.keys[place], s.until[place] = client, at
	}
	until := max(s.until[place], at) + r.interval
	if late := until - at - r.burst; late > 0 {
		return int((late + time.Second - 1) / time.Second)
	}
	s.until[place] = until
	return 0
}
