package encoded

import "sync/atomic"

// verdicts has a bit for each variant of a file. It is safe for concurrent use.
type verdicts []atomic.Uint64

// perEntry is how many variants an entry has room for.
const perEntry = 4

func newVerdicts(entries int) verdicts { return make(verdicts, (entries*perEntry+63)/64) }

// has returns the verdict of a variant, 0 to perEntry-1, of an entry.
func (v verdicts) has(entry, variant int) bool {
	i := entry*perEntry + variant
	return v[i/64].Load()&(1<<(i%64)) != 0
}

// add makes the verdict true, and reports whether it was false.
func (v verdicts) add(entry, variant int) bool {
	i := entry*perEntry + variant
	bit := uint64(1) << (i % 64)
	return v[i/64].Or(bit)&bit == 0
}
