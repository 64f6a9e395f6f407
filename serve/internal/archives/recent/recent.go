// Package recent remembers the results that were asked for last.
package recent

import (
	"errors"
	"slices"
	"sync"
)

// errUnmade is the error of a result whose making has not returned.
var errUnmade = errors.New("it was not made")

// Cache remembers the results that were asked for last, by key. Its limits are set before it is
// used.
type Cache[K comparable, V any] struct {
	Most int // results
	// Weigh returns what counts against Heaviest, the sum of all. It may be nil.
	Weigh    func(V) int
	Heaviest int

	mu  sync.Mutex
	all []*result[K, V] // the latest first
}

// result is what was made, or is being made.
type result[K comparable, V any] struct {
	key    K
	once   sync.Once
	made   V
	err    error
	weight int // 0 until it is made
}

// Get returns a result, and makes it if it is not remembered. Others that ask for the same
// meanwhile wait for it. After an error the next request tries again.
func (c *Cache[K, V]) Get(key K, make func() (V, error)) (V, error) {
	r := c.entry(key)
	r.once.Do(func() {
		r.err = errUnmade // if make panics
		if r.made, r.err = make(); r.err == nil && c.Weigh != nil {
			c.trim(r, c.Weigh(r.made))
		}
	})
	if r.err != nil {
		c.forget(r)
	}
	return r.made, r.err
}

// entry returns the entry of a result, which becomes the latest.
func (c *Cache[K, V]) entry(key K) *result[K, V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := &result[K, V]{key: key}
	if i := slices.IndexFunc(c.all, func(r *result[K, V]) bool { return r.key == key }); i >= 0 {
		r = c.all[i]
		c.all = slices.Delete(c.all, i, i+1)
	}
	c.all = slices.Insert(c.all, 0, r)
	if len(c.all) > c.Most {
		clear(c.all[c.Most:])
		c.all = c.all[:c.Most]
	}
	return r
}

// trim sets the weight of a result and forgets results, the oldest first, until the limit is kept.
func (c *Cache[K, V]) trim(r *result[K, V], weight int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.weight = weight
	sum := 0
	for i, r := range c.all {
		if sum += r.weight; sum > c.Heaviest {
			clear(c.all[i:])
			c.all = c.all[:i]
			return
		}
	}
}

func (c *Cache[K, V]) forget(r *result[K, V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = slices.DeleteFunc(c.all, func(other *result[K, V]) bool { return other == r })
}
