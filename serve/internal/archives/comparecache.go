package archives

import (
	"slices"
	"sync"
	"weak"

	"github.com/tarpack/tpk/serve/internal/guard"
)

// Limits of the comparisons that a Library remembers. The next part of a list costs nothing then.
const (
	keptComparisons = 8
	keptChanges     = 2_000_000 // of all together, 16 bytes each
)

// compareKey is what a comparison depends on. It keeps no archive in memory.
type compareKey [2]sideKey

type sideKey struct {
	archive weak.Pointer[archive]
	proof   weak.Pointer[guard.Proof]
	omit    weak.Pointer[omission]
	dir     int
}

func (v *View) sideKey(s *side) sideKey {
	return sideKey{weak.Make(s.a), weak.Make(v.noted(s.source).proof), weak.Make(s.omit), s.dir}
}

// compareCache remembers the comparisons that were used last.
type compareCache struct {
	mu  sync.Mutex
	all []*keptComparison // the latest first
}

type keptComparison struct {
	key  compareKey
	done sync.Mutex // held while it is computed
	d    *differences
}

// get returns a comparison, and computes it if it is not remembered. Others that ask for the same
// meanwhile wait.
func (c *compareCache) get(key compareKey, compute func() (*differences, error)) (*differences,
	error) {
	k := c.entry(key)
	k.done.Lock()
	defer k.done.Unlock()
	if k.d != nil {
		return k.d, nil
	}
	d, err := compute()
	if err != nil {
		return nil, err // the next request tries again
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k.d = d
	c.trim()
	return d, nil
}

// entry returns the entry of a comparison, which becomes the latest.
func (c *compareCache) entry(key compareKey) *keptComparison {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.all, func(k *keptComparison) bool { return k.key == key })
	k := &keptComparison{key: key}
	if i >= 0 {
		k = c.all[i]
		c.all = slices.Delete(c.all, i, i+1)
	}
	c.all = slices.Insert(c.all, 0, k)
	c.all = c.all[:min(len(c.all), keptComparisons)]
	return k
}

// trim forgets comparisons until the limit is kept. The lock is held.
func (c *compareCache) trim() {
	n := 0
	for i, k := range c.all {
		if k.d != nil {
			n += len(k.d.changes)
		}
		if n > keptChanges {
			clear(c.all[i:])
			c.all = c.all[:i]
			return
		}
	}
}
