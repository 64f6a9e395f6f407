// Package residence remembers which pages of a file were read lately, and so are most likely in
// memory.
//
// Those can be sent from where they are mapped. A goroutine that touches a mapped page which is not
// in memory holds up a processor of the scheduler, and all that wait for it, until the disk has
// answered. One that calls pread holds up only itself.
package residence

import "sync/atomic"

// Pages remembers pages of one file. New makes it. It is safe for concurrent use.
type Pages struct {
	bits   []atomic.Uint64 // one bit for each page
	forget atomic.Int64    // when to forget all, in seconds since 1970
}

const (
	// pageShift is the base-2 logarithm of the smallest page size of any system.
	pageShift = 12
	// rememberFor is for how many seconds pages are taken to stay in memory. To find out that they
	// still are costs little; not to know that they have gone costs a wait.
	rememberFor = 60
)

// New returns Pages for a file of size bytes. No page is known yet.
func New(size int64) *Pages {
	return &Pages{bits: make([]atomic.Uint64, (size>>pageShift)/64+1)}
}

// Known reports whether all pages of n bytes from the offset off were read lately. n is at least 1,
// and now is in seconds since 1970.
func (p *Pages) Known(off, n, now int64) bool {
	if until := p.forget.Load(); now >= until && p.forget.CompareAndSwap(until, now+rememberFor) {
		p.clear()
	}
	first, last := off>>pageShift, (off+n-1)>>pageShift
	for w := first / 64; w <= last/64; w++ {
		if bits := pageBits(w, first, last); p.bits[w].Load()&bits != bits {
			return false
		}
	}
	return true
}

// Note makes the pages of n bytes from the offset off known.
func (p *Pages) Note(off, n int64) {
	first, last := off>>pageShift, (off+n-1)>>pageShift
	for w := first / 64; w <= last/64; w++ {
		p.bits[w].Or(pageBits(w, first, last))
	}
}

// pageBits returns the bits of word w that stand for the pages first to last.
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

// clear forgets all pages. It writes only to words that are not 0, so that the others need no
// memory of their own.
func (p *Pages) clear() {
	for i := range p.bits {
		if p.bits[i].Load() != 0 {
			p.bits[i].Store(0)
		}
	}
}
