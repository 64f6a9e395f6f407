// Package recent remembers the results that were asked for last, and lets the requests for one that
// is being made wait for it.
package recent

import (
	"context"
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

	mu     sync.Mutex
	all    []remembered[K, V] // the latest first
	making map[K]*making[V]
}

// remembered is a result.
type remembered[K comparable, V any] struct {
	key    K
	made   V
	weight int
}

// making is a result that is being made.
type making[V any] struct {
	ctx     context.Context // ends when no request waits for it any more
	cancel  context.CancelFunc
	waiting int           // requests; guarded by the lock of the Cache
	done    chan struct{} // closed when made and err are set
	made    V
	err     error
}

// Get returns a result, and makes it if it is not remembered. Others that ask for the same
// meanwhile wait for it, so that one request at a time makes it. After an error the next request
// tries again. The context of a request is asked for only if it has to wait. If that ends, so does
// the wait; the context of make ends when nothing waits any more.
func (c *Cache[K, V]) Get(
	key K, request func() context.Context, make func(context.Context) (V, error),
) (V, error) {
	if made, ok := c.look(key); ok {
		return made, nil
	}
	ctx := request()
	m, first := c.join(ctx, key)
	if m == nil { // it was made meanwhile
		return c.Get(key, request, make)
	}
	leave := sync.OnceFunc(func() { c.leave(key, m) })
	defer leave()
	if first {
		defer context.AfterFunc(ctx, leave)()
		c.run(key, m, make)
	}
	select {
	case <-m.done:
		if m.err == nil || ctx.Err() == nil {
			return m.made, m.err
		}
	case <-ctx.Done():
	}
	var none V
	return none, context.Cause(ctx)
}

// look returns what is remembered, and makes that the latest.
func (c *Cache[K, V]) look(key K) (made V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.index(key)
	if i < 0 {
		return made, false
	}
	r := c.all[i]
	c.all = slices.Insert(slices.Delete(c.all, i, i+1), 0, r)
	return r.made, true
}

func (c *Cache[K, V]) index(key K) int {
	return slices.IndexFunc(c.all, func(r remembered[K, V]) bool { return r.key == key })
}

// join lets one more request wait for a result. The first one must make it. It returns nil if there
// is a result.
func (c *Cache[K, V]) join(ctx context.Context, key K) (m *making[V], first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.index(key) >= 0 {
		return nil, false
	}
	if m = c.making[key]; m == nil {
		m, first = &making[V]{done: make(chan struct{})}, true
		m.ctx, m.cancel = context.WithCancel(context.WithoutCancel(ctx))
		if c.making == nil {
			c.making = map[K]*making[V]{}
		}
		c.making[key] = m
	}
	m.waiting++
	return m, first
}

// leave ends the wait of a request. When the last one leaves, nothing needs the result.
func (c *Cache[K, V]) leave(key K, m *making[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.waiting--; m.waiting == 0 {
		m.cancel()
		c.end(key, m)
	}
}

// end lets the next request make the result again. The lock is held.
func (c *Cache[K, V]) end(key K, m *making[V]) {
	if c.making[key] == m {
		delete(c.making, key)
	}
}

// run makes a result in the goroutine of the first request, whose View holds what it is made of.
func (c *Cache[K, V]) run(key K, m *making[V], make func(context.Context) (V, error)) {
	m.err = errUnmade // if make panics
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if m.err == nil {
			c.remember(key, m.made)
		}
		c.end(key, m)
		close(m.done)
	}()
	m.made, m.err = make(m.ctx)
}

// remember adds a result as the latest, and forgets the oldest until the limits are kept. The lock
// is held.
func (c *Cache[K, V]) remember(key K, made V) {
	r := remembered[K, V]{key: key, made: made}
	if c.Weigh != nil {
		r.weight = c.Weigh(made)
	}
	if i := c.index(key); i >= 0 { // also made for the request before, which had left
		c.all = slices.Delete(c.all, i, i+1)
	}
	c.all = slices.Insert(c.all, 0, r)
	keep, sum := 0, 0
	for keep < min(len(c.all), c.Most) {
		if sum += c.all[keep].weight; c.Weigh != nil && sum > c.Heaviest {
			break
		}
		keep++
	}
	clear(c.all[keep:])
	c.all = c.all[:keep]
}
