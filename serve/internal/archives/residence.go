package archives

import "sync/atomic"

// A residence remembers which pages of an archive were read lately, and so are in memory, most likely. Those are sent from where they are
// mapped. A goroutine that touches one that is not in memory holds up a processor, and all who wait for it, until the disk has answered; one
// that calls pread holds up only itself.
type residence struct {
	pages  []atomic.Uint64 // a bit each
	forget atomic.Int64    // when to, in seconds since 1970
}

const (
	pageShift = 12 // of the smallest pages that there are
	// rememberFor is for how many seconds pages are taken to stay in memory. To find out that they still are costs little; not to know
	// that they have gone costs a wait.
	rememberFor = 60
)

func newResidence(size int64) residence {
	return residence{pages: make([]atomic.Uint64, (size>>pageShift)/64+1)}
}

// known tells if all pages of n bytes from off on were read lately.
func (r *residence) known(off, n, now int64) bool {
	if until := r.forget.Load(); now >= until && r.forget.CompareAndSwap(until, now+rememberFor) {
		r.clear()
	}
	first, last := off>>pageShift, (off+n-1)>>pageShift
	for w := first / 64; w <= last/64; w++ {
		if bits := pageBits(w, first, last); r.pages[w].Load()&bits != bits {
			return false
		}
	}
	return true
}

// note takes the pages of n bytes from off on as read.
func (r *residence) note(off, n int64) {
	first, last := off>>pageShift, (off+n-1)>>pageShift
	for w := first / 64; w <= last/64; w++ {
		r.pages[w].Or(pageBits(w, first, last))
	}
}

// pageBits has the bits of word w that stand for pages first to last.
func pageBits(w, first, last int64) uint64 {
	bits := ^uint64(0)
	if w == first/64 {
		bits <<= first % 64
	}
	if w == last/64 {
		bits &= ^uint64(0) >> (63 - last%64)
	}
	return bits
}

// clear forgets all pages. What was never written to stays without memory of its own.
func (r *residence) clear() {
	for i := range r.pages {
		if r.pages[i].Load() != 0 {
			r.pages[i].Store(0)
		}
	}
}
